"""The denoiser and the text encoder as one trainable module, and the sums around it."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from .codec import LATENT_CHANNELS
from .progress import load_checkpoint
from .schedule import DEFAULT_RESCALE
from .vocabulary import WIDTH as TEXT_WIDTH
from .vocabulary import make_text_encoder, write_tokenizer


def make_unet() -> UNet2DConditionModel:
    """An untrained denoiser: three levels, text by scale and shift, attention in the middle."""
    return UNet2DConditionModel(
        sample_size=64,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(48, 96, 128),
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * 3,
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("UpBlock2D",) * 3,
        norm_num_groups=16,
        attention_head_dim=4,
        cross_attention_dim=TEXT_WIDTH,
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
        resnet_time_scale_shift="scale_shift",
    ).to(memory_format=torch.channels_last)


class Painter(nn.Module):
    """Text encoder and denoiser as one trainable module."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.text_encoder: CLIPTextModel = make_text_encoder(tokenizer)
        self.unet = make_unet()

    def embed(self, tokens: Tensor) -> Tensor:
        """Token numbers (B, T) to the prompt embedding (B, T, C)."""
        return self.text_encoder(tokens).last_hidden_state

    def forward(self, x_t: Tensor, t: Tensor, embedding: Tensor) -> Tensor:
        """The clean latent that the denoiser sees, float32."""
        with torch.autocast("cpu", torch.bfloat16):
            return self.unet(x_t, t, embedding).sample.float()


def slerp(first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Blend embeddings (B, T, C) token by token along the arc between them.

    ``weight`` (B,) 0 gives the first. Lengths are blended linearly, so a blend keeps the norm.
    """
    weight = weight.view(-1, 1, 1)
    cosine = functional.cosine_similarity(first, second, dim=-1).clamp(-0.9995, 0.9995)
    angle = cosine.acos().unsqueeze(-1)
    lengths = torch.lerp(
        first.norm(dim=-1, keepdim=True), second.norm(dim=-1, keepdim=True), weight
    )
    arc = (
        functional.normalize(first, dim=-1) * ((1 - weight) * angle).sin()
        + functional.normalize(second, dim=-1) * (weight * angle).sin()
    ) / angle.sin()
    return arc * lengths


def guide(
    start: Tensor, predicted: Tensor, scale: Tensor | float, rescale: float = DEFAULT_RESCALE
) -> Tensor:
    """Move away from the latents that the step started from by ``scale``, then rescale.

    ``rescale`` (φ, 0-1) draws the deviation of each picture back to the prediction's own. Source:
    Lin et al. 2023, arXiv:2305.08891, eq. 15-16.
    """
    guided = start + scale * (predicted - start)
    deviation = predicted.std((1, 2, 3), keepdim=True) / guided.std((1, 2, 3), keepdim=True)
    return guided * (1 + rescale * (deviation - 1))


def load_painter(work: Path, name: str = "denoiser") -> Painter:
    """The averaged weights of a checkpoint, frozen."""
    painter = Painter(write_tokenizer(work / "tokenizer"))
    painter.load_state_dict(load_checkpoint(work / "checkpoints" / f"{name}.pt")["average"])
    return painter.eval().requires_grad_(False)
