"""Batches for the denoiser: a photo, the look's painting of it, and what to ask for.

Pictures are given as the frozen codec's latents.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from .looks import LOOKS
from .prompts import neutral, wording
from .schedule import NUM_TIMESTEPS

GRID = 4  # crops start on multiples of so many latents: the textures' grid keeps its phase


@dataclass(frozen=True)
class Mixture:
    """Shares of a batch: no look asked for, two looks blended, a later step, strong noise."""

    neutral: float = 0.12
    blend: float = 0.12
    again: float = 0.6
    strong: float = 0.4


# Later steps that are trained: the number of steps, and the index of the one trained.
LATER_STEPS = np.array([(2, 1), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3)])


@dataclass
class Batch:
    """What one training step sees.

    ``photos``, ``paintings``: latents (B, C, h, w), the painting being the blend of both looks
    where two are asked for. ``prompts``, ``others``: B wordings each. ``blend``: (B,) weight of the
    other wording. ``is_neutral``: (B,) bool, no look asked for. ``t``: (B,) timesteps of the first
    step. ``num_steps``, ``step``: (B,) how many steps there are, and which is trained, from 0.
    """

    photos: torch.Tensor
    paintings: torch.Tensor
    prompts: list[str]
    others: list[str]
    blend: torch.Tensor
    is_neutral: torch.Tensor
    t: torch.Tensor
    num_steps: torch.Tensor
    step: torch.Tensor

    def t_of(self, step: torch.Tensor | int) -> torch.Tensor:
        """Timesteps (B,) of a step: evenly from the first one's towards 0."""
        return (self.t * (self.num_steps - step)) // self.num_steps


class Batches:
    """Draws batches from the encoded pool; the parts' weights say how often each is used."""

    def __init__(self, parts: dict[Path, float], size: int, mixture: Mixture, seed: int) -> None:
        self._rng, self._size, self._mixture = np.random.default_rng(seed), size, mixture
        total = sum(parts.values())
        self._weights = [weight / total for weight in parts.values()]
        self._shares = np.array([look.share for look in LOOKS])
        self._shares /= self._shares.sum()
        self._parts: list[NDArray[np.float16]] = [np.load(part) for part in parts]

    def draw(self, count: int) -> Batch:
        """A random batch."""
        rng, mixture = self._rng, self._mixture
        is_neutral = rng.random(count) < mixture.neutral
        blend = np.where(rng.random(count) < mixture.blend, rng.random(count), 0)
        blend[is_neutral] = 0
        first, second = rng.choice(len(LOOKS), size=(2, count), p=self._shares)
        pictures = [self._sample(a, b, u) for a, b, u in zip(first, second, blend, strict=True)]
        prompts = [
            neutral(rng) if none else wording(rng, LOOKS[a])
            for a, none in zip(first, is_neutral, strict=True)
        ]
        strong = rng.integers(int(0.7 * NUM_TIMESTEPS), NUM_TIMESTEPS, count)
        anywhere = rng.integers(0, NUM_TIMESTEPS, count)
        later = LATER_STEPS[rng.integers(0, len(LATER_STEPS), count)]
        later[rng.random(count) >= mixture.again] = (1, 0)
        return Batch(
            photos=torch.from_numpy(np.stack([p[0] for p in pictures])),
            paintings=torch.from_numpy(np.stack([p[1] for p in pictures])),
            prompts=prompts,
            others=[wording(rng, LOOKS[b]) for b in second],
            blend=torch.from_numpy(blend).float(),
            is_neutral=torch.from_numpy(is_neutral),
            t=torch.from_numpy(np.where(rng.random(count) < mixture.strong, strong, anywhere)),
            num_steps=torch.from_numpy(later[:, 0]),
            step=torch.from_numpy(later[:, 1]),
        )

    def _sample(self, first: int, second: int, blend: float) -> tuple[np.ndarray, np.ndarray]:
        rng = self._rng
        part = self._parts[rng.choice(len(self._parts), p=self._weights)]
        index = rng.integers(len(part))
        y, x = rng.integers(0, (part.shape[-1] - self._size) // GRID + 1, 2) * GRID
        window = part[index, ..., y : y + self._size, x : x + self._size].astype(np.float32)
        photo, painting = window[0], window[1 + first]
        if blend:
            painting = painting + (window[1 + second] - painting) * np.float32(blend)
        return photo, painting
