"""What a pad costs: the output's gaps during random triggers, and how soon the new look is there.

A live show through the house model, its gate off. First a stretch in which nobody touches anything,
then one in which every pad is previewed beside it, then one with random pads of the loaded bank at
random moments, some with a transition, previews still on; all are as long. The first says what the
machine itself does to the output. Goal: no gap of more than two output frames in the others.
"""

from __future__ import annotations

import argparse
import random
import statistics
import threading
import time
from dataclasses import dataclass
from itertools import pairwise

from bench._common import print_result, say
from engine.api import (
    Engine,
    Frame,
    PreviewWish,
    RenderSpec,
    ShowSpec,
    StreamParams,
    Transition,
)
from engine.local_renderer import local_renderer
from engine.pipeline import Makers
from engine.renderer import Renderer, RendererAround
from engine.sets import NUM_PADS, Pad, PadBank, Set, shipped_set

OUTPUT_HZ = 60.0
GOAL_FRAMES = 2.0
LONGEST_LOAD_S = 120.0
SETTLE_S = 3.0
PAUSES_S = (0.05, 0.35)  # between two triggers
FADED_PADS = 4  # every so manieth pad has a transition
FADE = Transition(duration=0.25)
STRETCHES = ("untouched", "previewed", "triggered")


class TimedSink:
    """Keeps when each output was due and given."""

    name = "keeping times"
    rate_hz: float | None = None
    wants_standby = False

    def __init__(self) -> None:
        self.times_s: list[float] = []

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        """Nothing to prepare."""

    def write(self, frame: Frame, presented_s: float) -> None:
        self.times_s.append(presented_s)

    def close(self) -> None:
        """Nothing to free."""


class WatchedRenderer(RendererAround):
    """The real one; keeps when each tick ended, how long it took and what it painted."""

    def __init__(self, renderer: Renderer) -> None:
        super().__init__(renderer)
        self.ticks: list[tuple[float, float, str]] = []
        self.previews_ms: list[float] = []

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        start_s = time.perf_counter()
        finished = super().render(frame, params)
        end_s = time.perf_counter()
        self.ticks.append((end_s, end_s - start_s, params.prompt))
        return finished

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        start_s = time.perf_counter()
        painted = super().preview(frame, params)
        self.previews_ms.append((time.perf_counter() - start_s) * 1e3)
        return painted


def pads_to_press() -> Set:
    """The shipped looks; every FADED_PADS-th with a transition."""
    bank = shipped_set("house").bank(1)
    pads = [
        Pad(
            number=pad.number,
            look=pad.look,
            transition=None if pad.number % FADED_PADS else FADE,
        )
        for pad in bank.pads
    ]
    return Set(banks=(PadBank(name=bank.name, pads=tuple(pads)),))


def wait_for_model(engine: Engine) -> None:
    """Errors: TimeoutError."""
    deadline_s = time.perf_counter() + LONGEST_LOAD_S
    while engine.render_info is None:
        if time.perf_counter() > deadline_s:
            raise TimeoutError(f"the model was not ready within {LONGEST_LOAD_S:g} s")
        pause(0.1)


def pause(seconds: float) -> None:
    """Let the show run."""
    threading.Event().wait(seconds)


def press(engine: Engine, pauses_s: list[float], seed: int) -> list[tuple[float, str]]:
    """Random pads of the bank, one after each pause. Returns: when, and the prompt it brings."""
    source = random.Random(seed)
    pressed: list[tuple[float, str]] = []
    bank = engine.performance.live_set.bank(1)
    for pause_s in pauses_s:
        pause(pause_s)
        pad = bank.pad(source.randint(1, NUM_PADS))
        if pad is not None:
            pressed.append((time.perf_counter(), pad.look.prompt))
            engine.performance.trigger_pad(pad.number)
    return pressed


def preview_all(engine: Engine) -> None:
    """As the window does that shows the pads of the bank."""
    performance = engine.performance
    looks = [pad.look for pad in performance.live_set.bank(1).pads]
    engine.wish_previews(
        [PreviewWish(look.name, performance.params_if_fired(look)) for look in looks]
    )


def gaps_in_frames(times_s: list[float], start_s: float, end_s: float) -> list[float]:
    """Between outputs of a stretch, in output periods."""
    inside = [time_s for time_s in times_s if start_s <= time_s <= end_s]
    return [(b - a) * OUTPUT_HZ for a, b in pairwise(inside)]


