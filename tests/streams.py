"""What the tests of the stream batch share: small frames, tickets, and a run of frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, PredictionType, Rows
from engine.diffusion.fake import LATENT_CHANNELS, FakeBackbone, FakeTextEncoder
from engine.diffusion.guidance import Guidance
from engine.diffusion.noise import make_noise
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import Finished, StreamBatch
from engine.enums import GuidanceMode
from engine.params import Sampler

torch.set_num_threads(1)  # on tensors this small, waking a second thread is the larger part

LATENT_SHAPE = (LATENT_CHANNELS, 8, 8)
TOLERANCE = 1e-5  # of the largest value; float32, two orders of the same sums
ENCODER = FakeTextEncoder()
MODES = list(GuidanceMode)


class RecordingBackbone(FakeBackbone):
    """Keeps what the denoiser was asked: (x_t, timesteps) of every call."""

    def __init__(self, prediction_type: PredictionType = PredictionType.EPSILON) -> None:
        super().__init__(prediction_type)
        self.asked: list[tuple[Tensor, list[float]]] = []

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        self.asked.append((x_t.clone(), rows[0].tolist()))
        return super().denoise(x_t, rows)


def frame(index: int) -> Tensor:
    """A clean latent, different for every index."""
    generator = torch.Generator().manual_seed(1000 + index)
    return torch.randn((1, *LATENT_SHAPE), generator=generator) * 0.7


def ticket(
    backbone: Backbone,
    num_steps: int = 4,
    mode: GuidanceMode = GuidanceMode.NONE,
    *,
    strength: float = 0.7,
    scale: float = 1.4,
    delta: float = 0.9,
    rescale: float = 0.0,
    sampler: Sampler = Sampler.AUTO,
    add_noise: bool = True,
    seed: int = 2,
    prompt: str = "neon city",
    negative_prompt: str = "fog",
    timesteps: Sequence[int] | None = None,
) -> Ticket:
    if timesteps is None:
        timesteps = choose_timesteps(backbone.info, sampler, num_steps, strength)
    return Ticket(
        schedule=make_schedule(backbone.info, sampler, timesteps, add_noise),
        conditioning=ENCODER.encode(prompt),
        noise=make_noise(seed, len(timesteps), LATENT_SHAPE),
        guidance=Guidance(mode, scale, delta, rescale),
        negative=ENCODER.encode(negative_prompt),
    )


def run(
    batch: StreamBatch, admissions: Iterable[tuple[Tensor, Ticket]], first_tag: int = 0
) -> list[list[Finished]]:
    """Admit one frame per tick, tagged by its index; the finished frames of every tick."""
    ticks: list[list[Finished]] = []
    for tag, (latent, its_ticket) in enumerate(admissions, start=first_tag):
        batch.admit(latent, its_ticket, tag)
        ticks.append(batch.tick())
    return ticks


def flush(batch: StreamBatch) -> list[Finished]:
    finished: list[Finished] = []
    while batch.in_flight:
        finished += batch.tick()
    return finished


def alone(backbone: Backbone, latent: Tensor, its_ticket: Ticket) -> Tensor:
    """The same frame through an empty batch."""
    batch = StreamBatch(backbone)
    batch.admit(latent, its_ticket)
    (finished,) = flush(batch)
    return finished.latent


def is_finite(latent: Tensor) -> bool:
    return bool(torch.isfinite(latent).all())


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())
