"""What is known of an autoencoder whose decoder may compute in 8 bits: a file beside the model.

It is made once (`training.eight_bits`), from what the decoder's layers see when the model paints,
and belongs to the very weights it was made from. Thread: the one that prepares.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.diffusion.catalogue import house_folder
from engine.enums import Precision
from engine.renderer import RenderSpec

log = logging.getLogger(__name__)

FILE = "eight_bits.json"
ACCELERATOR = "openvino"  # the one that can


class Layer(BaseModel):
    """One convolution. highest: of its input's absolute values. shift: added to each output.

    The shift brings the outputs' means back to what they are without rounding.
    Source: Nagel et al. 2019, arXiv:1906.04721, section 4.2.
    """

    model_config = ConfigDict(frozen=True)

    highest: float = Field(gt=0.0, allow_inf_nan=False)
    is_signed: bool
    shift: tuple[float, ...]


class EightBits(BaseModel):
    """layers: by their names in the autoencoder. weights: the `fingerprint` of its decoder."""

    model_config = ConfigDict(frozen=True)

    weights: str
    layers: dict[str, Layer]


def fingerprint(decoder: Any) -> str:
    """A hash of a decoder's weights, hexadecimal; the same for float16 read as float32."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(decoder.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().to(torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()


def find_eight_bits(vae: Any, file: Path | None = None) -> EightBits | None:
    """What is known of this autoencoder; None for every other one than the house model's own.

    file: the shipped one when None.
    """
    path = file or house_folder() / FILE
    try:
        known = EightBits.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        log.warning("%s can't be read: %s", path, error)
        return None
    return known if known.weights == fingerprint(vae.decoder) else None


def why_not_eight_bits(spec: RenderSpec, vae: Any, accelerator: str) -> str:
    """Why what was asked for can't be had, for people; "" when it can, or wasn't asked for.

    accelerator: the name of the best one for this machine.
    """
    if spec.precision is not Precision.EIGHT_BIT:
        return ""
    if accelerator != ACCELERATOR:
        return f"8 bits were asked for, which only the accelerator {ACCELERATOR} has; off."
    if find_eight_bits(vae) is None:
        return (
            "8 bits were asked for, but are measured for the autoencoder of the house model alone, "
            "as it is shipped; off."
        )
    return ""
