"""Guidance as weights: how the conditional answer and its opposite become one clean latent.

Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598, eq. 6) and its residual forms
(Kodaira et al. 2023, arXiv:2312.12491, eq. 5-8) act on eps:

    eps = eps_neg + g·(eps_cond - eps_neg),   eps_neg = δ·s  for the residual modes,
    s   = (x_t - a·z) / b                     the noise that leads from x_t back to z.

For small b, s and a sample-predicting model's eps are differences divided by almost nothing. So
everything is written for x0 = (x_t - b·eps) / a instead, in which the same lines read

    x0     = x0_neg + g·(x0_cond - x0_neg),
    x0_neg = δ·z + (1 - δ)·x_t / a            for the residual modes.

No b divides any more, and with δ = 1 the negative is z itself: the frame's input latent
(self-negative), the clean latent that this step started from (step-negative: the input at the
first slot, then what the slot before has denoised), or the negative prompt's x0 at the first slot
(onetime-negative). It travels with the frame: no recurrent state, whatever the sampler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.diffusion.schedule import MIN_SIGNAL, SlotRow
from engine.enums import GuidanceMode


@dataclass(frozen=True, slots=True)
class Guidance:
    """How one frame is guided.

    scale: g, any finite number; 1 is exactly no guidance, below 1 leans to the negative.
    delta: δ of the residual modes. rescale: φ, 0-1, see `rescale_guided`.
    """

    mode: GuidanceMode = GuidanceMode.NONE
    scale: float = 1.0
    delta: float = 1.0
    rescale: float = 0.0

    @property
    def is_active(self) -> bool:
        return self.mode is not GuidanceMode.NONE and self.scale != 1.0

    @property
    def needs_negative(self) -> bool:
        """Whether the denoiser must answer to the negative prompt."""
        return self.is_active and self.mode.reads_negative_prompt

    def asks_negative_at(self, position: int) -> bool:
        """Whether this slot costs a second denoiser row."""
        is_asked = self.mode is GuidanceMode.FULL or position == 0
        return self.needs_negative and is_asked

    def uses_anchor_at(self, position: int) -> bool:
        """Whether this slot's negative is the residual noise towards z."""
        is_residual = self.is_active and self.mode.is_residual
        return is_residual and not self.asks_negative_at(position)

    def moves_anchor_at(self, position: int) -> bool:
        """Whether the slot after this one has another z.

        Onetime-negative: what the negative prompt has answered, x0_from_x·x_t + x0_from_output·m;
        step-negative: what this slot has denoised, c_skip·x_t + c_out·x0.
        """
        is_onetime = self.mode is GuidanceMode.ONETIME_NEGATIVE and position == 0
        return self.is_active and (is_onetime or self.mode is GuidanceMode.STEP_NEGATIVE)


class GuidanceWeights(NamedTuple):
    """Guided x0 = cond·x0_cond + negative·x0_neg + anchor·z + x_t·x_t."""

    cond: float = 1.0
    negative: float = 0.0
    anchor: float = 0.0
    x_t: float = 0.0


def guidance_weights(guidance: Guidance, row: SlotRow, position: int) -> GuidanceWeights:
    """The weights at one slot, float64. position: the slot's index, 0 is the noisiest."""
    g, delta = guidance.scale, guidance.delta
    if row.b == 0.0:  # no noise left to guide
        return GuidanceWeights()
    if guidance.asks_negative_at(position):
        return GuidanceWeights(cond=g, negative=1.0 - g)
    if guidance.uses_anchor_at(position):
        away = (1.0 - delta) / max(row.a, MIN_SIGNAL)
        return GuidanceWeights(cond=g, anchor=(1.0 - g) * delta, x_t=(1.0 - g) * away)
    return GuidanceWeights()


def rescale_guided(guided: Tensor, cond: Tensor, phi: Tensor, spreads: Tensor) -> Tensor:
    """Give the guided x0 back the conditional one's standard deviation, by the share φ.

    It acts on x0, which is what is seen; eps follows from it.

    Shapes: guided, cond (B, C, h, w); phi (B, 1, 1, 1), 0-1; spreads (2, B, 1, 1, 1) to work in.
    Changes and returns `guided`.
    Source: Lin et al. 2023, arXiv:2305.08891, eq. 15-16.
    """
    tiny = 1e-8  # a flat latent keeps its value
    ratio, rest = spreads
    torch.std(cond, (1, 2, 3), keepdim=True, out=ratio)
    torch.std(guided, (1, 2, 3), keepdim=True, out=rest)
    ratio.add_(tiny).div_(rest.add_(tiny)).mul_(phi)
    torch.mul(phi, -1.0, out=rest).add_(1.0)
    return guided.mul_(ratio.add_(rest))
