"""The engine's façade without threads, models or torch: tests set what it says."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine import session
from engine.api import (
    Event,
    EventKind,
    FitMode,
    Frame,
    Hearing,
    OutputState,
    PanicName,
    Performance,
    Preview,
    PreviewWish,
    Progress,
    RenderInfo,
    RenderSpec,
    Set,
    Severity,
    ShowSpec,
    SinkState,
    SourceState,
    Stats,
    StreamParams,
    UnsavedSession,
)
from engine.events import EventLog
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.modulation import Matrix
from engine.set_files import save_set
from engine.sources.base import SourceCondition, SourceInfo
from engine.stage import Surroundings
from engine.stats import Recorder
from tests.support.manual_clock import ManualClock

INFO = RenderInfo(
    model_name="House model",
    family="sd",
    accelerator="openvino",
    device="CPU",
    width_px=64,
    height_px=64,
    warm_up_s=0.2,
    defaults={"guidance_scale": 1.5},
    known_words=frozenset({"starry", "night", "ink", "wash"}),
)


class FakeEngine:
    """Records what it is told in `calls`; everything it answers can be set by the test."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.live = LiveParams(StreamParams())  # the real ones; they move by themselves when read
        self.is_running = False
        self.render_info: RenderInfo | None = INFO
        self.playing_render = self.wanted_render = RenderSpec()
        self.output: Frame | None = None
        self.input: Frame | None = None
        self.preview: Preview | None = None
        self.wishes: tuple[PreviewWish, ...] = ()
        self.present_stats = Stats(source=SourceState("demo"))
        self.events: list[Event] = []
        self.performance = Performance(Set())  # the real one
        self.present_moved: StreamParams | None = None
        self.clock = ManualClock()
        around = Surroundings(self.clock, EventLog(self.clock), Recorder(self.clock))
        self.hearing = Hearing("", True, around)  # the real one; its thread doesn't run
        self.pressed: frozenset[PanicName] = frozenset()
        self.refusal: str = ""
        self.controls = None  # there are no ports
        self.unsaved: UnsavedSession | None = None  # what a program that died has left
        self._loading: threading.Thread | None = None
        self._cancelled = threading.Event()

    def start(self, show: ShowSpec) -> None:
        self._note("start", show)
        self.playing_render = self.wanted_render = show.render
        self.live = LiveParams(show.params, show.explicit, self.clock.now_s)
        self.set_modulation(show.modulation)
        self.performance.begin(self.live, Latest(()), show)
        self.is_running = True
        info = SourceInfo(show.source, 64, 64, 30.0, "64×64 30 fps")
        self.say(source=SourceState(show.source, info, SourceCondition.PLAYING))

    def stop(self, timeout_s: float = 10.0) -> None:
        self._note("stop")
        self.cancel_load()
        if self._loading is not None:
            self._loading.join(timeout_s)
        self.is_running = False

    def update(self, changes: Mapping[str, object]) -> StreamParams:
        self._note("update", dict(changes))
        return self.live.update(changes)

    def set_modulation(self, matrix: Matrix) -> None:
        self._note("set_modulation", matrix)
        self.live.change(lambda decks, now: decks.with_modulation(matrix))

    def set_source(self, uri: str) -> None:
        self._note("set_source", uri)
        info = SourceInfo(uri, 64, 64, 30.0, "64×64 30 fps")
        self.say(source=SourceState(uri, info, SourceCondition.PLAYING))

    def hold_fps(self, target_fps_hz: float) -> None:
        self._note("hold_fps", target_fps_hz)

    def set_fit(self, fit: FitMode) -> None:
        self._note("set_fit", fit)

    def add_sink(self, uri: str) -> None:
        self._note("add_sink", uri)
        self.say(sinks=(*self.present_stats.sinks, SinkState(uri, uri, is_open=True)))

    def remove_sink(self, uri: str) -> None:
        self._note("remove_sink", uri)
        self.say(sinks=tuple(s for s in self.present_stats.sinks if s.uri != uri))

    def load(self, spec: RenderSpec) -> None:
        """Loads for ever, on a thread of its own, until it is cancelled or finished."""
        self._note("load", spec)
        self.wanted_render = spec
        self.performance.follow_model(spec.model)
        self._cancelled.set()  # a newer wish ends the one before
        if self._loading is not None:
            self._loading.join()
        self._cancelled.clear()
        self.say(loading=Progress(0.4, "Compiling the denoiser"))
        self._loading = threading.Thread(target=self._cancelled.wait, name="prepare")
        self._loading.start()

    def cancel_load(self) -> None:
        self._note("cancel_load")
        self.wanted_render = self.playing_render
        self._cancelled.set()
        self.say(loading=None)

    def finish_load(self, info: RenderInfo) -> None:
        """The test's way to say that the model is ready."""
        self._cancelled.set()
        self.say(loading=None)
        self.playing_render = self.wanted_render
        self.render_info = info
        self.tell("The model is ready.", EventKind.MODEL_READY, Severity.INFO)

    def set_output(self, state: OutputState) -> None:
        self._note("set_output", state)
        self.say(output=state)

    def panic(self, name: PanicName, is_on: bool = True) -> None:
        """LAST GOOD goes back to the look before."""
        self._note("panic", name, is_on)
        self.pressed = self.pressed | {name} if is_on else self.pressed - {name}
        if name is PanicName.LAST_GOOD:
            self.performance.go_back()

    def open_set(self, path: Path) -> list[str]:
        self._note("open_set", path)
        return self.performance.open(path)

    def save_set(self, path: Path) -> None:
        self._note("save_set", path)
        save_set(path, self.performance.snapshot())

    def take_over(self, live_set: Set) -> None:
        self.performance.take_over(live_set)

    def set_as_it_stands(self) -> Set:
        return self.performance.snapshot()

    def keep_session(self, folder: Path | None = None) -> UnsavedSession | None:
        self._note("keep_session", folder)
        return self.unsaved

    def end_session(self) -> None:
        self._note("end_session")
        folder = session.sessions_folder()
        folder.mkdir(parents=True, exist_ok=True)
        save_set(folder / session.SESSION_NAME, self.performance.snapshot())

    @property
    def params(self) -> StreamParams:
        return self.live.value

    @property
    def modulation(self) -> Matrix:
        return self.live.decks.on_air.modulation

    @property
    def moved(self) -> StreamParams:
        return self.present_moved or self.params

    def is_pressed(self, name: PanicName) -> bool:
        return name in self.pressed

    def latest_output(self) -> Frame | None:
        return self.output

    def latest_input(self) -> Frame | None:
        return self.input

    def wish_previews(self, wishes: Sequence[PreviewWish]) -> None:
        self.wishes = tuple(wishes)

    def latest_preview(self) -> Preview | None:
        return self.preview

    def stats(self) -> Stats:
        return self.present_stats

    def save_report(self, path: Path, settings: Mapping[str, object]) -> None:
        self._note("save_report", path, dict(settings))

    def poll_events(self) -> list[Event]:
        events, self.events = self.events, []
        return events

    def say(self, **changes: object) -> None:
        """Change what `stats()` answers."""
        self.present_stats = replace(self.present_stats, **changes)  # type: ignore[arg-type]

    def tell(
        self,
        message: str,
        kind: EventKind = EventKind.NOTICE,
        severity: Severity = Severity.WARNING,
    ) -> None:
        self.events.append(Event(kind, severity, message, 0.0))

    def called(self, name: str) -> list[tuple[object, ...]]:
        """The arguments of every call of that name."""
        return [call[1:] for call in self.calls if call[0] == name]

    def _note(self, name: str, *arguments: object) -> None:
        self.calls.append((name, *arguments))
        if self.refusal and name in ("start", "set_source", "add_sink", "load", "save_report"):
            raise ValueError(self.refusal)


def picture(value: int, sequence: int = 0, size_px: int = 64) -> Frame:
    """A plain grey frame."""
    return Frame(np.full((size_px, size_px, 3), value, np.uint8), sequence, 0.0)
