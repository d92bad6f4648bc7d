"""Tiny random models of every family, written to disk as diffusers folders.

Only widths and depths are toy; classes, configurations and files are those of the real models.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    DEISMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

torch.set_num_threads(1)  # tiny tensors gain nothing from threads

TRAINED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SCHEDULERS: dict[str, Any] = {
    "house": lambda: LCMScheduler(**TRAINED, prediction_type="sample"),
    "sd1": lambda: PNDMScheduler(**TRAINED, skip_prk_steps=True, steps_offset=1),
    "sd1-lcm": lambda: LCMScheduler(**TRAINED),
    "perflow": lambda: DEISMultistepScheduler(**TRAINED),
    "rectified-flow": lambda: PNDMScheduler(**TRAINED, skip_prk_steps=True, steps_offset=1),
    "lcm": lambda: LCMScheduler(**TRAINED),
    "sdxs": lambda: EulerDiscreteScheduler(**TRAINED),
    "sd2-v": lambda: DDIMScheduler(**TRAINED, prediction_type="v_prediction", clip_sample=False),
    "sd-turbo": lambda: EulerDiscreteScheduler(**TRAINED, timestep_spacing="trailing"),
    "sdxl-lcm": lambda: LCMScheduler(**TRAINED),
    "sdxl": lambda: EulerDiscreteScheduler(**TRAINED, timestep_spacing="leading"),
    "sdxl-turbo": lambda: EulerDiscreteScheduler(**TRAINED, timestep_spacing="trailing"),
}
# Other than Stable Diffusion's own: what model_index.json says of the pipeline.
PIPELINES = {
    "rectified-flow": "RectifiedFlowPipeline",
    "lcm": "LatentConsistencyModelPipeline",
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def tokenizer(length: int = 8) -> CLIPTokenizer:
    """A tokenizer that spells every word out."""
    pieces = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{c}</w>" for c in LETTERS)]
    vocab = {piece: index for index, piece in enumerate(pieces)}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=length)


def text_config(width: int, projection: int = 16, act: str = "quick_gelu") -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=54,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=8,
        projection_dim=projection,
        hidden_act=act,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


def sd_unet(width: int = 16, is_v2: bool = False, **changes: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=[2, 4] if is_v2 else 2,
        use_linear_projection=is_v2,
        norm_num_groups=8,
        **changes,
    )


def sdxs_unet() -> UNet2DConditionModel:
    """No middle block, and no attention at the finest level."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        mid_block_type=None,
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=8,
    )


def sdxl_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2),
        cross_attention_dim=32,
        attention_head_dim=[2, 4],
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 16,
        norm_num_groups=8,
    )


def house_unet(**changes: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=8,
        out_channels=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        cross_attention_dim=16,
        addition_embed_type="text",
        addition_embed_type_num_heads=2,
        encoder_hid_dim=16,
        encoder_hid_dim_type="text_proj",
        attention_head_dim=8,
        resnet_time_scale_shift="scale_shift",
        norm_num_groups=8,
        **changes,
    )


def kl_vae(**changes: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=16,
        **changes,
    )


def tiny_vae(latent_channels: int = 4, levels: int = 2, **changes: Any) -> AutoencoderTiny:
    return AutoencoderTiny(
        latent_channels=latent_channels,
        encoder_block_out_channels=(8,) * levels,
        decoder_block_out_channels=(8,) * levels,
        num_encoder_blocks=(1,) * levels,
        num_decoder_blocks=(1,) * levels,
        **changes,
    )


def seeded(make: Callable[..., Any], *args: Any, seed: int = 0, **traits: Any) -> Any:
    """One component with weights that depend on the seed only."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make(*args, **traits)


def build(kind: str, seed: int = 0) -> dict[str, Any]:
    """The components of one family, random but the same for a seed."""
    parts = seeded(_components, kind, seed=seed)
    return {**parts, "scheduler": SCHEDULERS[kind]()}


def _components(kind: str) -> dict[str, Any]:
    if kind == "house":
        return {
            "unet": house_unet(),
            "vae": tiny_vae(8, levels=3, scaling_factor=3.0),
            "text_encoder": CLIPTextModel(text_config(16)),
            "tokenizer": tokenizer(),
        }
    if kind.startswith("sdxl"):
        return {
            "unet": sdxl_unet(),
            "vae": kl_vae(scaling_factor=0.13025, force_upcast=True),
            "text_encoder": CLIPTextModel(text_config(16)),
            "text_encoder_2": CLIPTextModelWithProjection(text_config(16, act="gelu")),
            "tokenizer": tokenizer(),
            "tokenizer_2": tokenizer(),
        }
    is_v2 = kind in ("sd2-v", "sd-turbo")
    unets = {"sdxs": sdxs_unet, "lcm": partial(sd_unet, time_cond_proj_dim=8)}
    return {
        "unet": unets.get(kind, partial(sd_unet, is_v2=is_v2))(),
        "vae": tiny_vae() if kind == "sdxs" else kl_vae(),
        "text_encoder": CLIPTextModel(text_config(16, act="gelu" if is_v2 else "quick_gelu")),
        "tokenizer": tokenizer(),
    }


def write(folder: Path, kind: str, seed: int = 0, **replaced: Any) -> Path:
    """Save one family's components as a diffusers folder and return its path."""
    parts = {**build(kind, seed), **replaced}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    usual = "StableDiffusionXLPipeline" if kind.startswith("sdxl") else "StableDiffusionPipeline"
    index = {
        "_class_name": PIPELINES.get(kind, usual),
        "force_zeros_for_empty_prompt": kind == "sdxl",
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def read_back(folder: Path) -> dict[str, Any]:
    """The components as diffusers and transformers themselves read them, but the scheduler."""
    readers: dict[str, Any] = {
        "unet": UNet2DConditionModel,
        "vae": _vae_class(folder),
        "text_encoder": CLIPTextModel,
        "text_encoder_2": CLIPTextModelWithProjection,
        "tokenizer": CLIPTokenizer,
        "tokenizer_2": CLIPTokenizer,
    }
    return {
        name: reader.from_pretrained(folder / name)
        for name, reader in readers.items()
        if (folder / name).is_dir()
    }


def _vae_class(folder: Path) -> Any:
    config = json.loads((folder / "vae" / "config.json").read_text())
    return AutoencoderTiny if config["_class_name"] == "AutoencoderTiny" else AutoencoderKL
