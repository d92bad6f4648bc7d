"""The noise schedule: 1000 steps of which even the strongest keeps the picture's structure.

Stable Diffusion's schedule ends in pure noise, so only its first third is of use for repainting a
photo. This one ends at ``SIGMA_MAX`` times the latents' unit deviation, so that the whole range of
t, and with it the whole strength slider, is of use without any special case.
"""

from __future__ import annotations

import math

import torch
from diffusers import LCMScheduler

NUM_TIMESTEPS = 1000
SIGMA_MAX = 0.2  # noise over signal at t = 999; more costs faces and fine strokes
# The conditional prediction goes this part of the way to the look; guidance goes the rest.
DEFAULT_GUIDANCE_SCALE = 1.5
DEFAULT_RESCALE = 0.4  # keeps strong guidance from clipping


def make_scheduler() -> LCMScheduler:
    """The scheduler that ships with the model.

    With linear betas from nearly nothing, the noise grows in proportion to t.
    """
    log_alpha_bar = -math.log1p(SIGMA_MAX**2)
    return LCMScheduler(
        num_train_timesteps=NUM_TIMESTEPS,
        beta_start=1e-7,
        beta_end=-2 * log_alpha_bar / NUM_TIMESTEPS,
        beta_schedule="linear",
        prediction_type="sample",
        original_inference_steps=NUM_TIMESTEPS,
        set_alpha_to_one=False,
        steps_offset=1,
        clip_sample=False,
    )


def add_noise(
    alphas_cumprod: torch.Tensor, latents: torch.Tensor, noise: torch.Tensor, t: torch.Tensor
) -> torch.Tensor:
    """x_t of the latents (B, C, H, W) at timesteps t (B,). Source: Ho et al. 2020, eq. 4."""
    alpha_bar = alphas_cumprod[t].view(-1, 1, 1, 1)
    return alpha_bar.sqrt() * latents + (1 - alpha_bar).sqrt() * noise


def strength_of(t: torch.Tensor) -> torch.Tensor:
    """How far towards the look the model goes at t: evenly from 0 to 1."""
    return t.float() / (NUM_TIMESTEPS - 1)
