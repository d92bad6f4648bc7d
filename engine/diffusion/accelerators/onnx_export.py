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

from engine.diffusion.backbone import Conditioning
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import RenderSpec

# From 21 on a group normalization is one operator. From 23 on attention is one too, which TensorRT
# refuses wherever it has no kernel made for that head's size.
OPSET = 21
MAX_ROWS = 8  # of one call of the denoiser
onnx: Any = torch.onnx
export: Any = torch.export


@dataclass(frozen=True, slots=True)
class Part:
    """A module with example inputs of its shapes. has_open_rows: 1 to `MAX_ROWS`, else as given."""

    module: nn.Module
    inputs: tuple[Tensor, ...]
    has_open_rows: bool = False


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
        "denoiser": Part(backbone.denoiser, (latent, *rows), has_open_rows=True),
        "decoder": Part(backbone.decoder, (latent[:1],)),
    }


def export_onnx(part: Part, file: Path) -> None:
    """Write one module as `file`, its weights beside it, since one file holds 2 GB at most.

    Errors: OSError; RuntimeError where PyTorch can't export it.
    """
    rows = export.Dim("rows", min=1, max=MAX_ROWS)
    shapes = tuple({0: rows} for _ in part.inputs) if part.has_open_rows else None
    with torch.no_grad(), _quiet_exporter():
        program = onnx.export(
            part.module.eval(), part.inputs, dynamo=True, opset_version=OPSET,
            dynamic_shapes=shapes, verbose=False,
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
