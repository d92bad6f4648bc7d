"""One model on the best accelerator: the best that works, or at first the best that is ready.

Threads: one at a time; `first` on the one that prepares, `make` on the one that builds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from engine.diffusion.accelerators import AcceleratorEntry, candidates
from engine.diffusion.accelerators.base import Accelerator, Placement
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.eight_bits import why_not_eight_bits
from engine.diffusion.faults import faults_explained
from engine.diffusion.find_model import load_model
from engine.diffusion.loader import LoadedModel
from engine.diffusion.progress import part_of
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.tables import twin
from engine.errors import AcceleratorError, ModelLoadError
from engine.renderer import OnProgress, Progress, RenderSpec


@dataclass(frozen=True, slots=True)
class Made:
    """A model made fast. device: for people."""

    entry: AcceleratorEntry
    device: str
    backbone: Backbone
    model: LoadedModel


@dataclass(frozen=True, slots=True)
class Start:
    """What a show starts with. notes: why it isn't the best, or not what was asked for.

    better: those that have to be built first, the best one first.
    """

    made: Made
    notes: tuple[str, ...]
    better: tuple[AcceleratorEntry, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A model in memory, with one row as its text encoder makes it."""

    model: LoadedModel
    example: Conditioning


class Acceleration:
    """Reads the model of a spec once for each place, and makes it fast."""

    def __init__(self, spec: RenderSpec) -> None:
        self._spec = spec
        self._read: dict[Placement, _Read] = {}

    def first(self, on_progress: OnProgress) -> Start:
        """Errors: ModelLoadError, AcceleratorError, OutOfMemoryError, PreparationCancelled."""
        notes: list[str] = []
        better: list[AcceleratorEntry] = []
        entries = self._entries()
        for entry in entries:
            is_last = entry is entries[-1]
            try:
                accelerator = entry.create()
                plain = self._plain(accelerator.placement, part_of(on_progress, 0.0, 0.6))
                if not is_last and self._is_for_later(entry, accelerator, plain):
                    better.append(entry)
                    continue
                made = self._made(entry, accelerator, plain, part_of(on_progress, 0.6, 1.0))
                if not better:
                    self._read.clear()
                notes.append(why_not_eight_bits(self._spec, made.model.vae, entries[0].name))
                return Start(made, tuple(filter(None, notes)), tuple(better))
            except AcceleratorError as error:
                if is_last:
                    raise
                notes.append(str(error))
        raise AcceleratorError("There is no accelerator to try.")

    def _entries(self) -> list[AcceleratorEntry]:
        """Best first. The last one is always there: of "auto" the safest, else the one named."""
        *others, last = candidates(self._spec.accelerator)
        may_try = self._spec.tries_unproven
        return [*(each for each in others if may_try or not each.has_to_prove_itself), last]

    def _is_for_later(
        self, entry: AcceleratorEntry, accelerator: Accelerator, plain: SDBackbone
    ) -> bool:
        """It has to be built, or to prove itself, while the show paints."""
        if entry.has_to_prove_itself:
            return True
        return self._spec.swaps_up and not accelerator.is_ready(plain, self._spec)

    def make(
        self, entry: AcceleratorEntry, on_progress: OnProgress, num_rows: Callable[[], int]
    ) -> Made:
        """Build a better one, and run it once, so that no tick waits for its first call.

        num_rows: how many rows a tick has by then. Errors: as `first`.
        """
        with faults_explained(self._spec):
            accelerator = entry.create()
            plain = self._plain(accelerator.placement, part_of(on_progress, 0.0, 0.1))
            made = self._made(entry, accelerator, plain, part_of(on_progress, 0.1, 0.9))
            on_progress(Progress(0.9, "Warming up"))
            example = self._read[accelerator.placement].example
            run_once(made.backbone, self._spec, example, num_rows())
        self._read.clear()
        return made

    def _made(
        self,
        entry: AcceleratorEntry,
        accelerator: Accelerator,
        plain: SDBackbone,
        on_progress: OnProgress,
    ) -> Made:
        read = self._read[accelerator.placement]
        backbone = accelerator.accelerate(plain, self._spec, read.example, on_progress)
        return Made(entry, accelerator.device_name, backbone, read.model)

    def _plain(self, place: Placement, on_progress: OnProgress) -> SDBackbone:
        """Modules of its own around the common weights: some accelerators change modules."""
        if place not in self._read:
            model = load_model(self._spec, place, on_progress)
            self._read[place] = _Read(model, model.text_encoder.encode(""))
        model, spec = self._read[place].model, self._spec
        _check_size(model, spec)
        size_px = (spec.width_px, spec.height_px)
        unet, vae = twin(model.unet), twin(model.vae)
        return SDBackbone(model.info, unet, vae, place.device, place.dtype, size_px)


@torch.inference_mode()
def run_once(backbone: Backbone, spec: RenderSpec, example: Conditioning, num_rows: int) -> None:
    """Call each function of a backbone, the denoiser with so many rows, and wait for the end."""
    device = backbone.device
    latent = backbone.encode(torch.zeros((1, 3, spec.height_px, spec.width_px), device=device))
    latent = latent.clone()
    timesteps = torch.full((num_rows,), 999.0, device=device)
    rows = backbone.condition(timesteps, Conditioning.cat([example] * num_rows))
    backbone.denoise(latent.expand(num_rows, -1, -1, -1).contiguous(), rows)
    backbone.decode(latent)
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()


def _check_size(model: LoadedModel, spec: RenderSpec) -> None:
    factor = model.info.vae_scale_factor
    width_px, height_px = (side // factor * factor for side in (spec.width_px, spec.height_px))
    if (width_px, height_px) != (spec.width_px, spec.height_px):
        raise ModelLoadError(
            f"{model.info.name} paints sizes that are multiples of {factor} px, not "
            f"{spec.width_px}×{spec.height_px}; use {width_px}×{height_px}."
        )
