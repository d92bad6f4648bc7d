"""Single-file checkpoints as the original code writes them, made from diffusers models.

The renaming is written out here from the original code's module tree (CompVis' openaimodel.py and
model.py, OpenCLIP's transformer.py), independently of the one that Reverie uses.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def unet_tensors(unet: Any) -> dict[str, Tensor]:
    """The denoiser's tensors under the original names."""
    num_layers = unet.config.layers_per_block
    return {
        f"model.diffusion_model.{_unet_name(name, num_layers, unet)}": tensor
        for name, tensor in unet.state_dict().items()
    }


def _unet_name(name: str, num_layers: int, unet: Any) -> str:
    for ours, theirs in UNET_ENDS.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)
    if name.startswith("mid_block."):
        kind, index, rest = re.fullmatch(r"mid_block\.(\w+)\.(\d)\.(.*)", name).groups()
        place = 1 if kind == "attentions" else 2 * int(index)
        return f"middle_block.{place}.{_unet_part(kind, rest)}"
    side, level, kind, index, rest = re.fullmatch(
        r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*)", name
    ).groups()
    level, index = int(level), int(index)
    if side == "down":
        if kind == "downsamplers":
            return f"input_blocks.{(level + 1) * (num_layers + 1)}.0.{rest.replace('conv', 'op')}"
        block = f"input_blocks.{1 + level * (num_layers + 1) + index}"
    else:
        has_attention = hasattr(unet.up_blocks[level], "attentions")
        if kind == "upsamplers":
            last = level * (num_layers + 1) + num_layers
            return f"output_blocks.{last}.{2 if has_attention else 1}.{rest}"
        block = f"output_blocks.{level * (num_layers + 1) + index}"
    return f"{block}.{1 if kind == 'attentions' else 0}.{_unet_part(kind, rest)}"


def _unet_part(kind: str, rest: str) -> str:
    if kind == "attentions":
        return rest
    part, tensor = rest.rsplit(".", 1)
    return f"{RESNET[part]}.{tensor}"


def vae_tensors(vae: Any) -> dict[str, Tensor]:
    """The autoencoder's tensors; attention projections are 1×1 convolutions there."""
    top = len(vae.config.block_out_channels) - 1
    tensors: dict[str, Tensor] = {}
    for name, tensor in vae.state_dict().items():
        renamed = _vae_name(name, top)
        is_projection = re.search(r"attn_1\.(q|k|v|proj_out)\.weight", renamed)
        tensors[f"first_stage_model.{renamed}"] = (
            tensor[..., None, None] if is_projection else tensor
        )
    return tensors


def _vae_name(name: str, top: int) -> str:
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    if "mid_block.attentions.0." in name:
        name = name.replace("mid_block.attentions.0.", "mid.attn_1.")
        for ours, theirs in VAE_ATTENTION.items():
            name = name.replace(f".{ours}.", f".{theirs}.")
    name = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(
        r"up_blocks\.(\d)\.resnets\.", lambda found: f"up.{top - int(found[1])}.block.", name
    )
    return re.sub(
        r"up_blocks\.(\d)\.upsamplers\.0", lambda f: f"up.{top - int(f[1])}.upsample", name
    )


def clip_tensors(model: nn.Module, prefix: str) -> dict[str, Tensor]:
    """A text encoder in CLIP's own naming."""
    return {
        f"{prefix}text_model.{name.removeprefix('text_model.')}": tensor
        for name, tensor in model.state_dict().items()
    }


def open_clip_tensors(model: nn.Module, prefix: str) -> dict[str, Tensor]:
    """A text encoder in OpenCLIP's naming: q, k and v in one tensor, bare position tensor."""
    state = {name.removeprefix("text_model."): t for name, t in model.state_dict().items()}
    tensors = {
        "token_embedding.weight": state.pop("embeddings.token_embedding.weight"),
        "positional_embedding": state.pop("embeddings.position_embedding.weight"),
        "ln_final.weight": state.pop("final_layer_norm.weight"),
        "ln_final.bias": state.pop("final_layer_norm.bias"),
    }
    if "text_projection.weight" in state:
        tensors["text_projection"] = state.pop("text_projection.weight").T.contiguous()
    for name in [name for name in state if ".self_attn.q_proj." in name]:
        parts = [state.pop(name.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
        layer, tensor = re.fullmatch(r"encoder\.layers\.(\d+)\..*\.(\w+)", name).groups()
        tensors[f"transformer.resblocks.{layer}.attn.in_proj_{tensor}"] = torch.cat(parts)
    for name, tensor in state.items():
        for ours, theirs in OPEN_CLIP.items():
            name = name.replace(ours, theirs)
        tensors[name.replace("encoder.layers.", "transformer.resblocks.")] = tensor
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def write_checkpoint(
    path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None
) -> Path:
    """Save as one file; shared or strided tensors are copied."""
    save_file(
        {name: t.detach().clone().contiguous() for name, t in tensors.items()}, path, metadata
    )
    return path
