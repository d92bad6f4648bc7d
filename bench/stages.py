"""Where the time goes between a picture's capture and its first output, in a live show of a clip.

The stages' times are those of the show's own recorder; the model's three functions are timed beside
it, and on a graphics card waited for, which costs a little. What is left of the latency is waiting:
for the model to have finished the picture before, and for the output's next tick.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from bench._common import print_result, say
from bench._contenders import usable_accelerators
from bench.house_model import record
from engine.api import Engine, ShowSpec, StreamParams
from engine.clock import MonotonicClock
from engine.diffusion.accelerators import ACCELERATORS
from engine.diffusion.in_process import StreamRenderer
from engine.identity_renderer import IDENTITY_MODEL
from engine.pipeline import Makers
from engine.renderer import OnProgress, RenderInfo, RenderSpec
from engine.stats import Recorder

SIZES_PX = (256, 512)
SHOW_S = 8.0
MODEL_PARTS = ("encode", "denoise", "decode")
PAINTING = ("input", "gate", "render", "mix")  # on the picture's way; the rest is beside it


class TimedRenderer(StreamRenderer):
    """Writes down how long each of the model's functions takes."""

    def __init__(self) -> None:
        super().__init__()
        self.recorder = Recorder(MonotonicClock())

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        info = super().prepare(spec, on_progress)
        backbone = self._ready().backbone
        for name in MODEL_PARTS:
            setattr(backbone, name, self._timed(name, getattr(backbone, name)))
        return info

    def _timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*values: Any) -> Any:
            with self.recorder.timing(name):
                result = call(*values)
                if torch.cuda.is_available() and not torch.cuda.is_current_stream_capturing():
                    torch.cuda.synchronize()
            return result

        return timed


def play(clip: Path, size_px: int, accelerator: str) -> dict[str, Any]:
    """One live show of the clip at its own rate, the house model on that accelerator."""
    renderer = TimedRenderer()
    engine = Engine(makers=Makers(renderer=lambda spec: renderer))
    show = ShowSpec(
        source=f"file:{clip}",
        sinks=("null",),
        render=RenderSpec("house", size_px, size_px, accelerator),
        params=StreamParams(prompt="comic", similarity_filter=False),
        waits_for_model=True,
        max_seconds_s=SHOW_S,
    )
    engine.start(show)
    engine.wait()
    engine.stop()
    report: dict[str, Any] = engine.report()
    stages, parts = report["stage_ms"], renderer.recorder.stage_percentiles()
    num_ticks = stages["render"]["count"]
    # Where a captured graph replays them, the functions are called for the capture alone.
    model = {name: times.p50_ms for name, times in parts.items() if times.count >= num_ticks / 2}
    return split(report["latency_ms"], stages, model, report["fps"]["unique"])


def split(
    latency: dict[str, float],
    stages: dict[str, dict[str, float]],
    model_ms: dict[str, float],
    unique_fps_hz: float,
) -> dict[str, Any]:
    """Medians in ms; those of `parts_ms` add up to the latency's."""
    p50_ms = {name: times["p50"] for name, times in stages.items()}
    tick_ms = p50_ms["render"] - sum(model_ms.values())
    waiting_ms = latency["p50"] - sum(p50_ms[name] for name in PAINTING)
    parts_ms = {
        "effects and gate": p50_ms["input"] + p50_ms["gate"] + p50_ms["mix"],
        **model_ms,
        "tick and colours": tick_ms,
        "waiting": waiting_ms,
    }
    return {
        "latency_p50_ms": latency["p50"],
        "latency_p95_ms": latency["p95"],
        "unique_fps_hz": unique_fps_hz,
        "parts_ms": {name: round(max(0.0, value), 3) for name, value in parts_ms.items()},
        "stage_ms": stages,
    }


def measure(size_px: int) -> dict[str, Any]:
    """A show on every accelerator that is usable here."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        record("demo", clip, RenderSpec(IDENTITY_MODEL, size_px, size_px), StreamParams())
        rows: dict[str, Any] = {}
        for accelerator in usable_accelerators():
            if ACCELERATORS[accelerator].why_not() is not None:
                continue
            rows[accelerator] = row = play(clip, size_px, accelerator)
            say(f"{size_px}² {accelerator}: {row['latency_p50_ms']} ms, {row['parts_ms']}")
    return rows


def main() -> None:
    """Measure every size and print."""
    figures = {f"house {size_px}²": measure(size_px) for size_px in SIZES_PX}
    print_result("stages", {"show_s": SHOW_S, "shows": figures})


if __name__ == "__main__":
    main()
