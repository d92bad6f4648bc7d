"""A backbone's modules as ONNX files, for libraries that build from those.

Weights and sums keep the module's precision. Thread: the main one of a process of its own
(`tensorrt_child`), because an export holds the interpreter for up to a minute.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.diffusion.attached_loras import LoraDenoiser
from engine.diffusion.backbone import Conditioning, Rows
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import RenderSpec

# From 21 on a group normalization is one operator. From 23 on attention is one too, which TensorRT
# refuses wherever it has no kernel made for that head's size.
OPSET = 21
MAX_ROWS = 8  # of one call of the denoiser
LORA_SCALE = "lora_scale"  # the input's name: that of `LoraDenoiser.forward`'s argument
onnx: Any = torch.onnx
export: Any = torch.export


@dataclass(frozen=True, slots=True)
class Part:
    """A module with example inputs of its shapes.

    open_rows: of which inputs the number of rows stays open, 1 to `MAX_ROWS`, by their places.
    """

    module: nn.Module
    inputs: tuple[Tensor, ...]
    open_rows: frozenset[int] = frozenset()


def parts_of(backbone: SDBackbone, spec: RenderSpec, example: Conditioning) -> dict[str, Part]:
    """What `export_onnx` takes, by name: encoder, denoiser, decoder.

    example: one row as this model's text encoder makes it.
    """
    info, device = backbone.info, backbone.device
    factor = info.vae_scale_factor
    sides = (spec.height_px // factor, spec.width_px // factor)
    image = torch.zeros(1, 3, spec.height_px, spec.width_px, device=device)
    latent = torch.zeros(2, info.latent_channels, *sides, device=device)
    with torch.no_grad():
        timesteps = torch.tensor([999.0, 499.0], device=device)
        rows = backbone.condition(timesteps, Conditioning.cat([example, example]))
    return {
        "encoder": Part(backbone.encoder, (image,)),
        "denoiser": _denoiser(backbone, latent, rows, spec),
        "decoder": Part(backbone.decoder, (latent[:1],)),
    }


def lora_scale_of(spec: RenderSpec, device: torch.device) -> Tensor:
    """What `LoraDenoiser` takes, (num_loras,) float32."""
    scales = [lora.scale for lora in spec.loras]
    return torch.tensor(scales, dtype=torch.float32, device=device)


def _denoiser(backbone: SDBackbone, latent: Tensor, rows: Rows, spec: RenderSpec) -> Part:
    """Its LoRAs' strengths are an input where any are attached to it."""
    adapted = LoraDenoiser(backbone.denoiser)
    if not adapted.has_loras:
        inputs = (latent, *rows)
        return Part(backbone.denoiser, inputs, frozenset(range(len(inputs))))
    inputs = (latent, lora_scale_of(spec, backbone.device), *rows)
    return Part(adapted, inputs, frozenset(range(len(inputs))) - {1})


def export_onnx(part: Part, file: Path) -> None:
    """Write one module as `file`, its weights beside it, since one file holds 2 GB at most.

    Errors: OSError; RuntimeError where PyTorch can't export it.
    """
    rows = export.Dim("rows", min=1, max=MAX_ROWS)
    places = range(len(part.inputs))
    shapes = tuple({0: rows} if place in part.open_rows else None for place in places)
    with torch.no_grad(), _quiet_exporter():
        program = onnx.export(
            part.module.eval(), part.inputs, dynamo=True, opset_version=OPSET,
            dynamic_shapes=shapes if part.open_rows else None, verbose=False,
        )  # fmt: skip
        program.save(str(file), external_data=True)


@contextmanager
def _quiet_exporter() -> Generator[None]:
    """Without its remarks on packages that nobody needs and on its own deprecated calls."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
