"""TensorRT-RTX and TensorRT: the three modules as engines, built once for a card and kept.

Threads: `accelerate` on the one that prepares or builds; the backbone on the render thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from engine.diffusion.accelerators.agreement import check_agreement
from engine.diffusion.accelerators.base import Placement, choose_accumulation
from engine.diffusion.accelerators.cache import BuildCache, Shelf, build_key, machine_facts
from engine.diffusion.accelerators.onnx_export import LORA_SCALE, MAX_ROWS, lora_scale_of
from engine.diffusion.accelerators.tensorrt_child import Job, engine_name
from engine.diffusion.accelerators.tensorrt_engine import Engine, EngineRoom
from engine.diffusion.accelerators.tensorrt_library import TENSORRT, TENSORRT_RTX, Library
from engine.diffusion.accelerators.tensorrt_process import make_engines_apart
from engine.diffusion.attached_loras import hash_of_loras
from engine.diffusion.backbone import Backbone, Conditioning, ModelInfo, Rows
from engine.diffusion.find_model import load_model
from engine.diffusion.progress import part_of
from engine.diffusion.recorder import ImmediateRecorder
from engine.diffusion.sd_backbone import SDBackbone, conditioning_inputs
from engine.diffusion.tables import Conditioner
from engine.errors import AcceleratorError
from engine.renderer import OnProgress, Progress, RenderSpec

BUILD_VERSION = 1  # count up when the export or the build changes
ENGINES = "engines"  # their name in the cache
PARTS = ("encoder", "denoiser", "decoder")
ROWS_AHEAD = (1, 2, 3, 4)


class TensorRtRtxAccelerator:
    """float16 on a GeForce RTX or workstation card of the kinds that TensorRT-RTX compiles for."""

    library: Library = TENSORRT_RTX

    def __init__(self, cache_folder: Path | None = None) -> None:
        """Errors: AcceleratorError when PyTorch finds no card or the library doesn't know it."""
        label = self.library.label
        if not torch.cuda.is_available():
            raise AcceleratorError(
                f"{label} needs an NVIDIA card that PyTorch can use; there is none here."
            )
        self._target = target_of(self.library, torch.cuda.get_device_capability())
        self._cache = BuildCache(self.library.name, cache_folder)
        self._keys: dict[RenderSpec, str] = {}  # each takes seconds

    @property
    def placement(self) -> Placement:
        return Placement(torch.device("cuda"), torch.float16)

    @property
    def device_name(self) -> str:
        return torch.cuda.get_device_name()

    def is_ready(self, backbone: SDBackbone, spec: RenderSpec) -> bool:
        return self._shelf(backbone, spec).find(ENGINES) is not None

    def accelerate(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> Backbone:
        choose_accumulation(backbone.device, spec)  # for what PyTorch still computes
        shelf = self._shelf(backbone, spec)
        try:
            folder = self._engines(shelf, backbone, spec, part_of(on_progress, 0.0, 0.9))
        except OSError as error:
            raise AcceleratorError(
                f"{self.library.label} can't keep its engines in {shelf.folder} "
                f"({error.strerror or error}); make room there or choose the accelerator eager."
            ) from error
        room = EngineRoom(self.library, backbone.device, shelf)
        on_progress(Progress(0.9, "Loading the engines"))
        fast = _loaded(room, folder, backbone, spec)
        _run_once(fast, spec, example, part_of(on_progress, 0.9, 1.0))
        check_agreement(fast, backbone, spec, example, self.library.label)
        room.keep_kernels()
        return fast

    def _engines(
        self, shelf: Shelf, backbone: SDBackbone, spec: RenderSpec, on_progress: OnProgress
    ) -> Path:
        """The folder with the engines: kept, or built now."""

        def build(folder: Path) -> None:
            dtype = str(backbone.dtype).removeprefix("torch.")
            job = Job(self.library.name, spec, self._target, folder, dtype)
            make_engines_apart(job, on_progress)

        try:
            return shelf.find_or_put(ENGINES, build)
        except AcceleratorError as error:
            raise AcceleratorError(
                f"{str(error).rstrip('.')}; choose the accelerator eager."
            ) from error

    def _shelf(self, backbone: SDBackbone, spec: RenderSpec) -> Shelf:
        if spec not in self._keys:
            self._keys[spec] = self._key(backbone, spec)
        return self._cache.shelf(self._keys[spec])

    def _key(self, backbone: SDBackbone, spec: RenderSpec) -> str:
        """Of the weights without the spec's LoRAs, and of which LoRAs these are: any strength."""
        card = machine_facts(backbone.device)
        facts = (card, self.library.name, self.library.version, self._target, BUILD_VERSION)
        packages = ("onnx", "onnxscript")
        if not spec.loras:
            return build_key(backbone, spec, packages, *facts)
        loras = hash_of_loras(spec.loras, _ignore)
        return build_key(_without_loras(backbone, spec), spec, (*packages, "peft"), *facts, loras)


class TensorRtAccelerator(TensorRtRtxAccelerator):
    """float16 on any card that TensorRT supports; the build times its kernels on that very card."""

    library = TENSORRT


def _without_loras(backbone: SDBackbone, spec: RenderSpec) -> SDBackbone:
    """The model read once more, on the processor."""
    place = Placement(torch.device("cpu"), backbone.dtype)
    model = load_model(replace(spec, loras=()), place, _ignore)
    size_px = (spec.width_px, spec.height_px)
    return SDBackbone(model.info, model.unet, model.vae, place.device, place.dtype, size_px)


def _ignore(progress: Progress) -> None:
    """Nothing is downloaded that the model hasn't been read from already."""


def target_of(library: Library, capability: tuple[int, int]) -> str | None:
    """The library's name for a kind of card; None where it builds for the card that is here.

    capability: CUDA's compute capability. Errors: AcceleratorError where it doesn't know it.
    """
    if not library.compiles_at_runtime:
        return None
    major, minor = capability
    target = f"SM{major}{minor}"
    if not hasattr(library.load().ComputeCapability, target):
        raise AcceleratorError(
            f"{library.label} {library.version} doesn't support cards of compute capability "
            f"{major}.{minor}; choose the accelerator tensorrt or eager."
        )
    return target


class TensorRtBackbone:
    """Three engines as a backbone. What they return is valid until the next call.

    conditioner: in PyTorch; it is asked too seldom to be worth an engine.
    """

    def __init__(
        self,
        info: ModelInfo,
        placement: Placement,
        conditioner: Conditioner,
        engines: tuple[Engine, Engine, Engine],
        on_close: Callable[[], None],
    ) -> None:
        """engines: encoder, denoiser, decoder. on_close: called once nothing paints any more."""
        self._info, self._placement, self._conditioner = info, placement, conditioner
        self._encoder, self._denoiser, self._decoder = engines
        self._on_close = on_close
        self.recorder = ImmediateRecorder()  # thus rows that hold something else are other objects

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def device(self) -> torch.device:
        return self._placement.device

    @property
    def dtype(self) -> torch.dtype:
        return self._placement.dtype

    def encode(self, image: Tensor) -> Tensor:
        return self._encoder(image)

    def condition(self, timestep: Tensor, conditioning: Conditioning) -> Rows:
        return self._conditioner(timestep, *conditioning_inputs(conditioning))

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        if len(x_t) <= MAX_ROWS:
            return self._denoiser(x_t, rows)
        blocks = [slice(row, row + MAX_ROWS) for row in range(0, len(x_t), MAX_ROWS)]
        outputs = [self._denoiser(x_t[b], tuple(part[b] for part in rows)).clone() for b in blocks]
        return torch.cat(outputs)

    def decode(self, latent: Tensor) -> Tensor:
        return self._decoder(latent)

    def close(self) -> None:
        self._on_close()


def _loaded(
    room: EngineRoom, folder: Path, backbone: SDBackbone, spec: RenderSpec
) -> TensorRtBackbone:
    constants = {LORA_SCALE: lora_scale_of(spec, backbone.device)} if spec.loras else {}
    files = [folder / engine_name(part) for part in PARTS]
    encoder, denoiser, decoder = (room.load(file, constants) for file in files)
    placement = Placement(backbone.device, backbone.dtype)
    engines = (encoder, denoiser, decoder)
    return TensorRtBackbone(
        backbone.info, placement, backbone.conditioner, engines, room.keep_kernels
    )


@torch.inference_mode()
def _run_once(
    fast: TensorRtBackbone, spec: RenderSpec, example: Conditioning, on_progress: OnProgress
) -> None:
    """Each engine for the usual numbers of rows, so that no tick waits for a first run."""
    latent = fast.encode(torch.zeros(1, 3, spec.height_px, spec.width_px, device=fast.device))
    latent = latent.clone()
    for done, count in enumerate(ROWS_AHEAD):
        on_progress(Progress(done / len(ROWS_AHEAD), "Running the engines once"))
        timesteps = torch.full((count,), 999.0, device=fast.device)
        rows = fast.condition(timesteps, Conditioning.cat([example] * count))
        fast.denoise(latent.expand(count, -1, -1, -1), rows)
    fast.decode(latent)
