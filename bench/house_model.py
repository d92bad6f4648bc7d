"""The house model on each accelerator: its parts, a whole frame, and a clip through to a recording.

One step, 256×256 and 384×384, the model's own parameters. All accelerators that are usable
here, and OpenVINO with the decoder in 8 bits, take turns, so that a busy machine slows them
alike; the ratio is what to trust where other work runs.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from bench._common import print_result, say
from bench._model import Workbench, house, interleave, repeated
from engine.api import Engine, ShowSpec, StreamParams
from engine.diffusion.accelerators import ACCELERATORS
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.sd_backbone import SDBackbone
from engine.enums import FitMode, Precision
from engine.fit import fit
from engine.frame import Frame
from engine.identity_renderer import IDENTITY_MODEL
from engine.renderer import RenderSpec
from engine.sources import make_source

Size = tuple[int, int]

GOALS_FPS_HZ: dict[Size, float] = {(256, 256): 45.0, (384, 384): 20.0}  # OpenVINO, bfloat16
GOAL_RATIO = 2.0
NUM_CALLS = 20
NUM_CLIP_FRAMES = 180
NUM_CLIP_RUNS = 3
ALL_THREADS = torch.get_num_threads()
# torch.compile takes minutes a size to build, and is slower than OpenVINO on a processor.
LEFT_OUT = () if torch.cuda.is_available() else ("compile",)
USABLE = [name for name, e in ACCELERATORS.items() if e.why_not() is None and name not in LEFT_OUT]
IN_EIGHT_BITS = "openvino 8bit"  # its decoder, as `--precision 8bit` has it
CONTENDERS = [*USABLE, *([IN_EIGHT_BITS] if "openvino" in USABLE else [])]


def spec_of(contender: str, size_px: Size) -> RenderSpec:
    """An accelerator's name, and behind it the precision where that isn't the usual one."""
    accelerator, _, precision = contender.partition(" ")
    return RenderSpec("house", *size_px, accelerator, precision=Precision(precision or "auto"))


def parts(bench: Workbench) -> dict[str, Callable[[], None]]:
    """The three functions of one backbone, each called a few times in a row."""
    backbone, image = bench.backbone, bench.example_image()
    ticket = bench.tickets.ticket_for(StreamParams().with_changes(backbone.info.defaults))
    latent = backbone.encode(image).clone()
    timestep = torch.tensor([float(ticket.schedule[0].timestep)])
    rows = backbone.condition(timestep, ticket.conditioning)
    calls: dict[str, Callable[[], object]] = {
        "encode": lambda: backbone.encode(image),
        "denoise": lambda: backbone.denoise(latent, rows),
        "decode": lambda: backbone.decode(latent),
    }
    num_threads = ALL_THREADS if isinstance(backbone, SDBackbone) else 1  # as the renderer does
    return {
        name: _on_threads(repeated(call, NUM_CALLS), num_threads) for name, call in calls.items()
    }


def _on_threads(calls: Callable[[], None], num_threads: int) -> Callable[[], None]:
    def run() -> None:
        torch.set_num_threads(num_threads)
        with torch.inference_mode():
            calls()

    return run


def measure_parts(size_px: Size) -> dict[str, dict[str, float]]:
    """Milliseconds of each function, per accelerator, and their sum."""
    contenders = {
        (contender, name): run
        for contender in CONTENDERS
        for spec in (spec_of(contender, size_px),)
        for name, run in parts(house(spec.accelerator, size_px, spec.precision)).items()
    }
    times_ms = interleave({" ".join(key): run for key, run in contenders.items()}, NUM_CALLS)
    figures: dict[str, dict[str, float]] = {}
    for contender, name in contenders:
        figures.setdefault(contender, {})[name] = times_ms[f"{contender} {name}"]
    return {name: {**row, "sum": round(sum(row.values()), 3)} for name, row in figures.items()}


def measure_frames(size_px: Size) -> dict[str, float]:
    """Milliseconds of `render`, uint8 frame in to uint8 frame out."""
    prepared: dict[str, StreamRenderer] = {}
    renders: dict[str, Callable[[], None]] = {}
    for name in CONTENDERS:
        prepared[name] = renderer = StreamRenderer()
        info = renderer.prepare(spec_of(name, size_px), lambda progress: None)
        params = StreamParams(prompt="comic").with_changes(info.defaults)
        renders[name] = _painting(renderer, params, demo_frames(NUM_CALLS, size_px))
    times_ms = interleave(renders, NUM_CALLS)
    for renderer in prepared.values():
        renderer.close()
    return times_ms


def _painting(
    renderer: StreamRenderer, params: StreamParams, frames: list[Frame]
) -> Callable[[], None]:
    def run() -> None:
        for frame in frames:
            renderer.render(frame, params)

    return run


def demo_frames(count: int, size_px: Size) -> list[Frame]:
    """The first pictures of the demo scene, at the model's size."""
    source = make_source("demo")
    source.open()
    captures = [source.read() for _ in range(count)]
    source.close()
    return [
        Frame(fit(capture.image, *size_px, FitMode.CROP), index, index / 30)
        for index, capture in enumerate(captures)
        if capture is not None
    ]


def measure_clips(size_px: Size) -> dict[str, float]:
    """Rendered frames a second from a video file to a recording, whole engine, unpaced."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        record("demo", clip, RenderSpec(IDENTITY_MODEL, *size_px), StreamParams())
        rates_hz: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        for number in range(NUM_CLIP_RUNS):
            for name in CONTENDERS:
                spec = spec_of(name, size_px)
                params = StreamParams(prompt="comic", similarity_filter=False)
                painted = Path(folder) / f"{name}-{number}.mp4"
                rates_hz[name].append(record(f"file:{clip}", painted, spec, params))
                say(f"clip, {name}: {rates_hz[name][-1]:.1f} frames a second")
    return {name: round(statistics.median(values), 2) for name, values in rates_hz.items()}


def record(source: str, path: Path, spec: RenderSpec, params: StreamParams) -> float:
    """One offline show into a recording. Returns: rendered frames a second, loading apart."""
    engine = Engine()
    show = ShowSpec(
        source=source,
        sinks=(f"record:{path}",),
        render=spec,
        params=params,
        is_realtime=False,
        max_frames=NUM_CLIP_FRAMES,
    )
    start_s = time.perf_counter()
    engine.start(show)
    engine.wait()
    wall_s = time.perf_counter() - start_s
    info = engine.render_info
    engine.stop()
    return engine.stats().rendered / (wall_s - (info.warm_up_s if info else 0.0))


def measure(size_px: Size) -> dict[str, object]:
    """Everything at one size."""
    say(f"{size_px[0]}×{size_px[1]}")
    part_ms = measure_parts(size_px)
    say(f"parts: {part_ms}")
    frame_ms = measure_frames(size_px)
    say(f"frames: {frame_ms}")
    return {
        "part_ms": part_ms,
        "frame_ms": frame_ms,
        "file_to_recorder_fps_hz": measure_clips(size_px),
        "eager_over": {
            name: round(frame_ms["eager"] / value_ms, 2) for name, value_ms in frame_ms.items()
        },
        "goals": {
            "openvino_file_to_recorder_fps_hz": GOALS_FPS_HZ[size_px],
            "openvino_eager_over": GOAL_RATIO,
        },
    }


def main() -> None:
    """Measure and print."""
    sizes = {f"{width}x{height}": measure((width, height)) for width, height in GOALS_FPS_HZ}
    print_result("house_model", sizes)


if __name__ == "__main__":
    main()
