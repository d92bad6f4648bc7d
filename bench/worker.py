"""What the boundary between the processes costs per frame: the identity renderer here and there.

The two take turns, a few frames each, so that whatever else runs on the machine slows them alike.
Wall time also counts how long the system takes to wake a process, which a busy machine stretches
at will; the fastest tenth shows the boundary by itself.
"""

from __future__ import annotations

import gc
import time

import numpy as np

from bench._common import print_result, say
from engine.frame import Frame
from engine.identity_renderer import IDENTITY_MODEL, IdentityRenderer
from engine.params import StreamParams
from engine.renderer import Progress, Renderer, RenderSpec
from engine.worker.worker_renderer import WorkerRenderer

SIZES_PX = ((512, 512), (1280, 720))
GOAL_MS = 1.0  # at the first size
NUM_PICTURES = 32  # more than fit a processor's cache at either size
NUM_TURNS = 40
FRAMES_PER_TURN = 25


def paint(width_px: int, height_px: int) -> list[Frame]:
    """Seeded noise."""
    source = np.random.default_rng(0)
    shape = (height_px, width_px, 3)
    return [
        Frame(source.integers(0, 256, shape, dtype=np.uint8), index, index / 60.0)
        for index in range(NUM_PICTURES)
    ]


def run(renderer: Renderer, frames: list[Frame], params: StreamParams) -> list[float]:
    """Milliseconds of each frame of one turn."""
    times_ms: list[float] = []
    for index in range(FRAMES_PER_TURN):
        start_s = time.perf_counter()
        renderer.render(frames[index % NUM_PICTURES], params)
        times_ms.append((time.perf_counter() - start_s) * 1e3)
    return times_ms


def measure(width_px: int, height_px: int) -> dict[str, object]:
    """Both renderers in turns; the worker's start and end as well."""
    say(f"{NUM_TURNS} turns of {FRAMES_PER_TURN} frames at {width_px}×{height_px}")
    frames, params = paint(width_px, height_px), StreamParams()
    spec = RenderSpec(IDENTITY_MODEL, width_px, height_px)
    contenders: dict[str, Renderer] = {"in_process": IdentityRenderer(), "worker": WorkerRenderer()}
    start_s = time.perf_counter()
    for renderer in contenders.values():
        renderer.prepare(spec, _ignore)
    started_s = time.perf_counter() - start_s
    times_ms: dict[str, list[float]] = {name: [] for name in contenders}
    gc.disable()
    for _ in range(NUM_TURNS):
        for name, renderer in contenders.items():
            times_ms[name] += run(renderer, frames, params)
    gc.enable()
    start_s = time.perf_counter()
    contenders["worker"].close()
    return {
        **{name: _summary(values) for name, values in times_ms.items()},
        "boundary_p50_ms": _difference(times_ms, 50),
        "boundary_p10_ms": _difference(times_ms, 10),
        "start_s": round(started_s, 3),
        "close_s": round(time.perf_counter() - start_s, 3),
    }


def _summary(times_ms: list[float]) -> dict[str, float]:
    shares = (10, 50, 95)
    return {f"p{q}_ms": round(float(np.percentile(times_ms, q)), 4) for q in shares}


def _difference(times_ms: dict[str, list[float]], share: int) -> float:
    worker, in_process = (np.percentile(times_ms[name], share) for name in ("worker", "in_process"))
    return round(float(worker - in_process), 4)


def _ignore(progress: Progress) -> None:
    """Nobody watches."""


def main() -> None:
    """Measure every size and print."""
    figures = {f"{width}x{height}": measure(width, height) for width, height in SIZES_PX}
    first = figures["{}x{}".format(*SIZES_PX[0])]
    print_result("worker", {"goal_ms_at_512x512": GOAL_MS, **figures})
    say(f"512×512: {first['boundary_p50_ms']} ms a frame, goal {GOAL_MS} ms")


if __name__ == "__main__":
    main()
