"""Deep features of an earlier frame, used again: only the finest layers see the new picture.

A UNet's deep blocks find the broad shapes, which hardly differ from one frame of a stream to the
next at the same slot. A whole tick keeps what enters the last block of the way up; a fine one takes
it from there. Between frames here; between the steps of one picture in the source.
Source: Ma et al. 2023, arXiv:2312.00858. Thread: as the denoiser.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from engine.diffusion.tables import twin
from engine.enums import StrEnum


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


class Reuse(StrEnum):
    """What a tick does about deep features."""

    NONE = "none"
    KEEP = "keep"
    FINE = "fine"


class ReuseClock:
    """Tells each tick what to do about deep features.

    Kept ones serve at most so many ticks in a row, and only while the very same rows say that every
    one is of the same slot and prompt as before.
    """

    def __init__(self) -> None:
        self._rows: object = None
        self._age = 0  # how many ticks have used them

    def next(self, rows: object, most: int) -> Reuse:
        """rows: one object for as long as timesteps and prompts stay. most: 0 is off."""
        if most == 0:
            self._rows = None
            return Reuse.NONE
        if rows is self._rows and self._age < most:
            self._age += 1
            return Reuse.FINE
        self._rows, self._age = rows, 0
        return Reuse.KEEP
