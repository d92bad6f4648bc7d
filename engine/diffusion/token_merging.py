"""Fewer tokens in self-attention: the most alike are merged before it and share its answer.

Acts where a UNet attends at its highest resolution; the others cost little. Deterministic: which
token of every 2×2 stays is fixed, ties go by place, and means are taken by a matrix product.
Source: Bolya & Hoffman 2023, arXiv:2303.17604 (there a random token of every 2×2 stays, and
likeness is that of the block's input instead of the attention's). Thread: as the denoiser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

SHARE_STEP = 0.05  # every other share is another shape; a moving slider shall meet few


@dataclass(slots=True)
class MergeSetting:
    """What the layers of one denoiser read at every call.

    share: of all tokens that are merged away, 0-0.75; 0 leaves attention alone. sides: (h, w) of
    the latent.
    """

    share: float = 0.0
    sides: tuple[int, int] = (1, 1)


def in_steps(share: float) -> float:
    """The nearest share that is used."""
    return round(share / SHARE_STEP) * SHARE_STEP


@dataclass(frozen=True, slots=True)
class Matching:
    """Which tokens stay and where the others go, per row.

    kept: (B, K) places of the tokens that stay as they are, of which the last D, the same in every
    row, are those that others may go to. merged: (B, M) places of those that go. target: (B, M) to
    which of the D.
    """

    kept: Tensor
    merged: Tensor
    target: Tensor
    num_targets: int

    def merge(self, tokens: Tensor) -> Tensor:
        """(B, N, C) → (B, K, C): each target is the mean of itself and what went to it."""
        kept = _at(tokens, self.kept)
        alone, targets = kept[:, : -self.num_targets], kept[:, -self.num_targets :]
        # one_hot would look into the tensor, which no tick may while it is recorded
        every = torch.arange(self.num_targets, device=tokens.device)
        goes = (self.target[..., None] == every).to(tokens.dtype)  # (B, M, D)
        total = targets.baddbmm(goes.mT, _at(tokens, self.merged))
        return torch.cat([alone, total / (1 + goes.sum(1))[..., None]], dim=1)

    def unmerge(self, answers: Tensor, like: Tensor) -> Tensor:
        """(B, K, C) → the shape of `like`, (B, N, C): who was merged has its target's answer."""
        targets = answers[:, -self.num_targets :]
        every = torch.empty_like(like)
        every.scatter_(1, _wide(self.kept, like), answers)
        return every.scatter_(1, _wide(self.merged, like), _at(targets, self.target))


def match(tokens: Tensor, sides: tuple[int, int], share: float) -> Matching:
    """The most alike pairs, by cosine. tokens: (B, h·w, C) row by row; sides: h, w."""
    source, target = _checkerboard(sides, tokens.device)
    unit = functional.normalize(tokens.float(), dim=-1).to(tokens.dtype)
    likeness, nearest = (unit[:, source] @ unit[:, target].mT).max(dim=-1)  # (B, S)
    num_merged = min(int(share * tokens.shape[1]), len(source))
    order = likeness.argsort(dim=-1, descending=True, stable=True)
    merged, alone = order[:, :num_merged], order[:, num_merged:].sort(dim=-1).values
    rows = len(tokens)
    kept = torch.cat([source[alone], target.expand(rows, -1)], dim=1)
    return Matching(kept, source[merged], nearest.gather(1, merged), len(target))


@cache
def _checkerboard(sides: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Places of the tokens that may go, and of the upper left one of every 2×2, which stays.

    Kept for good: nothing is copied to a device while a tick is recorded, and what was recorded
    reads them where they are.
    """
    height, width = sides
    stays = torch.zeros(height, width, dtype=torch.bool)
    stays[::2, ::2] = True
    may_go, stay = (~stays).flatten().nonzero()[:, 0], stays.flatten().nonzero()[:, 0]
    return may_go.to(device), stay.to(device)


def _wide(places: Tensor, tokens: Tensor) -> Tensor:
    return places[..., None].expand(-1, -1, tokens.shape[-1])


def _at(tokens: Tensor, places: Tensor) -> Tensor:
    return tokens.gather(1, _wide(places, tokens))


class MergingProcessor:
    """An attention processor that lets another one attend among fewer tokens."""

    def __init__(self, attend: Callable[..., Tensor], setting: MergeSetting) -> None:
        self._attend, self._setting = attend, setting

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """hidden_states: (B, N, C), attending to themselves; names are those of diffusers."""
        if self._setting.share == 0:
            return self._attend(attn, hidden_states, encoder_hidden_states, attention_mask)
        sides = _sides_of(hidden_states.shape[1], self._setting.sides)
        matching = match(hidden_states, sides, self._setting.share)
        answers = self._attend(attn, matching.merge(hidden_states))
        return matching.unmerge(answers, hidden_states)


def _sides_of(num_tokens: int, latent: tuple[int, int]) -> tuple[int, int]:
    """(h, w) of a layer with so many tokens: the latent's sides halved until it fits."""
    height, width = latent
    while height * width > num_tokens:
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width


def merge_in(unet: Any, setting: MergeSetting) -> int:
    """Let a UNet merge tokens where it attends at its highest resolution.

    Returns: in how many layers. The middle block has none of them: what attends nowhere else has
    nothing to gain.
    """
    layers = [layer for block in _finest_blocks(unet) for layer in _transformers(block)]
    for layer in layers:
        layer.attn1.set_processor(MergingProcessor(layer.attn1.processor, setting))
    return len(layers)


def _finest_blocks(unet: Any) -> list[Any]:
    """The way down's first block that attends, and the one of the way up at the same size."""
    down = [bool(getattr(block, "has_cross_attention", False)) for block in unet.down_blocks]
    if True not in down:
        return []
    level = down.index(True)
    return [unet.down_blocks[level], unet.up_blocks[-1 - level]]


def _transformers(block: Any) -> list[Any]:
    attentions: list[Any] = getattr(block, "attentions", [])
    return [layer for attention in attentions for layer in attention.transformer_blocks]
