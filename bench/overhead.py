"""What the engine itself costs per frame: pattern → gate → identity renderer → null sink.

The pictures are painted beforehand and nothing is paced: an offline run hands each of them through
every stage and thread as fast as it goes. Wall time also counts waking the threads; processor time
is what our own code burns, and hardly changes when the machine is busy with something else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from bench._common import print_result, say
from engine.api import Engine, ShowSpec, StreamParams
from engine.frame import Image
from engine.identity_renderer import IDENTITY_MODEL, IdentityRenderer
from engine.pipeline import Makers
from engine.renderer import RenderSpec
from engine.sources import make_source
from engine.sources.base import Capture, SourceInfo

SIZES_PX = ((512, 512), (1280, 720))
GOAL_MS = 1.5  # at the first size
NUM_PICTURES = 32  # more than fit a processor's cache at either size
NUM_FRAMES = 600
NUM_RUNS = 5


class PaintedSource:
    """Gives the same few pictures over and over, painted before the clock runs."""

    is_live = False

    def __init__(self, images: list[Image]) -> None:
        self._images = images
        self._index = 0

    def open(self) -> SourceInfo:
        height_px, width_px = self._images[0].shape[:2]
        return SourceInfo("painted", width_px, height_px, 60.0, "painted beforehand")

    def read(self) -> Capture | None:
        index = self._index
        self._index += 1
        return Capture(self._images[index % len(self._images)], index / 60.0)

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Run:
    """Milliseconds per frame of one run, and what its stages took."""

    wall_ms: float
    processor_ms: float
    stage_p50_ms: dict[str, float]


def paint(width_px: int, height_px: int) -> list[Image]:
    """The first pictures of the test pattern."""
    source = make_source("pattern", width_px, height_px)
    source.open()
    captures = [source.read() for _ in range(NUM_PICTURES)]
    source.close()
    return [capture.image for capture in captures if capture is not None]


def run_once(images: list[Image]) -> Run:
    """One offline show over `images`, from start to its own end."""
    height_px, width_px = images[0].shape[:2]
    engine = Engine(
        makers=Makers(
            renderer=lambda spec: IdentityRenderer(),
            source=lambda uri, *size, loops: PaintedSource(images),
        )
    )
    show = ShowSpec(
        source="painted",
        sinks=("null",),
        render=RenderSpec(model=IDENTITY_MODEL, width_px=width_px, height_px=height_px),
        params=StreamParams(),  # the gate is on, as in a show
        is_realtime=False,
        max_frames=NUM_FRAMES,
    )
    start_s, start_processor_s = time.perf_counter(), time.process_time()
    engine.start(show)
    engine.wait()
    wall_s = time.perf_counter() - start_s
    processor_s = time.process_time() - start_processor_s
    engine.stop()
    stages = engine.stats().stage_ms.items()
    return Run(
        wall_ms=wall_s / NUM_FRAMES * 1e3,
        processor_ms=processor_s / NUM_FRAMES * 1e3,
        stage_p50_ms={name: round(times.p50_ms, 4) for name, times in stages},
    )


def measure(width_px: int, height_px: int) -> dict[str, object]:
    """The median run, by wall time."""
    say(f"{NUM_RUNS} runs of {NUM_FRAMES} frames at {width_px}×{height_px}")
    images = paint(width_px, height_px)
    runs = sorted((run_once(images) for _ in range(NUM_RUNS)), key=lambda run: run.wall_ms)
    median = runs[len(runs) // 2]
    return {
        "wall_ms_per_frame": round(median.wall_ms, 3),
        "processor_ms_per_frame": round(float(np.median([r.processor_ms for r in runs])), 3),
        "fastest_wall_ms_per_frame": round(runs[0].wall_ms, 3),
        "stage_p50_ms": median.stage_p50_ms,
    }


def main() -> None:
    """Measure every size and print."""
    figures = {f"{width}x{height}": measure(width, height) for width, height in SIZES_PX}
    first = figures["{}x{}".format(*SIZES_PX[0])]
    print_result("overhead", {"goal_ms_at_512x512": GOAL_MS, **figures})
    say(f"512×512: {first['wall_ms_per_frame']} ms a frame, goal {GOAL_MS} ms")


if __name__ == "__main__":
    main()
