"""The stream batch against the plain textbook loop: one frame at a time, everything on eps.

The reference knows nothing of rows, tickets or x0-space guidance. P-numbers are the golden
properties of the StreamDiffusion technique (docs/architecture.md).
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.diffusion.backbone import PredictionType
from engine.diffusion.fake import FakeBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import GuidanceMode
from engine.params import Sampler
from tests.streams import (
    ENCODER,
    MODES,
    TOLERANCE,
    RecordingBackbone,
    alone,
    frame,
    relative_error,
    run,
    ticket,
)
from tests.support.denoise import denoise

G, DELTA = 1.4, 0.9
RECURRENT_MODES = [GuidanceMode.SELF_NEGATIVE, GuidanceMode.ONETIME_NEGATIVE]  # in the original


class Textbook:
    """A sequential denoiser in the letters of the papers."""

    def __init__(self, backbone: FakeBackbone, its_ticket: Ticket, sampler: Sampler) -> None:
        self.backbone, self.sampler = backbone, sampler
        self.timesteps = [row.timestep for row in its_ticket.schedule]
        self.noise = its_ticket.noise
        self.cond, self.negative = its_ticket.conditioning, its_ticket.negative

    def path(self, t: int) -> tuple[float, float]:
        if self.backbone.info.prediction_type.is_flow:
            return 1 - t / 1000, t / 1000
        if self.backbone.info.time_windows:
            noisy, clean, share = self.ends(t)
            return tuple(share * n + (1 - share) * c for n, c in zip(noisy, clean, strict=True))
        alpha_bar = float(self.backbone.info.alpha_bar[t])
        return math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)

    def ends(self, t: int) -> tuple[tuple[float, float], tuple[float, float], float]:
        """(a, b) at the ends of one of four windows of time, and how near the noisy one t is."""
        clean = t // 250 * 250
        noisy_bar, clean_bar = self.backbone.info.alpha_bar[[clean + 249, max(clean - 1, 0)]]
        noisy, clean_end = ((math.sqrt(bar), math.sqrt(1 - bar)) for bar in (noisy_bar, clean_bar))
        return noisy, clean_end, (t + 1 - clean) / 250

    def eps_of_window(self, output: Tensor, t: int) -> Tensor:
        """From γ·x_clean + √(1 - γ²)·w = x_noisy, both ends a·z + b·eps."""
        (a_s, b_s), (a_e, b_e), _ = self.ends(t)
        gamma = a_s / a_e
        return output * math.sqrt(1 - gamma**2) / (b_s - gamma * b_e)

    def eps(self, x: Tensor, t: int, prompt: object) -> Tensor:
        a, b = self.path(t)
        told = t + 1 if self.backbone.info.time_windows else t
        output = denoise(self.backbone, x, torch.tensor([float(told)]), prompt)
        return {
            PredictionType.EPSILON: lambda: output,
            PredictionType.V: lambda: a * output + b * x,
            PredictionType.SAMPLE: lambda: (x - a * output) / b,
            PredictionType.FLOW: lambda: x + (1 - b) * output,
            PredictionType.RECTIFIED_FLOW: lambda: x - (1 - b) * output,
            PredictionType.WINDOW_EPSILON: lambda: self.eps_of_window(output, t),
        }[self.backbone.info.prediction_type]()

    def next(self, x: Tensor, x0: Tensor, eps: Tensor, i: int, add_noise: bool) -> Tensor:
        t, t_next = self.timesteps[i], self.timesteps[i + 1]
        a, b = self.path(t_next)
        noise = self.noise[i + 1] if add_noise else torch.zeros_like(x)
        if self.sampler is Sampler.LCM:
            return a * self.boundary(x, x0, t) + b * noise
        if self.sampler is Sampler.TCD and add_noise:
            a_s, b_s = self.path(math.floor(0.7 * t_next))
            x_s = a_s * x0 + b_s * eps
            return a / a_s * x_s + math.sqrt(max(0, b**2 - (a / a_s * b_s) ** 2)) * noise
        return a * x0 + b * eps

    def boundary(self, x: Tensor, x0: Tensor, t: int) -> Tensor:
        if self.sampler is not Sampler.LCM:
            return x0
        tau = 10 * t
        return tau / math.sqrt(tau**2 + 0.25) * x0 + 0.25 / (tau**2 + 0.25) * x

    def run(self, z: Tensor, mode: GuidanceMode, g: float, delta: float, add_noise: bool) -> Tensor:
        a, b = self.path(self.timesteps[0])
        x, added = a * z + b * self.noise[0], self.noise[0]
        for i, t in enumerate(self.timesteps):
            a, b = self.path(t)
            eps = self.eps(x, t, self.cond)
            if mode is GuidanceMode.FULL or (mode is GuidanceMode.ONETIME_NEGATIVE and i == 0):
                opposite = self.eps(x, t, self.negative)
                z = (x - b * opposite) / a  # where the negative prompt leads; onetime keeps it
            elif mode is GuidanceMode.STEP_NEGATIVE:
                opposite = delta * added
            elif mode is not GuidanceMode.NONE:
                opposite = delta * (x - a * z) / b
            if mode is not GuidanceMode.NONE:
                eps = opposite + g * (eps - opposite)
            x0 = (x - b * eps) / a
            if i + 1 == len(self.timesteps):
                return self.boundary(x, x0, t)
            a_next, b_next = self.path(self.timesteps[i + 1])
            clean = self.boundary(x, x0, t)
            x = self.next(x, x0, eps, i, add_noise)
            added = (x - a_next * clean) / b_next
        raise AssertionError("a schedule has at least one timestep")


@pytest.mark.parametrize("num_steps", [1, 2, 3, 4])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prediction_type", list(PredictionType))
def test_p1_every_streamed_frame_equals_its_sequential_denoising(
    prediction_type: PredictionType, mode: GuidanceMode, num_steps: int
) -> None:
    backbone = FakeBackbone(prediction_type)
    its_ticket = ticket(backbone, num_steps, mode, scale=G, delta=DELTA)
    frames = [frame(k) for k in range(num_steps + 6)]
    ticks = run(StreamBatch(backbone), [(latent, its_ticket) for latent in frames])
    reference = Textbook(backbone, its_ticket, Sampler.LCM)

    assert ticks[: num_steps - 1] == [[]] * (num_steps - 1)
    for k, latent in enumerate(frames[: 1 - num_steps or None]):
        (finished,) = ticks[k + num_steps - 1]
        assert finished.tag == k
        expected = reference.run(latent, mode, G, DELTA, add_noise=True)
        assert relative_error(finished.latent, expected) <= TOLERANCE


@pytest.mark.parametrize("add_noise", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "sampler", [Sampler.LCM, Sampler.DDIM, Sampler.TURBO, Sampler.TCD, Sampler.FLOW_EULER]
)
@pytest.mark.parametrize("prediction_type", list(PredictionType))
def test_every_sampler_is_guided_as_its_textbook_form(
    prediction_type: PredictionType, sampler: Sampler, mode: GuidanceMode, add_noise: bool
) -> None:
    backbone = FakeBackbone(prediction_type)
    its_ticket = ticket(
        backbone, 4, mode, scale=G, delta=DELTA, sampler=sampler, add_noise=add_noise
    )
    reference = Textbook(backbone, its_ticket, sampler)

    expected = reference.run(frame(0), mode, G, DELTA, add_noise)

    assert relative_error(alone(backbone, frame(0), its_ticket), expected) <= TOLERANCE


@pytest.mark.parametrize("add_noise", [True, False])
@pytest.mark.parametrize("mode", RECURRENT_MODES)
def test_p5_the_original_s_stock_noise_is_our_anchor(mode: GuidanceMode, add_noise: bool) -> None:
    """s by the original's recurrence (pipeline.py 346-365, without its noise when there is none).

    It must be (x_i - a_i·z) / b_i of the x_i that our denoiser really saw, z being the input or,
    for onetime-negative, the negative prompt's x0. Boundary scalings are inert here.
    """
    backbone = RecordingBackbone()
    its_ticket = ticket(backbone, 4, mode, scale=G, delta=DELTA, add_noise=add_noise)
    alone(backbone, frame(0), its_ticket)
    book = Textbook(backbone, its_ticket, Sampler.LCM)
    seen = [x_t[:1] for x_t, _ in backbone.asked]
    a, b = book.path(book.timesteps[0])

    z, s = frame(0), its_ticket.noise[:1]
    if mode is GuidanceMode.ONETIME_NEGATIVE:
        s = book.eps(seen[0], book.timesteps[0], book.negative)
        z = (seen[0] - b * s) / a
    for i, t in enumerate(book.timesteps):
        a, b = book.path(t)
        assert relative_error(s, (seen[i] - a * z) / b) <= TOLERANCE
        if i + 1 == len(book.timesteps):
            break
        own = s if mode is GuidanceMode.ONETIME_NEGATIVE and i == 0 else DELTA * s
        guided = own + G * (book.eps(seen[i], t, book.cond) - own)
        a_next, b_next = book.path(book.timesteps[i + 1])
        fresh = its_ticket.noise[i + 1] if add_noise else torch.zeros_like(s)
        s = fresh + a_next / b_next * (b * s - b * guided) / a


@pytest.mark.parametrize("num_steps", [2, 3, 4])
def test_the_residual_of_step_negative_is_the_very_noise_that_was_added(num_steps: int) -> None:
    """The consistency sampler adds noise[i] at slot i: guidance leans on that and nothing else."""
    backbone = RecordingBackbone()
    its_ticket = ticket(backbone, num_steps, GuidanceMode.STEP_NEGATIVE, scale=G, delta=DELTA)
    ours = alone(backbone, frame(0), its_ticket)
    book = Textbook(backbone, its_ticket, Sampler.LCM)
    seen = [x_t for x_t, _ in backbone.asked]

    for i, t in enumerate(book.timesteps):
        a, b = book.path(t)
        eps = (1 - G) * DELTA * its_ticket.noise[i] + G * book.eps(seen[i], t, book.cond)
        clean = book.boundary(seen[i], (seen[i] - b * eps) / a, t)
        if i + 1 < num_steps:
            a, b = book.path(book.timesteps[i + 1])
            assert relative_error(seen[i + 1], a * clean + b * its_ticket.noise[i + 1]) <= TOLERANCE
    assert relative_error(ours, clean) <= TOLERANCE


def test_conditioning_of_the_reference_differs_so_that_guidance_is_seen() -> None:
    """A guard for this module: the negative really leads elsewhere than the prompt."""
    backbone = FakeBackbone()
    its_ticket = ticket(backbone, 1)
    x_t, t = frame(0), torch.tensor([699.0])

    towards = denoise(backbone, x_t, t, its_ticket.conditioning)
    away = denoise(backbone, x_t, t, ENCODER.encode("fog"))

    assert relative_error(towards, away) > 0.05