def waits_ms(
    pressed: list[tuple[float, str]], ticks: list[tuple[float, float, str]]
) -> list[float]:
    """From each cut to the end of the first tick that paints its look alone.

    A trigger that was overtaken by the next one before its look was painted doesn't count.
    """
    ends_s = [*(time_s for time_s, _ in pressed[1:]), float("inf")]
    waits: list[float] = []
    for (time_s, prompt), end_s in zip(pressed, ends_s, strict=True):
        painted_s = [t for t, _, words in ticks if time_s < t <= end_s and words == prompt]
        if painted_s:
            waits.append((painted_s[0] - time_s) * 1e3)
    return waits


def figures_of(gaps: list[float], ticks_ms: list[float]) -> dict[str, float]:
    """One stretch in numbers."""
    return {
        "num_outputs": len(gaps) + 1,
        "p99_gap_frames": round(statistics.quantiles(gaps, n=100)[-1], 3),
        "longest_gap_frames": round(max(gaps), 3),
        "p50_tick_ms": round(statistics.median(ticks_ms), 3),
        "longest_tick_ms": round(max(ticks_ms), 3),
    }


def preview_figures(previews_ms: list[float], elapsed_s: float) -> dict[str, float]:
    """How many, what one took, and their share of the time."""
    return {
        "count": len(previews_ms),
        "p50_ms": round(statistics.median(previews_ms), 3),
        "longest_ms": round(max(previews_ms), 3),
        "share_percent": round(sum(previews_ms) / elapsed_s / 10, 2),
    }


@dataclass(frozen=True)
class Played:
    """starts_s: of the three stretches, and the end of the last. pressed: as `press` says."""

    starts_s: tuple[float, ...]
    pressed: list[tuple[float, str]]


def play(engine: Engine, num_triggers: int, seed: int) -> Played:
    """The three stretches, one after the other."""
    source = random.Random(seed)
    pauses_s = [source.uniform(*PAUSES_S) for _ in range(num_triggers)]
    quiet_s = time.perf_counter()
    pause(sum(pauses_s))
    previewed_s = time.perf_counter()
    preview_all(engine)
    pause(sum(pauses_s))
    triggered_s = time.perf_counter()
    pressed = press(engine, pauses_s, seed)
    pause(1.0)
    return Played((quiet_s, previewed_s, triggered_s, time.perf_counter()), pressed)


def measure(num_triggers: int, seed: int) -> dict[str, object]:
    """The three stretches of one show."""
    sink, watched = TimedSink(), list[WatchedRenderer]()

    def make(spec: RenderSpec) -> Renderer:
        watched.append(WatchedRenderer(local_renderer(spec)))
        return watched[-1]

    engine = Engine(makers=Makers(renderer=make, sink=lambda uri: sink))
    params = StreamParams(similarity_filter=False)
    engine.start(ShowSpec(sinks=("times",), params=params, live_set=pads_to_press()))
    try:
        wait_for_model(engine)
        pause(SETTLE_S)
        played = play(engine, num_triggers, seed)
    finally:
        engine.stop()
    return results(played, sink.times_s, watched[-1])


def results(
    played: Played, output_times_s: list[float], watched: WatchedRenderer
) -> dict[str, object]:
    """What was seen, in numbers."""
    stretches = zip(STRETCHES, pairwise(played.starts_s), strict=True)
    figures = {
        name: figures_of(
            gaps_in_frames(output_times_s, start_s, end_s),
            [took_s * 1e3 for t, took_s, _ in watched.ticks if start_s <= t <= end_s],
        )
        for name, (start_s, end_s) in stretches
    }
    waits = waits_ms(played.pressed, watched.ticks)
    longest = max(figures[name]["longest_gap_frames"] for name in STRETCHES[1:])
    return {
        "num_triggers": len(played.pressed),
        "output_hz": OUTPUT_HZ,
        **figures,
        "previews": preview_figures(watched.previews_ms, played.starts_s[-1] - played.starts_s[1]),
        "trigger_to_painted_ms": {
            "count": len(waits),
            "p50": round(statistics.median(waits), 3),
            "max": round(max(waits), 3),
        },
        "goal_frames": GOAL_FRAMES,
        "is_goal_met": longest <= GOAL_FRAMES,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triggers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    say(f"{arguments.triggers} random triggers, and twice as long without any")
    print_result("pads", measure(arguments.triggers, arguments.seed))


if __name__ == "__main__":
    main()
