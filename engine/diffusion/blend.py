"""Weighted means on the sphere: for prompt embeddings and for noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.diffusion.backbone import Conditioning
from engine.enums import BlendMode

SPHERE_ITERATIONS = 8  # leaves below 1e-4 rad between unrelated directions, less between prompts
TINY = 1e-12


def blend_conditioning(
    parts: Sequence[Conditioning],
    weights: Sequence[float],
    mode: BlendMode = BlendMode.SLERP,
) -> Conditioning:
    """Several prompts as one. Every token keeps the weighted mean length of its parts.

    Errors: ValueError for no parts, a wrong number of weights, a negative one or a sum of 0.
    """
    shares = normalise_weights(weights)
    if len(shares) != len(parts):
        raise ValueError(f"{len(parts)} prompts need as many weights, not {len(shares)}")
    embeds = blend([part.embeds for part in parts], shares, mode)
    pooled = [part.pooled for part in parts if part.pooled is not None]
    return Conditioning(embeds, blend(pooled, shares, mode) if pooled else None)


def normalise_weights(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights that add up to 1. Errors: ValueError where there is nothing to weigh."""
    if any(not math.isfinite(weight) or weight < 0 for weight in weights):
        raise ValueError(f"weights are numbers from 0 up, not {list(weights)}")
    total = sum(weights)
    if total == 0:
        raise ValueError("all weights are 0: give at least one of them more")
    if math.isinf(total):  # huge ones; only their proportions matter
        largest = max(weights)
        return normalise_weights([weight / largest for weight in weights])
    return tuple(weight / total for weight in weights)


def slerp(start: Tensor, end: Tensor, position: float) -> Tensor:
    """Along the sphere from start (position 0) to end (1), over the last dimension.

    Source: Shoemake 1985, "Animating rotation with quaternion curves"; lengths go straight.
    """
    return blend([start, end], (1.0 - position, position), BlendMode.SLERP)


def blend(parts: Sequence[Tensor], shares: Sequence[float], mode: BlendMode) -> Tensor:
    """Weighted mean direction, at the weighted mean length, over the last dimension.

    shares: weights that add up to 1. Returns: shape and dtype of the parts.
    Computed in float64, without a host sync.
    """
    used = [(part, share) for part, share in zip(parts, shares, strict=True) if share > 0]
    if len(used) == 1:
        return used[0][0]
    stack = torch.stack([part for part, _ in used]).double()  # (k, ..., D)
    weight = torch.tensor([share for _, share in used], dtype=torch.float64, device=stack.device)
    weight = weight.view(-1, *[1] * (stack.ndim - 1))
    length = _length(stack)
    if mode is BlendMode.SLERP:
        direction = _mean_on_sphere(stack / length.clamp_min(TINY), weight)
    else:
        direction = _unit((weight * stack).sum(0))
    return (direction * (weight * length).sum(0)).to(used[0][0].dtype)


def _mean_on_sphere(directions: Tensor, weight: Tensor) -> Tensor:
    """The spherical weighted average; for two directions it is exactly slerp.

    Source: Buss and Fillmore 2001, "Spherical averages and applications to spherical splines",
    algorithm A1: step along the mean of the logarithms. A fixed count of steps needs no host
    sync; between two directions the first one is exact.
    """
    mean = _unit((weight * directions).sum(0))
    for _ in range(1 if len(directions) == 2 else SPHERE_ITERATIONS):
        cosine = (directions * mean).sum(-1, keepdim=True)
        across = directions - cosine * mean
        sine = _length(across)
        angle = torch.atan2(sine, cosine)  # exact for near-parallel directions, unlike acos
        step = (weight * across * (angle / sine.clamp_min(TINY))).sum(0)
        reach = _length(step)
        mean = _unit(mean * reach.cos() + step * torch.sinc(reach / math.pi))
    return mean


def _unit(vector: Tensor) -> Tensor:
    return vector / _length(vector).clamp_min(TINY)


def _length(vector: Tensor) -> Tensor:
    return vector.square().sum(-1, keepdim=True).sqrt()
