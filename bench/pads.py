"""What a pad costs: the output's gaps during random triggers, and how soon the new look is there.

A live show through the house model, its gate off. First a stretch in which nobody touches anything,
then as long a one with random pads of the loaded bank at random moments, some with a transition;
the first says what the machine itself does to the output. Goal: no gap of more than two output
frames, whatever is triggered.
"""

from __future__ import annotations

import argparse
import random
import statistics
import threading
import time
from itertools import pairwise

from bench._common import print_result, say
from engine.api import (
    Engine,
    Frame,
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

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        start_s = time.perf_counter()
        finished = super().render(frame, params)
        end_s = time.perf_counter()
        self.ticks.append((end_s, end_s - start_s, params.prompt))
        return finished


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


def measure(num_triggers: int, seed: int) -> dict[str, object]:
    """Both stretches of one show."""
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
        source = random.Random(seed)
        pauses_s = [source.uniform(*PAUSES_S) for _ in range(num_triggers)]
        quiet_s = time.perf_counter()
        pause(sum(pauses_s))
        start_s = time.perf_counter()
        pressed = press(engine, pauses_s, seed)
        pause(1.0)
        end_s = time.perf_counter()
    finally:
        engine.stop()
    ticks = watched[-1].ticks
    stretches = {"untouched": (quiet_s, start_s), "triggered": (start_s, end_s)}
    figures = {
        name: figures_of(
            gaps_in_frames(sink.times_s, *stretch),
            [took_s * 1e3 for t, took_s, _ in ticks if stretch[0] <= t <= stretch[1]],
        )
        for name, stretch in stretches.items()
    }
    waits = waits_ms(pressed, ticks)
    return {
        "num_triggers": len(pressed),
        "output_hz": OUTPUT_HZ,
        **figures,
        "trigger_to_painted_ms": {
            "count": len(waits),
            "p50": round(statistics.median(waits), 3),
            "max": round(max(waits), 3),
        },
        "goal_frames": GOAL_FRAMES,
        "is_goal_met": figures["triggered"]["longest_gap_frames"] <= GOAL_FRAMES,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triggers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    say(f"{arguments.triggers} random triggers, and as long without any")
    print_result("pads", measure(arguments.triggers, arguments.seed))


if __name__ == "__main__":
    main()
