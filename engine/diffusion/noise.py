"""Seeded noise: private generators, the same numbers on every device."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.diffusion.blend import slerp

LatentShape = tuple[int, int, int]  # (C, h, w)


def make_noise(seed: int, num_slots: int, shape: LatentShape) -> Tensor:
    """Standard normal noise of every slot of one frame, on the CPU.

    Slot i's noise depends on seed, i and shape only: more steps keep the noise of the first ones.
    Returns: (num_slots, C, h, w) float32.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randn(shape, generator=generator) for _ in range(num_slots)])


def blend_noise(
    seed: int, seed_target: int, seed_blend: float, num_slots: int, shape: LatentShape
) -> Tensor:
    """Noise on the way from one seed's (0) to another's (1), of standard deviation 1 throughout.

    Returns: (num_slots, C, h, w) float32, on the CPU.
    """
    start = make_noise(seed, num_slots, shape)
    if seed_blend == 0.0 or seed == seed_target:
        return start
    target = make_noise(seed_target, num_slots, shape)
    return slerp(start.flatten(1), target.flatten(1), seed_blend).reshape(start.shape)
