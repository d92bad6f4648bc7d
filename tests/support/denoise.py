"""The denoiser asked in one call, as the tests of its numbers ask it."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, Conditioning


@torch.inference_mode()
def denoise(
    backbone: Backbone, x_t: Tensor, timestep: Tensor, conditioning: Conditioning
) -> Tensor:
    """x_t (B, C, h, w), timestep (B,), one conditioning row each → the model's raw output."""
    return backbone.denoise(x_t, backbone.condition(timestep, conditioning))
