"""torch.compile: PyTorch's own compiler, through Triton on a graphics card or C++ on the processor.

Each function is compiled for fixed shapes. The denoiser is compiled for the numbers of rows in
`ROWS_AHEAD`, a big one for the first of them only; with any other number, and while tokens are
merged or features reused, the same modules run as they are: nothing is ever compiled during a tick.
Threads: `accelerate` on the one that prepares or builds; the backbone on the render thread.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.diffusion.accelerators import compiler_missing
from engine.diffusion.accelerators.base import ALL_THREADS
from engine.diffusion.accelerators.cache import BuildCache, build_key
from engine.diffusion.accelerators.eager import EagerAccelerator
from engine.diffusion.accelerators.graphs import recorder_for
from engine.diffusion.backbone import Backbone, Conditioning, Rows
from engine.diffusion.sd_backbone import SDBackbone
from engine.errors import AcceleratorError
from engine.renderer import OnProgress, Progress, RenderSpec

log = logging.getLogger(__name__)

ROWS_AHEAD = (1, 2, 3, 4)
SMALL_MODEL_PARAMETERS = 100_000_000
BACKEND = "inductor"
MARK = "compiled"  # kept once everything under a key has been compiled
pytorch: Any = torch  # its types leave `compile` open in part
Run = Callable[..., Tensor]


class CompileAccelerator(EagerAccelerator):
    """float16 on an NVIDIA card, float32 on the processor; convolutions in channels-last order."""

    def __init__(self, cache_folder: Path | None = None) -> None:
        """Errors: AcceleratorError when what the device is compiled with is missing."""
        super().__init__()
        reason = compiler_missing(self.placement.device.type)
        if reason:
            raise AcceleratorError(f"The accelerator compile isn't available: {reason}")
        self._cache = BuildCache("compile", cache_folder)

    def is_ready(self, backbone: SDBackbone, spec: RenderSpec) -> bool:
        return self._cache.shelf(_key(backbone, spec)).find(MARK) is not None

    def accelerate(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> Backbone:
        shelf = self._cache.shelf(_key(backbone, spec))
        super().accelerate(backbone, spec, example, on_progress)
        try:
            with _cache_in(shelf.folder), torch.inference_mode():
                fast = _compile(backbone, spec, example, on_progress)
            fast.recorder = recorder_for(backbone.device)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # all of torch.compile's errors are
            reason = str(error).strip().partition("\n")[0]
            raise AcceleratorError(
                f"torch.compile can't compile {backbone.info.name} ({reason}); choose the "
                "accelerator eager."
            ) from error
        try:
            shelf.find_or_put(MARK, lambda folder: (folder / "done").write_text("compiled\n"))
        except OSError as error:  # a full disk costs the cache, not the show
            log.warning("What was compiled can't be kept in %s: %s", shelf.folder, error)
        return fast


class CompiledBackbone(SDBackbone):
    """The plain backbone's modules; what has been compiled runs in their place."""

    def __init__(
        self, plain: SDBackbone, encode: Run, decode: Run, denoise: dict[int, Run]
    ) -> None:
        """denoise: by number of rows. The others take one row."""
        vars(self).update(vars(plain))  # the very same modules, not further twins of them
        self._encode, self._decode, self._denoise = encode, decode, denoise

    def encode(self, image: Tensor) -> Tensor:
        return self._encode(image.contiguous()) if len(image) == 1 else super().encode(image)

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        run = self._denoise.get(len(x_t))
        if run is None or self.denoiser.merging.share:
            return super().denoise(x_t, rows)
        return run(x_t.contiguous(), *(table.contiguous() for table in rows))

    def decode(self, latent: Tensor) -> Tensor:
        return self._decode(latent.contiguous()) if len(latent) == 1 else super().decode(latent)


def _compile(
    backbone: SDBackbone, spec: RenderSpec, example: Conditioning, on_progress: OnProgress
) -> CompiledBackbone:
    device, counts = backbone.device, ROWS_AHEAD
    if sum(each.numel() for each in backbone.denoiser.parameters()) > SMALL_MODEL_PARAMETERS:
        counts = ROWS_AHEAD[:1]

    def compiled(done: int, name: str, module: nn.Module, *inputs: Tensor) -> tuple[Run, Tensor]:
        on_progress(Progress(done / (2 + len(counts)), f"Compiling the {name}"))
        run = _new_run(module, device)
        return run, run(*(each.contiguous() for each in inputs))  # compiled by its first call

    image = torch.zeros(1, 3, spec.height_px, spec.width_px, device=device)
    encode, latent = compiled(0, "encoder", backbone.encoder, image)
    decode, _ = compiled(1, "decoder", backbone.decoder, latent)
    denoise: dict[int, Run] = {}
    for done, count in enumerate(counts, start=2):
        timesteps = torch.full((count,), 999.0, device=device)
        rows = backbone.condition(timesteps, Conditioning.cat([example] * count))
        x_t = latent.expand(count, -1, -1, -1)
        denoise[count], _ = compiled(done, f"denoiser, {count}", backbone.denoiser, x_t, *rows)
    return CompiledBackbone(backbone, encode, decode, denoise)


def _new_run(module: nn.Module, device: torch.device) -> Run:
    """A compiled function of its own: shapes are looked up outside it, so it checks nothing.

    PyTorch's own checks count threads too, and would compile again on a thread with another number.
    """
    options: dict[str, Any] = {}
    if BACKEND == "inductor" and device.type == "cuda":
        options = pytorch._inductor.list_mode_options("max-autotune-no-cudagraphs")
    elif BACKEND == "inductor":
        options = {"cpp.threads": ALL_THREADS}
    options = {**options, "guard_filter_fn": pytorch.compiler.skip_all_guards_unsafe}
    return pytorch.compile(
        module, dynamic=False, fullgraph=True, backend=BACKEND, options=options,
        isolate_recompiles=True,
    )  # fmt: skip


def _key(backbone: SDBackbone, spec: RenderSpec) -> str:
    return build_key(backbone, spec, (), "compile", spec.fp16_accumulation)


@contextmanager
def _cache_in(folder: Path) -> Generator[None]:
    """Let torch's compiler keep its work there; its settings are the process's environment."""
    wanted = {"TORCHINDUCTOR_CACHE_DIR": folder / "inductor", "TRITON_CACHE_DIR": folder / "triton"}
    before = {name: os.environ[name] for name in wanted if name in os.environ}
    os.environ.update({name: str(path) for name, path in wanted.items()})
    try:
        yield
    finally:
        for name in wanted:
            os.environ.pop(name, None)
        os.environ.update(before)
