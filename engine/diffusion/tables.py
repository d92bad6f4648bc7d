"""A UNet in two: what its layers take from timestep and prompt, as tables, and all the rest.

Two tensors flow to every layer of diffusers' UNet: the time embedding, which each ResNet block
projects for itself, and the prompt, of which each cross-attention makes keys and values. None of it
depends on the picture. `Conditioner` computes all those projections, side by side in two tables;
`reading_copy` is the same UNet, weights shared, whose layers read their columns where they used to
compute. diffusers' forward itself stays in charge of both, and tracers see nothing but slices.
Thread: as the backbone that owns them.
"""

from __future__ import annotations

import copy
import math
from itertools import accumulate, chain, pairwise
from typing import Any

import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

from engine.errors import ModelLoadError

DISTILLED_SCALE = 8.5  # what the published LCM models are used with
PICTURE_LAYERS = (
    *("conv_in", "down_blocks", "mid_block", "up_blocks"),
    *("conv_norm_out", "conv_act", "conv_out"),
)


class Conditioner(nn.Module):
    """Timestep (B,), embeds (B, tokens, width), for SDXL pooled (B, width) → the tables.

    Returns: time (B, columns), then text (B, tokens, columns) where the UNet attends to the prompt;
    both of `dtype`. SDXL's time ids are those of a picture of the given size, uncropped.
    Source: Podell et al. 2023, arXiv:2307.01952, section 2.2 (original size, crop, target size).
    """

    scale_embedding: Tensor | None
    time_ids: Tensor

    def __init__(self, unet: Any, dtype: torch.dtype, size_px: tuple[int, int]) -> None:
        """size_px: width, height."""
        super().__init__()
        self._dtype = dtype
        self.head = _without_picture_layers(unet)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Identity() if block.skip_time_act else block.nonlinearity, projection)
            for block in _time_readers(unet)
            for projection in (block.time_emb_proj,)
        )
        self.keys_values = nn.ModuleList(
            projection for layer in _text_readers(unet) for projection in (layer.to_k, layer.to_v)
        )
        width_px, height_px = size_px
        device = next(unet.parameters()).device
        time_ids = [[height_px, width_px, 0, 0, height_px, width_px]]
        self.register_buffer("time_ids", torch.tensor(time_ids, device=device, dtype=dtype))
        self.register_buffer("scale_embedding", distilled_scale(unet, dtype))

    def forward(
        self, timestep: Tensor, embeds: Tensor, pooled: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        embeds = embeds.to(self._dtype)
        added = self._added_conditions(len(timestep), pooled)
        embedding = self._time_embedding(timestep, embeds, added)
        text = self.head.process_encoder_hidden_states(embeds, added)
        time = torch.cat([project(embedding) for project in self.blocks], dim=-1)
        if not self.keys_values:
            return (time,)
        return time, torch.cat([project(text) for project in self.keys_values], dim=-1)

    def _time_embedding(self, timestep: Tensor, embeds: Tensor, added: Any) -> Tensor:
        """(B, width), with what the family adds to it, activated."""
        head, scale = self.head, self.scale_embedding
        scale_rows = None if scale is None else scale.expand(len(timestep), -1)
        embedding = head.time_embedding(head.get_time_embed(embeds, timestep), scale_rows)
        more = head.get_aug_embed(embedding, embeds, added)
        embedding = embedding if more is None else embedding + more
        return embedding if head.time_embed_act is None else head.time_embed_act(embedding)

    def _added_conditions(self, rows: int, pooled: Tensor | None) -> dict[str, Tensor]:
        if pooled is None:
            return {}
        return {"text_embeds": pooled.to(self._dtype), "time_ids": self.time_ids.expand(rows, -1)}


class Columns(nn.Module):
    """Reads a layer's columns of a table: (…, all) → (…, stop - start)."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.start, self.stop = start, stop

    def forward(self, table: Tensor) -> Tensor:
        return table[..., self.start : self.stop]


class GivenTable(nn.Module):
    """In the place of the time embedding: the table, which comes in as the UNet's second one."""

    def forward(self, embedding: Tensor, table: Tensor) -> Tensor:
        return table


def reading_copy(unet: Any) -> Any:
    """The UNet as a reader of the tables, sharing its weights: call it by `read_tables`."""
    reader = twin(unet)
    reader.time_proj, reader.time_embedding = nn.Identity(), GivenTable()
    reader.add_embedding = reader.encoder_hid_proj = reader.time_embed_act = None
    reader.register_to_config(addition_embed_type=None)
    blocks = list(_time_readers(reader))
    for block, columns in zip(blocks, _columns([b.time_emb_proj for b in blocks]), strict=True):
        block.time_emb_proj, block.skip_time_act = columns, True
    layers = list(_text_readers(reader))
    columns_of = iter(_columns([part for layer in layers for part in (layer.to_k, layer.to_v)]))
    for layer in layers:
        layer.to_k, layer.to_v = next(columns_of), next(columns_of)
    return reader


def twin(module: Any, *shared: object) -> Any:
    """Another module with the very same weights, and the very same `shared` objects inside."""
    kept = chain(module.parameters(), module.buffers(), shared)
    return copy.deepcopy(module, {id(each): each for each in kept})


def read_tables(reader: Any, x_t: Tensor, time: Tensor, text: Tensor | None) -> Tensor:
    """x_t (B, C, h, w) with its rows of the tables → raw output, all in the UNet's dtype."""
    # The table takes the way of the distilled scale; a timestep must be given and isn't looked at.
    return reader(x_t, time[:, 0], text, timestep_cond=time, return_dict=False)[0]


def distilled_scale(unet: Any, dtype: torch.dtype) -> Tensor | None:
    """The guidance scale that fully distilled LCM models take as an input, (1, width), or None.

    Kept at their usual value; the live guidance acts outside, as for every model.
    Source: Luo et al. 2023, arXiv:2310.04378, section 4.2; the embedding is that of diffusers.
    """
    width = unet.config.time_cond_proj_dim
    if width is None:
        return None
    half = width // 2
    steps = torch.arange(half, dtype=torch.float64) / (half - 1)
    angles = 1000.0 * (DISTILLED_SCALE - 1.0) * torch.exp(-math.log(10000.0) * steps)
    embedding = torch.cat([angles.sin(), angles.cos()])[None]
    return embedding.to(dtype).to(next(unet.parameters()).device)


def _without_picture_layers(unet: Any) -> Any:
    """What timestep and prompt pass before they reach the blocks; the same modules, not copies."""
    head = copy.copy(unet)
    kept = {name: part for name, part in unet._modules.items() if name not in PICTURE_LAYERS}
    head._modules = kept
    return head


def _columns(projections: list[nn.Linear]) -> list[Columns]:
    """One after the other, as `Conditioner` lays them out."""
    ends = accumulate((part.out_features for part in projections), initial=0)
    return [Columns(start, stop) for start, stop in pairwise(ends)]


def _time_readers(unet: Any) -> list[Any]:
    blocks = [part for part in unet.modules() if isinstance(part, ResnetBlock2D)]
    return [block for block in blocks if block.time_emb_proj is not None]


def _text_readers(unet: Any) -> list[Any]:
    """Errors: ModelLoadError for cross-attention that isn't Stable Diffusion's."""
    layers = [part for part in unet.modules() if isinstance(part, Attention)]
    layers = [layer for layer in layers if layer.is_cross_attention]
    if any(layer.norm_cross or layer.added_kv_proj_dim for layer in layers):
        raise ModelLoadError(
            "This model attends to the prompt in a way that Reverie can't play; choose a model of "
            "the Stable Diffusion families."
        )
    return layers
