"""A tiny deterministic backbone for tests and benchmarks of everything around the model."""

from __future__ import annotations

import zlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.diffusion.backbone import Conditioning, Family, ModelInfo, PredictionType, Rows
from engine.diffusion.recorder import ImmediateRecorder, Recorder
from engine.diffusion.schedule import FLOW_TIMESTEPS
from engine.diffusion.time_windows import noise_of_window, signal_and_noise
from engine.params import Sampler

SCALE_FACTOR = 2  # pixels per latent cell, along each side
LATENT_CHANNELS = 3 * SCALE_FACTOR**2
NUM_TOKENS, WIDTH = 4, 8


def stable_diffusion_alpha_bar() -> NDArray[np.float64]:
    """SD's schedule: betas linear in their square roots from 0.00085 to 0.012."""
    roots = np.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=np.float64)
    return np.cumprod(1.0 - roots**2, dtype=np.float64)


class FakeBackbone:
    """Folds pixels into latents and back exactly; "denoises" to a softened, tinted picture.

    Its clean estimate depends on x_t, the timestep and every value of the prompt embedding, not
    on the prediction type: all types paint the same picture.
    alpha_bar: Stable Diffusion's when left out.
    calls: the batch sizes that `denoise` was asked for.
    """

    def __init__(
        self,
        prediction_type: PredictionType = PredictionType.EPSILON,
        sampler: Sampler = Sampler.LCM,
        seed: int = 0,
        alpha_bar: NDArray[np.float64] | None = None,
    ) -> None:
        self.info = ModelInfo(
            name="fake",
            family=Family.SD,
            prediction_type=prediction_type,
            alpha_bar=stable_diffusion_alpha_bar() if alpha_bar is None else alpha_bar,
            latent_channels=LATENT_CHANNELS,
            vae_scale_factor=SCALE_FACTOR,
            sampler=sampler,
            time_windows=4 if prediction_type is PredictionType.WINDOW_EPSILON else 0,
        )
        self.device = torch.device("cpu")
        self.dtype = torch.float32
        self.recorder: Recorder = ImmediateRecorder()
        self._alpha_bar = torch.as_tensor(self.info.alpha_bar)
        self.calls: list[int] = []
        generator = torch.Generator().manual_seed(seed)
        channels = (LATENT_CHANNELS, LATENT_CHANNELS)
        self._soften = torch.randn(*channels, 3, 3, generator=generator) * 0.02
        self._soften[:, :, 1, 1] += 0.6 * torch.eye(LATENT_CHANNELS)
        self._tint = torch.randn(NUM_TOKENS * WIDTH, LATENT_CHANNELS, generator=generator) * 0.15

    def encode(self, image: Tensor) -> Tensor:
        return functional.pixel_unshuffle(image.float(), SCALE_FACTOR)

    def decode(self, latent: Tensor) -> Tensor:
        return functional.pixel_shuffle(latent, SCALE_FACTOR)

    def close(self) -> None:
        """Nothing runs in the background."""

    def condition(self, timestep: Tensor, conditioning: Conditioning) -> Rows:
        return timestep, conditioning.embeds

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        timestep, embeds = rows
        self.calls.append(len(x_t))
        a, b, window_noise = self._path(timestep)
        tint = embeds.flatten(1) @ self._tint  # (B, C)
        softened = functional.conv2d(x_t / (a + b), self._soften, padding=1)
        x0 = torch.tanh(softened + tint[..., None, None] * (0.5 + timestep / 1000).view(a.shape))
        eps = (x_t - a * x0) / b
        outputs = {
            PredictionType.EPSILON: eps,
            PredictionType.V: a * eps - b * x0,
            PredictionType.SAMPLE: x0,
            PredictionType.FLOW: eps - x0,
            PredictionType.RECTIFIED_FLOW: x0 - eps,
            PredictionType.WINDOW_EPSILON: eps / window_noise,
        }
        return outputs[self.info.prediction_type]

    def _path(self, timestep: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Signal, noise and what of the noise is 1 of the window's, each (B, 1, 1, 1)."""
        window_noise = torch.ones_like(timestep)
        if self.info.prediction_type.is_flow:
            b = (timestep / FLOW_TIMESTEPS).clamp_min(1e-3)
            a = 1.0 - b
        elif self.info.time_windows:
            schedule = self.info.alpha_bar, self.info.time_windows
            times = [int(t) - 1 for t in timestep]
            a, b = torch.tensor([signal_and_noise(*schedule, t) for t in times]).T
            window_noise = torch.tensor([noise_of_window(*schedule, t) for t in times])
        else:
            alpha_bar = self._alpha_bar[timestep.long()]
            a, b = alpha_bar.sqrt().float(), (1.0 - alpha_bar).sqrt().float()
        return a.view(-1, 1, 1, 1), b.view(-1, 1, 1, 1), window_noise.view(-1, 1, 1, 1)


class FakeTextEncoder:
    """A fixed random embedding for every text; the empty prompt is all zeros."""

    def encode(self, prompt: str) -> Conditioning:
        generator = torch.Generator().manual_seed(zlib.crc32(prompt.encode()))
        embeds = torch.randn(1, NUM_TOKENS, WIDTH, generator=generator)
        return Conditioning(embeds if prompt else torch.zeros_like(embeds))
