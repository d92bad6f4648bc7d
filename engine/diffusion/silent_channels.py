"""A tiny autoencoder without the channels that can't carry anything.

Training leaves many hidden channels of small networks silent: what reaches their ReLU is never
positive. The house model's are stored as zeros, and a channel of zeros adds nothing to any sum, so
that to leave it out changes no picture: half of the encoder's work. Thread: the one that prepares.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_blocks import AutoencoderTinyBlock
from torch import Tensor, nn


class Level(nn.Module):
    """In the place of convolutions that see nothing but zeros: their bias, (1, C, 1, 1)."""

    bias: Tensor

    def __init__(self, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("bias", bias[None, :, None, None].clone())

    def forward(self, x: Tensor) -> Tensor:
        return self.bias


def without_silent_channels(vae: Any) -> Any:
    """The same autoencoder, changed in place; any but an AutoencoderTiny stays as it is."""
    if isinstance(vae, AutoencoderTiny):
        for block in vae.modules():
            if isinstance(block, AutoencoderTinyBlock) and isinstance(block.conv[1], nn.ReLU):
                block.conv = _audible(block.conv)
    return vae


def _audible(chain: Any) -> Any:
    """Convolution, ReLU, convolution, ReLU, convolution: without their silent hidden channels."""
    first, relu, second, _, last = chain
    heard_first, heard_second = _heard(first), _heard(second)
    if not len(heard_second):
        return nn.Sequential(Level(last.bias.detach()))
    if len(heard_first) == first.out_channels and len(heard_second) == second.out_channels:
        return chain
    heard_first = heard_first if len(heard_first) else torch.tensor([0])  # one zero is harmless
    whole = torch.arange(first.in_channels), torch.arange(last.out_channels)
    return nn.Sequential(
        _part(first, heard_first, whole[0]),
        relu,
        _part(second, heard_second, heard_first),
        relu,
        _part(last, whole[1], heard_second),
    )


def _heard(layer: Any) -> Tensor:
    """The numbers of the channels that a ReLU behind this convolution might let through."""
    fires = layer.weight.detach().flatten(1).any(1)
    if layer.bias is not None:
        fires |= layer.bias.detach() > 0
    return fires.nonzero()[:, 0]


def _part(layer: Any, rows: Tensor, columns: Tensor) -> nn.Conv2d:
    """These outputs and inputs of a convolution of 3×3."""
    weight = layer.weight.detach()[rows][:, columns]
    part = nn.Conv2d(
        len(columns), len(rows), 3, padding=1, device=weight.device, dtype=weight.dtype
    )
    part.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
    part.bias = nn.Parameter(layer.bias.detach()[rows].clone(), requires_grad=False)
    return part
