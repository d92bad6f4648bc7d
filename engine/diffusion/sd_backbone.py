"""The Stable Diffusion families as modules of plain tensors, and as a `Backbone`.

The modules are what accelerators trace, compile or capture; everything that a call doesn't need
(output classes, keyword dictionaries, the scheduler) stays outside them. Thread: render.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.diffusion.backbone import Conditioning, ModelInfo, Rows
from engine.diffusion.feature_reuse import Passage, fine_twin, noting_twin
from engine.diffusion.recorder import ImmediateRecorder, Recorder
from engine.diffusion.tables import Conditioner, read_tables, reading_copy
from engine.diffusion.token_merging import MergeSetting, in_steps, merge_in


@dataclass(frozen=True, slots=True)
class LatentScale:
    """How a VAE's latents become the denoiser's: (z - offset) · gain.

    offset, gain: (1, 1, 1, 1) or, for fine-tunes with latent mean and std, (1, C, 1, 1).
    Source: diffusers' `AutoencoderKL` configuration.
    """

    offset: Tensor
    gain: Tensor

    @staticmethod
    def of(vae: Any) -> LatentScale:
        """Read it from a diffusers VAE."""
        config = vae.config
        offset = config.get("latents_mean") or [config.get("shift_factor") or 0.0]
        std = config.get("latents_std") or [1.0]
        device = next(vae.parameters()).device
        return LatentScale(
            torch.tensor(offset, device=device).view(1, -1, 1, 1),
            config.scaling_factor / torch.tensor(std, device=device).view(1, -1, 1, 1),
        )

    def apply(self, latent: Tensor) -> Tensor:
        """VAE latent (B, C, h, w) → scaled latent."""
        return (latent - self.offset) * self.gain

    def undo(self, latent: Tensor) -> Tensor:
        """Scaled latent (B, C, h, w) → VAE latent."""
        return latent / self.gain + self.offset


class Encoder(nn.Module):
    """Image (B, 3, H, W) RGB -1…1 float32 → scaled latent (B, C, H/f, W/f) float32.

    A KL posterior gives its mode: the same frame always becomes the same latent.
    """

    def __init__(self, vae: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.vae = vae
        self._dtype = dtype
        self._scale = LatentScale.of(vae)

    def forward(self, image: Tensor) -> Tensor:
        encoded = self.vae.encode(image.to(self._dtype), return_dict=False)[0]
        latent = encoded if isinstance(encoded, Tensor) else encoded.mode()
        return self._scale.apply(latent.float())


class Decoder(nn.Module):
    """Scaled latent (B, C, h, w) float32 → image (B, 3, H, W) RGB float32, about -1…1."""

    def __init__(self, vae: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.vae = vae
        self._dtype = dtype
        self._scale = LatentScale.of(vae)

    def forward(self, latent: Tensor) -> Tensor:
        unscaled = self._scale.undo(latent).to(self._dtype)
        return self.vae.decode(unscaled, return_dict=False)[0].float()


class Denoiser(nn.Module):
    """x_t (B, C, h, w) float32 and its rows of `tables.Conditioner` → raw output, float32."""

    def __init__(self, unet: Any, dtype: torch.dtype) -> None:
        super().__init__()
        self.unet = reading_copy(unet)
        self.merging = MergeSetting()
        self.num_merging_layers = merge_in(self.unet, self.merging)
        self._dtype = dtype

    def with_unet(self, unet: Any) -> Denoiser:
        """The same around another reader of the tables; the setting stays in common."""
        other = copy.copy(self)
        other._modules = {**self._modules, "unet": unet}
        return other

    def forward(self, x_t: Tensor, time: Tensor, text: Tensor | None = None) -> Tensor:
        if self.merging.share:
            self.merging.sides = (x_t.shape[-2], x_t.shape[-1])
        return read_tables(self.unet, x_t.to(self._dtype), time, text).float()


class KeepingDenoiser(nn.Module):
    """As `Denoiser`, and the deep features (B, channels, h, w) in the UNet's dtype."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self._passage = Passage()
        whole = noting_twin(denoiser.unet, self._passage, denoiser.merging)
        self.denoiser = denoiser.with_unet(whole)

    def forward(
        self, x_t: Tensor, time: Tensor, text: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        output = self.denoiser(x_t, time, text)
        return output, self._passage.take()


class FineDenoiser(nn.Module):
    """As `Denoiser`, with the deep features of an earlier call instead of its deep blocks."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self._passage = Passage()
        fine = fine_twin(denoiser.unet, self._passage, denoiser.merging)
        self.denoiser = denoiser.with_unet(fine)

    def forward(
        self, x_t: Tensor, features: Tensor, time: Tensor, text: Tensor | None = None
    ) -> Tensor:
        self._passage.features = features
        return self.denoiser(x_t, time, text)


class SDBackbone:
    """SD 1.x, SD 2.x, SDXL, their distillations and the house model, in PyTorch.

    recorder: an accelerator may put another one in. Thread: the render thread, inside
    `torch.inference_mode`.
    """

    def __init__(
        self,
        info: ModelInfo,
        unet: Any,
        vae: Any,
        device: torch.device,
        dtype: torch.dtype,
        size_px: tuple[int, int],
    ) -> None:
        """size_px: width, height. vae may stay in float32 while the rest is float16."""
        vae_dtype = next(vae.parameters()).dtype
        self._info, self._device, self._dtype = info, device, dtype
        self.encoder = Encoder(vae, vae_dtype)
        self.decoder = Decoder(vae, vae_dtype)
        self.conditioner = Conditioner(unet, dtype, size_px)
        self.denoiser = Denoiser(unet, dtype)
        self.keeping_denoiser = KeepingDenoiser(self.denoiser)
        self.fine_denoiser = FineDenoiser(self.denoiser)
        self.recorder: Recorder = ImmediateRecorder()

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def device(self) -> torch.device:
        return self._device

    @property
    def dtype(self) -> torch.dtype:
        return self._dtype

    def encode(self, image: Tensor) -> Tensor:
        return self.encoder(image)

    def condition(self, timestep: Tensor, conditioning: Conditioning) -> Rows:
        return self.conditioner(timestep, *conditioning_inputs(conditioning))

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        return self.denoiser(x_t, *rows)

    def denoise_keeping(self, x_t: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        return self.keeping_denoiser(x_t, *rows)

    def denoise_finely(self, x_t: Tensor, features: Tensor, rows: Rows) -> Tensor:
        return self.fine_denoiser(x_t, features, *rows)

    @property
    def num_merging_layers(self) -> int:
        return self.denoiser.num_merging_layers

    def merge_tokens(self, share: float) -> None:
        self.denoiser.merging.share = in_steps(share)

    def decode(self, latent: Tensor) -> Tensor:
        return self.decoder(latent)

    def close(self) -> None:
        self.recorder.close()


def conditioning_inputs(conditioning: Conditioning) -> tuple[Tensor, ...]:
    """The conditioner's inputs after the timestep, in order."""
    if conditioning.pooled is None:
        return (conditioning.embeds,)
    return (conditioning.embeds, conditioning.pooled)
