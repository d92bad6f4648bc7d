"""The house model on each accelerator: its parts, a whole frame, and a clip through to a recording.

One step, 256×256, the model's own parameters. All accelerators take turns, so that a busy machine
slows them alike; the ratio is what to trust where other work runs.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from bench._common import print_result, say
from bench._model import ACCELERATORS, HOUSE_SIZE_PX, Workbench, interleave, open_house
from engine.api import Engine, ShowSpec, StreamParams
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.sd_backbone import SDBackbone
from engine.enums import FitMode
from engine.fit import fit
from engine.frame import Frame
from engine.identity_renderer import IDENTITY_MODEL
from engine.renderer import RenderSpec
from engine.sources import make_source

GOAL_FPS_HZ, GOAL_RATIO, GOAL_PARTS_MS = 30.0, 2.0, 24.0
NUM_CALLS = 20
NUM_CLIP_FRAMES = 180
NUM_CLIP_RUNS = 3
ALL_THREADS = torch.get_num_threads()


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
    return {name: _repeated(call, num_threads) for name, call in calls.items()}


def _repeated(call: Callable[[], object], num_threads: int) -> Callable[[], None]:
    def run() -> None:
        torch.set_num_threads(num_threads)
        with torch.inference_mode():
            for _ in range(NUM_CALLS):
                call()

    return run


def measure_parts() -> dict[str, dict[str, float]]:
    """Milliseconds of each function, per accelerator, and their sum."""
    contenders = {
        (bench.name.split()[-1], name): run
        for bench in open_house()
        for name, run in parts(bench).items()
    }
    times_ms = interleave({" ".join(key): run for key, run in contenders.items()}, NUM_CALLS)
    figures: dict[str, dict[str, float]] = {}
    for accelerator, name in contenders:
        figures.setdefault(accelerator, {})[name] = times_ms[f"{accelerator} {name}"]
    return {name: {**row, "sum": round(sum(row.values()), 3)} for name, row in figures.items()}


def measure_frames() -> dict[str, float]:
    """Milliseconds of `render`, uint8 frame in to uint8 frame out."""
    renderers: dict[str, Callable[[], None]] = {}
    for name in ACCELERATORS:
        renderer = StreamRenderer()
        info = renderer.prepare(RenderSpec("house", *HOUSE_SIZE_PX, name), lambda progress: None)
        params = StreamParams(prompt="comic").with_changes(info.defaults)
        renderers[name] = _painting(renderer, params)
    return interleave(renderers, NUM_CALLS)


def _painting(renderer: StreamRenderer, params: StreamParams) -> Callable[[], None]:
    frames = demo_frames(NUM_CALLS)

    def run() -> None:
        for frame in frames:
            renderer.render(frame, params)

    return run


def demo_frames(count: int) -> list[Frame]:
    """The first pictures of the demo scene, at the model's size."""
    source = make_source("demo")
    source.open()
    captures = [source.read() for _ in range(count)]
    source.close()
    return [
        Frame(fit(capture.image, *HOUSE_SIZE_PX, FitMode.CROP), index, index / 30)
        for index, capture in enumerate(captures)
        if capture is not None
    ]


def measure_clips() -> dict[str, float]:
    """Rendered frames a second from a video file to a recording, whole engine, unpaced."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        record("demo", clip, RenderSpec(IDENTITY_MODEL, *HOUSE_SIZE_PX), StreamParams())
        rates_hz: dict[str, list[float]] = {name: [] for name in ACCELERATORS}
        for number in range(NUM_CLIP_RUNS):
            for name in ACCELERATORS:
                spec = RenderSpec("house", *HOUSE_SIZE_PX, name)
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


def main() -> None:
    """Measure and print."""
    part_ms = measure_parts()
    say(f"parts: {part_ms}")
    frame_ms = measure_frames()
    say(f"frames: {frame_ms}")
    clip_fps_hz = measure_clips()
    print_result(
        "house_model",
        {
            "size_px": HOUSE_SIZE_PX,
            "part_ms": part_ms,
            "frame_ms": frame_ms,
            "file_to_recorder_fps_hz": clip_fps_hz,
            "openvino_to_eager_ratio": round(frame_ms["eager"] / frame_ms["openvino"], 2),
            "goals": {
                "openvino_parts_ms": GOAL_PARTS_MS,
                "file_to_recorder_fps_hz": GOAL_FPS_HZ,
                "ratio": GOAL_RATIO,
            },
        },
    )


if __name__ == "__main__":
    main()
