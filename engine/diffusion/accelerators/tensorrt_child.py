"""The process that exports a model and builds its engines.

A process of its own, because an export holds the interpreter for up to a minute, which would hold
every tick, and because a builder that crashes or runs out of memory must not take the show along.
It reads the model once more, from the same files, into the processor's memory.

stdin: a lifeline, whose other end only the parent has. stdout: one message a line, JSON.
stderr: everything that libraries say.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import psutil
import torch
from pydantic import TypeAdapter

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.onnx_export import Part, export_onnx, parts_of
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

# How the time for one part divides: SD-Turbo's denoiser takes 64 s to export and 27 s to build.
EXPORTED = 0.6
ENDS = {"encoder": 0.1, "denoiser": 0.9, "decoder": 1.0}  # of the progress after reading the model
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
    below_normal = getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", NICENESS)  # Windows has classes
    psutil.Process().nice(below_normal)
    torch.set_num_threads(1)  # the other cores belong to the picture

    def say(message: Progress | Failed) -> None:
        channel.write(MESSAGE.dump_json(message) + b"\n")
        channel.flush()

    try:
        make_engines(JOB.validate_json(job_json), say)
    except EngineError as error:
        say(Failed(str(error)))
    os._exit(0)  # native libraries may hang or crash while the interpreter is taken down


def make_engines(job: Job, on_progress: OnProgress) -> None:
    """Read, export and build. Errors: ModelLoadError, AcceleratorError, OSError."""
    dtype = torch.float16 if job.dtype == "float16" else torch.float32
    place = Placement(torch.device("cpu"), dtype)
    model = load_model(job.spec, place, part_of(on_progress, 0.0, 0.1), attach_loras)
    size_px = (job.spec.width_px, job.spec.height_px)
    backbone = SDBackbone(model.info, model.unet, model.vae, place.device, dtype, size_px)
    parts = parts_of(backbone, job.spec, model.text_encoder.encode(""))
    start = 0.1
    for name, part in parts.items():
        end = 0.1 + 0.9 * ENDS[name]
        _make_engine(job, name, part, model.info, part_of(on_progress, start, end))
        start = end


def _make_engine(job: Job, name: str, part: Part, info: ModelInfo, on_progress: OnProgress) -> None:
    library = LIBRARIES[job.library]
    building = part_of(on_progress, EXPORTED, 1.0)

    def report(fraction: float) -> None:
        building(Progress(fraction, f"Building the {name} for {library.label}"))

    with TemporaryDirectory(dir=job.folder) as scratch:  # as large as the weights
        file = Path(scratch) / f"{name}.onnx"
        on_progress(Progress(0.0, f"Exporting the {name} for {library.label}"))
        export_onnx(part, file)
        report(0.0)
        engine = job.folder / engine_name(name)
        build_engine(library, file, engine, _usual_rows(info), job.target, report)


def _usual_rows(info: ModelInfo) -> int:
    """A tick's, when the model plays as it was made for."""
    steps = info.defaults.get("num_inference_steps", StreamParams().num_inference_steps)
    return int(steps) if isinstance(steps, int) else 1


def _own_stdout() -> IO[bytes]:
    """The channel; whatever libraries print goes to stderr from here on."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def _hold_the_lifeline() -> None:
    def end_with_the_parent() -> None:
        os.read(0, 1)  # nobody writes: it returns when the other end is closed
        os._exit(1)

    threading.Thread(target=end_with_the_parent, name="lifeline", daemon=True).start()
