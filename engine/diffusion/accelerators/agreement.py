"""Does an accelerator compute what PyTorch computes? Asked where that was never seen before.

A builder may be wrong on one card, with one driver, for one shape, and say nothing. Thread: the one
that prepares or builds.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, Conditioning
from engine.errors import AcceleratorError
from engine.renderer import RenderSpec

# Of the norm. float16 against float16 lies about 0.01 apart, another picture at 0.5 and above.
MOST_DISTANCE = 0.1


@torch.inference_mode()
def check_agreement(
    fast: Backbone, plain: Backbone, spec: RenderSpec, example: Conditioning, label: str
) -> None:
    """One picture of noise through both, each part with the same input.

    label: what made `fast`, for people. Errors: AcceleratorError that names the part.
    """
    device = plain.device
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(1, 3, spec.height_px, spec.width_px, generator=generator)
    image = noise.to(device) * 2 - 1
    latent = plain.encode(image).clone()
    timestep = torch.full((1,), 499.0, device=device)
    tables = [each.condition(timestep, example) for each in (fast, plain)]
    answers = {
        "encoder": (fast.encode(image), latent),
        "denoiser": (fast.denoise(latent, tables[0]), plain.denoise(latent, tables[1])),
        "decoder": (fast.decode(latent), plain.decode(latent)),
    }
    for part, (ours, theirs) in answers.items():
        distance = _distance(ours, theirs)
        if not distance <= MOST_DISTANCE:  # nor NaN
            raise AcceleratorError(
                f"{label} computes something else than PyTorch here: its {part} is "
                f"{distance:.0%} off. Choose another accelerator."
            )


def _distance(ours: Tensor, theirs: Tensor) -> float:
    """‖ours − theirs‖ / ‖theirs‖."""
    ours, theirs = ours.float(), theirs.float()
    return float((ours - theirs).square().mean().sqrt() / theirs.square().mean().sqrt())
