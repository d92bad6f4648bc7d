"""The shape of a single-file checkpoint: which family it is, and its models' configurations.

Such files hold tensors under the names of the original code (CompVis' and Stability's "ldm"), and
no configurations. Everything but a few facts of the family can be read from the tensors' shapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.enums import StrEnum
from engine.errors import ModelLoadError

Shapes = Mapping[str, tuple[int, ...]]
UNET, VAE = "model.diffusion_model.", "first_stage_model."
HEAD_WIDTH = 64  # of every attention but SD 1's


class Layout(StrEnum):
    """Kinds of checkpoint that differ in more than sizes."""

    SD1 = "SD 1.x"
    SD2 = "SD 2.x"
    SDXL = "SDXL"


@dataclass(frozen=True, slots=True)
class TextNames:
    """Where one text encoder's tensors are. is_open: in OpenCLIP's naming, not CLIP's."""

    prefix: str
    is_open: bool


TEXT_ENCODERS: dict[Layout, tuple[TextNames, ...]] = {
    Layout.SD1: (TextNames("cond_stage_model.transformer.text_model.", False),),
    Layout.SD2: (TextNames("cond_stage_model.model.", True),),
    Layout.SDXL: (
        TextNames("conditioner.embedders.0.transformer.text_model.", False),
        TextNames("conditioner.embedders.1.model.", True),
    ),
}


def layout_of(shapes: Shapes, name: str) -> Layout:
    """The family of a checkpoint, by the text encoders that it holds.

    Errors: ModelLoadError where denoiser, autoencoder or text encoder is missing or unknown.
    """
    for what, prefix in (("denoiser", UNET), ("autoencoder", VAE)):
        if not any(key.startswith(prefix) for key in shapes):
            raise ModelLoadError(
                f"{name} holds no {what} of the Stable Diffusion families; a LoRA goes into the "
                "list of LoRAs, other kinds of model can't be played."
            )
    found = [
        layout
        for layout, encoders in TEXT_ENCODERS.items()
        if all(any(key.startswith(text.prefix) for key in shapes) for text in encoders)
    ]
    if not found:
        raise ModelLoadError(
            f"{name} holds no text encoder that Reverie knows (an SDXL refiner, perhaps); choose "
            "a full checkpoint of SD 1.x, SD 2.x or SDXL."
        )
    return found[0]


