"""A show without a window: runs it to its end and judges whether it did what was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.api import Engine
from engine.events import Event, EventKind, Severity
from engine.show import ShowSpec
from engine.stats import Stats

POLL_S = 0.2
# What ends a run at once: it can't do any more what was asked.
HOPELESS = (EventKind.MODEL_FAILED, EventKind.MODEL_CANCELLED)
# What lets a run go on but not count as done.
FAULTS = (
    EventKind.MODEL_FAILED,
    EventKind.STAGE_FAILED,
    EventKind.CONTROL_FAILED,
)
# What may go and come again: what it is, and whether it is there. The last event counts.
SOURCE, SINK, RENDERER, SOUND = "source", "sink", "renderer", "sound"
PRESENCE = {
    EventKind.SOURCE_OPENED: (SOURCE, True),
    EventKind.SOURCE_BACK: (SOURCE, True),
    EventKind.SOURCE_FAILED: (SOURCE, False),
    EventKind.SOURCE_FROZEN: (SOURCE, False),
    EventKind.SINK_OPENED: (SINK, True),
    EventKind.SINK_BACK: (SINK, True),
    EventKind.SINK_FAILED: (SINK, False),
    EventKind.RENDERER_BACK: (RENDERER, True),
    EventKind.RENDERER_LOST: (RENDERER, False),
    EventKind.AUDIO_OPENED: (SOUND, True),
    EventKind.AUDIO_FAILED: (SOUND, False),
}

OK, FAILED, INTERRUPTED = 0, 1, 130


@dataclass(frozen=True)
class Verdict:
    """exit_code: 0 only when the run did what was asked. problem: else why not, in a sentence."""

    exit_code: int = OK
    problem: str = ""


def run_headless(
    engine: Engine,
    show: ShowSpec,
    tell: Callable[[str], None],
    watch_stats: Callable[[Stats], None] = lambda stats: None,
) -> Verdict:
    """Run `show` until it ends by itself, fails, or Ctrl-C. Thread: main.

    tell: gets progress and events, one line each. watch_stats: gets the figures now and then.
    Errors: ValueError for a source or sink of no known form.
    """
    watch = _Watch(engine, tell)
    is_interrupted = False
    engine.start(show)
    try:
        while not engine.wait(POLL_S) and not watch.is_hopeless(show):
            watch_stats(engine.stats())
    except KeyboardInterrupt:
        is_interrupted = True
    finally:
        engine.stop()
    watch_stats(engine.stats())
    watch.look()
    return judge(show, engine.stats(), watch.events, is_interrupted)


class _Watch:
    """Collects the events and passes them on."""

    def __init__(self, engine: Engine, tell: Callable[[str], None]) -> None:
        self._engine = engine
        self._tell = tell
        self._told = ""
        self.events: list[Event] = []

    def look(self) -> None:
        for event in self._engine.poll_events():
            self.events.append(event)
            if event.severity is not Severity.ERROR:  # those are for the verdict
                self._tell(event.message)
        loading = self._engine.stats().loading
        if loading is not None and loading.message != self._told:
            self._told = loading.message
            self._tell(f"{loading.fraction:4.0%} {loading.message}")

    def is_hopeless(self, show: ShowSpec) -> bool:
        self.look()
        kinds = [event.kind for event in self.events]
        has_no_picture = self._engine.stats().captured == 0 and EventKind.SOURCE_FAILED in kinds
        has_no_sink = bool(show.sinks) and _num_hopeless_sinks(show, self.events) >= len(show.sinks)
        return has_no_picture or has_no_sink or any(kind in HOPELESS for kind in kinds)


def judge(show: ShowSpec, stats: Stats, events: list[Event], is_interrupted: bool) -> Verdict:
    """Whether a run that is over did what was asked. Pure."""
    faults = [event for event in events if event.kind in FAULTS] + _lasting_losses(events)
    if faults:
        return Verdict(FAILED, min(faults, key=lambda event: event.time_s).message)
    missing = _missing(show, stats, is_interrupted)
    if missing:
        return Verdict(INTERRUPTED if is_interrupted else FAILED, missing)
    return Verdict()


def _lasting_losses(events: list[Event]) -> list[Event]:
    """What went and did not come back: a source, a renderer, each sink by itself."""
    newest: dict[tuple[str, str], Event] = {}
    for event in events:
        if event.kind in PRESENCE:
            what, _ = PRESENCE[event.kind]
            newest[what, event.stage if what == SINK else ""] = event
    return [event for event in newest.values() if not PRESENCE[event.kind][1]]


def _num_hopeless_sinks(show: ShowSpec, events: list[Event]) -> int:
    """Those that never opened; offline nothing is tried again, so any that failed."""
    failed = {event.stage for event in events if event.kind is EventKind.SINK_FAILED}
    opened = {event.stage for event in events if event.kind is EventKind.SINK_OPENED}
    return len(failed - opened if show.is_realtime else failed)


def _missing(show: ShowSpec, stats: Stats, is_interrupted: bool) -> str:
    """What a run without faults didn't do."""
    is_limited = show.max_frames is not None or show.max_seconds_s is not None
    if is_interrupted and is_limited:
        return f"The run was interrupted after {stats.captured} pictures; their recording is whole."
    if stats.captured == 0 and not is_interrupted:
        return f"No picture came from {show.source}; check that it plays."
    is_short = show.max_frames is not None and stats.captured < show.max_frames
    if is_short and show.max_seconds_s is None and not is_interrupted:
        return (
            f"The source {show.source} ended after {stats.captured} of {show.max_frames} "
            "pictures; ask for fewer."
        )
    return ""
