"""What the denoiser takes beside the picture is computed when timesteps or prompts change."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.diffusion.backbone import Conditioning, Rows
from engine.diffusion.fake import FakeBackbone
from engine.diffusion.guidance import Guidance
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import GuidanceMode
from tests.streams import ENCODER, LATENT_SHAPE, frame, run, ticket

NUM_STEPS = 3


class CountingBackbone(FakeBackbone):
    """Counts how often it was asked for rows."""

    asked = 0

    def condition(self, timestep: Tensor, conditioning: Conditioning) -> Rows:
        self.asked += 1
        return super().condition(timestep, conditioning)


def steady(backbone: CountingBackbone) -> tuple[StreamBatch, Ticket]:
    """A full batch, and the ticket of all its frames."""
    its_ticket = ticket(backbone, NUM_STEPS, GuidanceMode.FULL)
    batch = StreamBatch(backbone)
    run(batch, [(frame(k), its_ticket) for k in range(NUM_STEPS)])
    backbone.asked = 0
    return batch, its_ticket


def tick_with(batch: StreamBatch, its_ticket: Ticket) -> None:
    run(batch, [(frame(9), its_ticket)])


def test_a_steady_stream_never_asks_again() -> None:
    backbone = CountingBackbone()
    batch, its_ticket = steady(backbone)
    for _ in range(5):
        tick_with(batch, its_ticket)
    assert backbone.asked == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"guidance": Guidance(GuidanceMode.FULL, 2.0, 0.5, 0.3)},
        {"noise": torch.ones(NUM_STEPS, *LATENT_SHAPE)},
    ],
    ids=["guidance", "noise"],
)
def test_guidance_and_noise_move_without_asking_again(changes: dict[str, object]) -> None:
    backbone = CountingBackbone()
    batch, its_ticket = steady(backbone)
    for _ in range(NUM_STEPS):
        tick_with(batch, replace(its_ticket, **changes))
    assert backbone.asked == 0


def test_every_tick_asks_until_all_frames_have_the_new_prompt() -> None:
    backbone = CountingBackbone()
    batch, its_ticket = steady(backbone)
    changed = replace(its_ticket, conditioning=ENCODER.encode("a quiet lake"))
    for _ in range(NUM_STEPS + 3):
        tick_with(batch, changed)
    assert backbone.asked == NUM_STEPS
