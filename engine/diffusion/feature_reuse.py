"""Deep features of an earlier frame, used again: only the finest layers see the new picture.

A UNet's deep blocks find the broad shapes, which hardly differ from one frame of a stream to the
next at the same slot. A whole tick keeps what enters the last block of the way up; a fine one takes
it from there. Between frames here; between the steps of one picture in the source.
Source: Ma et al. 2023, arXiv:2312.00858. Thread: as the denoiser.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from engine.diffusion.backbone import KeepsFeatures, Rows
from engine.diffusion.tables import twin


class Passage:
    """Where deep features pass between one call and its layers; empty between calls."""

    def __init__(self) -> None:
        self.features: Tensor | None = None

    def take(self) -> Tensor:
        features, self.features = self.features, None
        if features is None:
            raise RuntimeError("no deep features have been put in")
        return features


class Noting(nn.Module):
    """The last block of the way up, which puts what enters it into the passage."""

    def __init__(self, block: Any, passage: Passage) -> None:
        super().__init__()
        self.block, self._passage = block, passage
        self.has_cross_attention = getattr(block, "has_cross_attention", False)

    @property
    def resnets(self) -> nn.ModuleList:
        """diffusers' forward counts them."""
        return self.block.resnets

    def forward(self, hidden_states: Tensor, **traits: Any) -> Tensor:
        self._passage.features = hidden_states
        return self.block(hidden_states=hidden_states, **traits)


class Recalling(nn.Module):
    """In the place of all that is deep: what lies in the passage."""

    def __init__(self, passage: Passage) -> None:
        super().__init__()
        self._passage = passage

    def forward(self, hidden_states: Tensor, embedding: Tensor) -> Tensor:
        return self._passage.take()


def noting_twin(unet: Any, passage: Passage, *shared: object) -> Any:
    """The whole UNet, which leaves its deep features in the passage. shared: see `twin`."""
    whole = twin(unet, *shared)
    whole.up_blocks[-1] = Noting(whole.up_blocks[-1], passage)
    return whole


def fine_twin(unet: Any, passage: Passage, *shared: object) -> Any:
    """Its first and its last block alone, with the passage between them."""
    fine = twin(unet, *shared)
    first, last = fine.down_blocks[0], fine.up_blocks[-1]
    first.downsamplers = None
    fine.down_blocks, fine.up_blocks = nn.ModuleList([first]), nn.ModuleList([last])
    fine.mid_block = Recalling(passage)
    return fine


@dataclass(frozen=True, slots=True, eq=False)
class KeptFeatures:
    """What a whole tick has kept. rows: of that tick. age: how many ticks have used it since."""

    features: Tensor
    rows: Rows
    age: int = 0


def denoise_reusing(
    backbone: KeepsFeatures, x_t: Tensor, rows: Rows, kept: KeptFeatures | None, most: int
) -> tuple[Tensor, KeptFeatures]:
    """The raw output, and what to hand over at the next tick.

    Kept features serve at most so many ticks in a row, and only while the very same `rows` say that
    every row is of the same slot and prompt as before.
    """
    if kept is not None and kept.rows is rows and kept.age < most:
        output = backbone.denoise_finely(x_t, kept.features, rows)
        return output, replace(kept, age=kept.age + 1)
    output, features = backbone.denoise_keeping(x_t, rows)
    return output, KeptFeatures(features, rows)
