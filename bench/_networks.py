"""What the comparison runs on: the house model, and random weights of the families' true sizes.

Random weights measure speed as well as trained ones and need no download; no picture is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.backbone import Conditioning, Family, ModelInfo, PredictionType
from engine.diffusion.find_model import load_model
from engine.diffusion.loader import TextEncoder, quiet
from engine.diffusion.model_info import alpha_bar_of
from engine.params import Sampler
from engine.renderer import RenderSpec

TRAINED: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
}
SEED = 0
NUM_TOKENS = 77
CONTRAST = 0.4  # standard deviation of a random picture, of -1…1


@dataclass(frozen=True)
class Network:
    """One model for every contender: the same modules, the same words."""

    name: str
    info: ModelInfo
    unet: Any
    vae: Any
    text: TextEncoder
    has_random_weights: bool


class SeededText:
    """A text encoder for random networks: any prompt is its own seeded row."""

    def __init__(self, width: int, pooled_width: int | None, place: Placement) -> None:
        self._width, self._pooled_width, self._device = width, pooled_width, place.device

    def encode(self, prompt: str, is_negative: bool = False) -> Conditioning:
        generator = torch.Generator().manual_seed(2 * len(prompt) + is_negative)
        embeds = torch.randn(1, NUM_TOKENS, self._width, generator=generator).to(self._device)
        if self._pooled_width is None:
            return Conditioning(embeds)
        pooled = torch.randn(1, self._pooled_width, generator=generator).to(self._device)
        return Conditioning(embeds, pooled)


def _unet_18m() -> UNet2DConditionModel:
    """Stable Diffusion's layout at 18 million parameters, for processors."""
    return UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(64, 96, 192, 256),
        layers_per_block=1,
        cross_attention_dim=256,
    )


def _unet_sd15() -> UNet2DConditionModel:
    return UNet2DConditionModel(sample_size=64, cross_attention_dim=768)


def _unet_sd_turbo() -> UNet2DConditionModel:
    heads: Any = [5, 10, 20, 20]
    return UNet2DConditionModel(
        sample_size=64,
        cross_attention_dim=1024,
        attention_head_dim=heads,
        use_linear_projection=True,
    )


def _unet_sdxl() -> UNet2DConditionModel:
    heads: Any = [5, 10, 20]
    return UNet2DConditionModel(
        sample_size=128,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(320, 640, 1280),
        transformer_layers_per_block=(1, 2, 10),
        attention_head_dim=heads,
        cross_attention_dim=2048,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    )


def _small_codec() -> AutoencoderTiny:
    """The tiny autoencoder at a quarter of its width, beside the 18 M network."""
    widths = (16, 16, 16, 16)
    return AutoencoderTiny(encoder_block_out_channels=widths, decoder_block_out_channels=widths)


HOUSE = "house"
RANDOM: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "unet-18m": (_unet_18m, _small_codec),
    "sd1.5": (_unet_sd15, AutoencoderTiny),
    "sd-turbo": (_unet_sd_turbo, AutoencoderTiny),
    "sdxl-turbo": (_unet_sdxl, AutoencoderTiny),
}


def make_network(name: str, place: Placement) -> Network:
    """The network of that name. Errors: KeyError for one that is unknown."""
    return _house(place) if name == HOUSE else random_network(name, *RANDOM[name], place)


def _house(place: Placement) -> Network:
    model = load_model(RenderSpec(HOUSE), place, lambda progress: None)
    return Network(HOUSE, model.info, model.unet, model.vae, model.text_encoder, False)


def random_network(
    name: str, make_unet: Callable[[], Any], make_vae: Callable[[], Any], place: Placement
) -> Network:
    """Random modules, made on the device itself: two billion numbers take long elsewhere."""
    with torch.random.fork_rng(), place.device, quiet():
        torch.manual_seed(SEED)
        unet, vae = (
            make().eval().requires_grad_(False).to(place.dtype) for make in (make_unet, make_vae)
        )
        _give_contrast(vae)
    is_xl = unet.config.addition_embed_type == "text_time"
    info = ModelInfo(
        name=name,
        family=Family.SDXL if is_xl else Family.SD,
        prediction_type=PredictionType.EPSILON,
        alpha_bar=alpha_bar_of(TRAINED, name),
        latent_channels=unet.config.in_channels,
        vae_scale_factor=2 ** (len(vae.config.block_out_channels) - 1),
        sampler=Sampler.LCM,
    )
    pooled_width = _pooled_width(unet.config) if is_xl else None
    text = SeededText(unet.config.cross_attention_dim, pooled_width, place)
    return Network(name, info, unet, vae, text, True)


def _give_contrast(vae: Any) -> None:
    """Random decoders paint nearly black, where eight bits hide every difference: spread it out."""
    last = vae.decoder.layers[-1]
    latent = torch.randn(1, vae.config.latent_channels, 16, 16, dtype=vae.dtype)
    last.weight.mul_(CONTRAST / vae.decode(latent).sample.std())
    last.bias.sub_(vae.decode(latent).sample.mean() / 2)  # the decoder's last step doubles


def _pooled_width(config: Any) -> int:
    """What the six time ids leave of the denoiser's second input."""
    return config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