def unet_config(shapes: Shapes, layout: Layout) -> dict[str, Any]:
    """The denoiser's configuration, as diffusers writes it."""
    levels = _unet_levels(shapes)
    channels = [level.channels for level in levels]
    attended = [level.depth for level in levels]
    config: dict[str, Any] = {
        "_class_name": "UNet2DConditionModel",
        "in_channels": shapes[f"{UNET}input_blocks.0.0.weight"][1],
        "out_channels": shapes[f"{UNET}out.2.weight"][0],
        "block_out_channels": channels,
        "layers_per_block": levels[0].num_layers,
        "down_block_types": [_block("Down", depth) for depth in attended],
        "up_block_types": [_block("Up", depth) for depth in reversed(attended)],
        "transformer_layers_per_block": [max(1, depth) for depth in attended],
        "cross_attention_dim": _cross_attention_width(shapes),
        "attention_head_dim": (
            8 if layout is Layout.SD1 else [max(1, width // HEAD_WIDTH) for width in channels]
        ),
        "use_linear_projection": layout is not Layout.SD1,
    }
    if layout is Layout.SDXL:
        added = shapes[f"{UNET}label_emb.0.0.weight"][1]
        pooled = shapes[f"{TEXT_ENCODERS[layout][1].prefix}text_projection"][1]
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (added - pooled) // 6,
            "projection_class_embeddings_input_dim": added,
        }
    return config


@dataclass(frozen=True, slots=True)
class _Level:
    """One resolution. depth: transformer blocks per layer, 0 without attention."""

    channels: int
    num_layers: int
    depth: int


def _unet_levels(shapes: Shapes) -> list[_Level]:
    """Walk down the input blocks; a downsampler ends a level."""
    levels: list[_Level] = []
    channels, num_layers, depth = 0, 0, 0
    for index in range(1, _count(shapes, f"{UNET}input_blocks.")):
        block = f"{UNET}input_blocks.{index}."
        if f"{block}0.op.weight" in shapes:
            levels.append(_Level(channels, num_layers, depth))
            num_layers, depth = 0, 0
            continue
        channels = shapes[f"{block}0.out_layers.3.weight"][0]
        depth = _count(shapes, f"{block}1.transformer_blocks.")
        num_layers += 1
    return [*levels, _Level(channels, num_layers, depth)]


def _block(direction: str, depth: int) -> str:
    return f"CrossAttn{direction}Block2D" if depth else f"{direction}Block2D"


def _cross_attention_width(shapes: Shapes) -> int:
    keys = (key for key in shapes if key.startswith(UNET) and key.endswith("attn2.to_k.weight"))
    return shapes[next(keys)][1]


def vae_config(shapes: Shapes, layout: Layout) -> dict[str, Any]:
    """The autoencoder's configuration. The scaling factor is a fact of the family."""
    down = f"{VAE}encoder.down."
    channels = [
        shapes[f"{down}{level}.block.0.conv1.weight"][0] for level in range(_count(shapes, down))
    ]
    is_xl = layout is Layout.SDXL
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": channels,
        "down_block_types": ["DownEncoderBlock2D"] * len(channels),
        "up_block_types": ["UpDecoderBlock2D"] * len(channels),
        "layers_per_block": _count(shapes, f"{down}0.block."),
        "latent_channels": shapes[f"{VAE}post_quant_conv.weight"][1],
        "scaling_factor": 0.13025 if is_xl else 0.18215,
        "force_upcast": is_xl,
    }


def text_configs(shapes: Shapes, layout: Layout) -> list[dict[str, Any]]:
    """The text encoders' configurations, in the order of `text_encoder`, `text_encoder_2`."""
    return [_text_config(shapes, layout, names) for names in TEXT_ENCODERS[layout]]


def _text_config(shapes: Shapes, layout: Layout, names: TextNames) -> dict[str, Any]:
    at = names.prefix
    if names.is_open:
        vocabulary, width = shapes[f"{at}token_embedding.weight"]
        positions = shapes[f"{at}positional_embedding"][0]
        inner = shapes[f"{at}transformer.resblocks.0.mlp.c_fc.weight"][0]
        projection = shapes.get(f"{at}text_projection", (width, width))[1]
        num_layers = _count(shapes, f"{at}transformer.resblocks.")
        # SD 2 was trained on the last layer but one, so diffusers leaves the last one out.
        num_layers -= layout is Layout.SD2
    else:
        vocabulary, width = shapes[f"{at}embeddings.token_embedding.weight"]
        positions = shapes[f"{at}embeddings.position_embedding.weight"][0]
        inner = shapes[f"{at}encoder.layers.0.mlp.fc1.weight"][0]
        projection = width
        num_layers = _count(shapes, f"{at}encoder.layers.")
    is_projected = names.is_open and layout is Layout.SDXL
    return {
        "architectures": ["CLIPTextModelWithProjection" if is_projected else "CLIPTextModel"],
        "model_type": "clip_text_model",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": num_layers,
        "num_attention_heads": max(1, width // HEAD_WIDTH),
        "max_position_embeddings": positions,
        "projection_dim": projection,
        "hidden_act": "gelu" if names.is_open else "quick_gelu",
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "pad_token_id": 1,
    }


def _count(shapes: Shapes, prefix: str) -> int:
    """How many numbered modules there are under a prefix."""
    pattern = re.compile(re.escape(prefix) + r"(\d+)\.")
    matches = (pattern.match(key) for key in shapes)
    return max((int(match.group(1)) + 1 for match in matches if match), default=0)
