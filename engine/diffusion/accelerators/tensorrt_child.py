"""The process that exports a model and builds its engines.

A process of its own, because an export holds the interpreter for up to a minute, which would hold
every tick, and because a builder that crashes or runs out of memory must not take the show along.
It reads the model once more, from the same files, into the processor's memory.

stdin: a lifeline, whose other end only the parent has. stdout: one message a line, JSON.
stderr: everything that libraries say.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import psutil
import torch
from pydantic import TypeAdapter

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.onnx_export import export_onnx, parts_of
from engine.diffusion.accelerators.tensorrt_build import build_engine
from engine.diffusion.accelerators.tensorrt_library import LIBRARIES
from engine.diffusion.attached_loras import attach_loras
from engine.diffusion.backbone import ModelInfo
from engine.diffusion.find_model import load_model
from engine.diffusion.progress import part_of
from engine.diffusion.sd_backbone import SDBackbone
from engine.errors import EngineError
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderSpec

EXPORTED = 0.7  # of the whole time: SD 1.5 takes 62 s of it and the build 26 s
# Each part's share of either stage; reading the model comes before the first.
SPANS = {"encoder": (0.1, 0.15), "denoiser": (0.15, 0.95), "decoder": (0.95, 1.0)}
NICENESS = 10


@dataclass(frozen=True, slots=True)
class Job:
    """library: a key of `LIBRARIES`. target: see `build_engine`. folder: gets the engines.

    dtype: "float16" or "float32".
    """

    library: str
    spec: RenderSpec
    target: str | None
    folder: Path
    dtype: str = "float16"


@dataclass(frozen=True, slots=True)
class Failed:
    """The last message where the engines can't be made."""

    sentence: str


JOB = TypeAdapter(Job)
MESSAGE: TypeAdapter[Progress | Failed] = TypeAdapter(Progress | Failed)


def engine_name(part: str) -> str:
    """The file of an encoder, denoiser or decoder in the job's folder."""
    return f"{part}.engine"


def main(job_json: str) -> None:
    """Make the engines, or say why not, and end; never returns."""
    channel = _own_stdout()
    _hold_the_lifeline()
    _yield_to_the_show()

    def say(message: Progress | Failed) -> None:
        channel.write(MESSAGE.dump_json(message) + b"\n")
        channel.flush()

    try:
        make_engines(JOB.validate_json(job_json), say)
    except EngineError as error:
        say(Failed(str(error)))
    os._exit(0)  # native libraries may hang or crash while the interpreter is taken down


def make_engines(job: Job, on_progress: OnProgress) -> None:
    """Export everything, then build. Errors: ModelLoadError, AcceleratorError, OSError."""
    with TemporaryDirectory(dir=job.folder) as scratch:  # as large as the weights
        info = _export(job, Path(scratch), part_of(on_progress, 0.0, EXPORTED))
        gc.collect()  # the model makes room for the builder
        _build(job, Path(scratch), _usual_rows(info), part_of(on_progress, EXPORTED, 1.0))


def _export(job: Job, folder: Path, on_progress: OnProgress) -> ModelInfo:
    """Read the model and write its parts."""
    dtype = torch.float16 if job.dtype == "float16" else torch.float32
    place = Placement(torch.device("cpu"), dtype)
    model = load_model(job.spec, place, part_of(on_progress, 0.0, 0.1), attach_loras)
    size_px = (job.spec.width_px, job.spec.height_px)
    backbone = SDBackbone(model.info, model.unet, model.vae, place.device, dtype, size_px)
    parts = parts_of(backbone, job.spec, model.text_encoder.encode(""))
    for name, part in parts.items():
        message = f"Exporting the {name} for {LIBRARIES[job.library].label}"
        on_progress(Progress(SPANS[name][0], message))
        export_onnx(part, folder / f"{name}.onnx")
    return model.info


def _build(job: Job, folder: Path, usual_rows: int, on_progress: OnProgress) -> None:
    library = LIBRARIES[job.library]
    for name, (start, end) in SPANS.items():
        report = part_of(on_progress, start, end)
        message = f"Building the {name} for {library.label}"
        report(Progress(0.0, message))
        build_engine(
            library,
            folder / f"{name}.onnx",
            job.folder / engine_name(name),
            usual_rows,
            job.target,
            partial(_report, report, message),
        )


def _report(on_progress: OnProgress, message: str, fraction: float) -> None:
    on_progress(Progress(fraction, message))


def _usual_rows(info: ModelInfo) -> int:
    """A tick's, when the model plays as it was made for."""
    steps = info.defaults.get("num_inference_steps", StreamParams().num_inference_steps)
    return int(steps) if isinstance(steps, int) else 1


def _own_stdout() -> IO[bytes]:
    """The channel; whatever libraries print goes to stderr from here on."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def _yield_to_the_show() -> None:
    torch.set_num_threads(1)  # the other cores belong to the picture
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        os.nice(NICENESS)


def _hold_the_lifeline() -> None:
    def end_with_the_parent() -> None:
        os.read(0, 1)  # nobody writes: it returns when the other end is closed
        os._exit(1)

    threading.Thread(target=end_with_the_parent, name="lifeline", daemon=True).start()
