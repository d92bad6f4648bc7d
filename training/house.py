"""The exported model as a performer runs it: plain functions used for judging."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from numpy.typing import NDArray
from torch import Tensor

from .codec import to_tensor
from .denoiser import guide
from .schedule import NUM_TIMESTEPS, add_noise
from .vocabulary import tokenize

Pictures = NDArray[np.uint8]


class HouseModel:
    """The shipped folder, loaded the ordinary way, float32 on the CPU."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        pipe = StableDiffusionImg2ImgPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        pipe.unet.to(memory_format=torch.channels_last)
        self.codec, self.unet, self.scheduler = pipe.vae, pipe.unet, pipe.scheduler
        self._tokenizer, self._text_encoder, self._seed = pipe.tokenizer, pipe.text_encoder, seed

    @torch.no_grad()
    def embed(self, prompt: str) -> Tensor:
        """The prompt's embedding (1, T, C)."""
        return self._text_encoder(tokenize(self._tokenizer, [prompt])).last_hidden_state

    @torch.no_grad()
    def encode(self, pictures: Pictures) -> Tensor:
        """Latents of RGB uint8 (B, H, W, 3)."""
        return self.codec.encode(to_tensor(pictures)).latents

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Picture (B, 3, H, W), -1…1 and beyond where the model overshoots."""
        return self.codec.decode(latents).sample

    def noise(self, shape: tuple[int, ...], step: int = 0) -> Tensor:
        """The same noise for every picture and frame, another for every step."""
        generator = torch.Generator().manual_seed(self._seed + step)
        return torch.randn((1, *shape[1:]), generator=generator).expand(shape)

    def paint(self, pictures: Pictures, embedding: Tensor, **settings: Any) -> Tensor:
        """Repaint pictures; returns (B, 3, H, W), unclipped. settings: as `paint_latents`."""
        return self.decode(self.paint_latents(pictures, embedding, **settings))

    @torch.no_grad()
    def paint_latents(
        self,
        pictures: Pictures,
        embedding: Tensor,
        *,
        strength: float = 1.0,
        guidance_scale: float = 1.5,
        steps: int = 1,
        full: bool = False,
        rebase: bool = True,
    ) -> Tensor:
        """The latents of repainted pictures.

        ``full`` contrasts with the empty prompt's answer (two passes). Otherwise the contrast is
        with the clean latent that each step started from (``rebase``), or always with the photo.
        """
        photo = latents = self.encode(pictures)
        empty = self.embed("")
        for step in range(steps):
            part = strength * (steps - step) / steps
            t = torch.full((len(latents),), round(part * (NUM_TIMESTEPS - 1)))
            noise = self.noise(latents.shape, step)
            x_t = add_noise(self.scheduler.alphas_cumprod, latents, noise, t)
            predicted = self.unet(x_t, t, embedding.expand(len(t), -1, -1)).sample
            if full:
                anchor = self.unet(x_t, t, empty.expand(len(t), -1, -1)).sample
            else:
                anchor = latents if rebase else photo
            latents = guide(anchor, predicted, guidance_scale)
        return latents


def to_pictures(decoded: Tensor) -> Pictures:
    """Clip and round to RGB uint8 (B, H, W, 3)."""
    scaled = decoded.clamp(-1, 1).add(1).mul(127.5).round()
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).numpy()
