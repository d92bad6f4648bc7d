"""What the catalogue says of sampling, against what the publishers' own code does.

Tolerance 1e-5 of the largest value: both sides compute in float32, in a different order.
"""

from __future__ import annotations

from dataclasses import replace

import diffusers
import pytest
import torch
from torch import Tensor

from engine.diffusion.backbone import ModelInfo, PredictionType
from engine.diffusion.catalogue import Recipe
from engine.diffusion.fake import FakeBackbone, FakeTextEncoder
from engine.diffusion.known_models import CATALOGUE
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.params import Sampler
from tests.streams import relative_error
from tests.support.denoise import denoise
from tests.support.perflow import PeRFlow

# diffusers turns tensors into arrays in a way that numpy 2 deprecates
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

TRAINED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SHAPE = (1, 12, 8, 8)
PROMPT = FakeTextEncoder().encode("a lighthouse")


def backbone_of(recipe: Recipe) -> FakeBackbone:
    """A small nonlinear model that wants to be sampled as the recipe says."""
    prediction_type = recipe.prediction_type or PredictionType.EPSILON
    backbone = FakeBackbone(prediction_type, recipe.sampler or Sampler.TURBO)
    backbone.info = replace(
        backbone.info, timestep_grid=recipe.timestep_grid, timestep_share=recipe.timestep_share
    )
    return backbone


def timesteps_of(info: ModelInfo, steps: int, strength: float = 1.0) -> tuple[int, ...]:
    return choose_timesteps(info, Sampler.AUTO, steps, strength)


def ask(backbone: FakeBackbone, x_t: Tensor, timestep: float) -> Tensor:
    return denoise(backbone, x_t, torch.tensor([float(timestep)]), PROMPT)


def paint(backbone: FakeBackbone, steps: int, latent: Tensor, noise: list[Tensor]) -> Tensor:
    timesteps = timesteps_of(backbone.info, steps)
    stream = StreamBatch(backbone)
    schedule = make_schedule(backbone.info, Sampler.AUTO, timesteps)
    stream.admit(latent, Ticket(schedule, PROMPT, torch.cat(noise)))
    finished = stream.tick()
    while not finished:
        finished = stream.tick()
    return finished[-1].latent


def draws(seed: int, count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(SHAPE, generator=generator) for _ in range(count)]


@pytest.mark.parametrize("name", ["sdxl-lightning", "sdxl-dmd2", "nitro-vibrant"])
def test_models_of_four_timesteps_are_asked_about_no_other(name: str) -> None:
    info = backbone_of(CATALOGUE[name].recipe).info
    assert timesteps_of(info, 4) == (999, 749, 499, 249)
    reached = {
        t
        for steps in range(1, 9)
        for strength in range(101)
        for t in timesteps_of(info, steps, strength / 100)
    }
    assert reached == {0, 249, 499, 749, 999}


@pytest.mark.parametrize("name", ["sdxs", "instaflow"])
def test_models_of_one_timestep_start_from_noise_or_leave_the_picture_alone(name: str) -> None:
    info = backbone_of(CATALOGUE[name].recipe).info
    reached = {timesteps_of(info, steps, s / 100) for steps in range(1, 9) for s in range(101)}
    assert reached == {(0,), (999,)}


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_lightning_is_sampled_as_by_eulers_trailing_scheduler(steps: int) -> None:
    scheduler = diffusers.EulerDiscreteScheduler(**TRAINED, timestep_spacing="trailing")
    scheduler.set_timesteps(steps)
    backbone = backbone_of(CATALOGUE["sdxl-lightning"].recipe)
    latent, noise = draws(1, 1)[0], draws(2, 1) * steps

    assert list(timesteps_of(backbone.info, steps)) == scheduler.timesteps.tolist()
    x_sigma = latent + scheduler.sigmas[0] * noise[0]
    for t in scheduler.timesteps:
        output = ask(backbone, scheduler.scale_model_input(x_sigma, t), t)
        x_sigma = scheduler.step(output, t, x_sigma).prev_sample

    assert relative_error(paint(backbone, steps, latent, noise), x_sigma) <= 1e-5


def test_dmd2_is_sampled_as_on_its_model_card() -> None:
    """LCM's scheduler with the timesteps 999, 749, 499 and 249, not its own."""
    scheduler = diffusers.LCMScheduler(**TRAINED)
    backbone = backbone_of(CATALOGUE["sdxl-dmd2"].recipe)
    latent, noise = draws(1, 1)[0], [*draws(2, 1), *draws(3, 3)]

    scheduler.set_timesteps(timesteps=[999, 749, 499, 249])
    x_t = scheduler.add_noise(latent, noise[0], torch.tensor([999]))
    generator = torch.Generator().manual_seed(3)
    for t in scheduler.timesteps:
        x_t = scheduler.step(ask(backbone, x_t, t), t, x_t, generator=generator).prev_sample

    assert relative_error(paint(backbone, 4, latent, noise), x_t) <= 1e-5


@pytest.mark.parametrize(("name", "told"), [("nitro-realism", 250), ("nitro-vibrant", 500)])
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_nitro_is_told_less_noise_than_there_is(name: str, told: int, steps: int) -> None:
    """As its scheduler with shifted timesteps: noise of t, the model is told t·told/1000."""
    scheduler = diffusers.LCMScheduler(**TRAINED, original_inference_steps=4)
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.clone()
    shifted = (timesteps * told / 1000).long()
    backbone = backbone_of(CATALOGUE[name].recipe)
    latent, noise = draws(1, 1)[0], [*draws(2, 1), *draws(3, steps - 1)]

    assert list(timesteps_of(backbone.info, steps)) == timesteps.tolist()
    x_t = scheduler.add_noise(latent, noise[0], timesteps[:1])
    generator = torch.Generator().manual_seed(3)
    for t, t_told in zip(timesteps, shifted, strict=True):
        output = ask(backbone, x_t, t_told)
        x_t = scheduler.step(output, t, x_t, generator=generator).prev_sample

    assert relative_error(paint(backbone, steps, latent, noise), x_t) <= 1e-5


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_rectified_flow_walks_straight_towards_the_data(steps: int) -> None:
    """x + dt·v, v = data - noise, time told as 1000·(noise's share): arXiv:2309.06380, eq. 2."""
    backbone = backbone_of(CATALOGUE["rectified-flow"].recipe)
    latent, noise = draws(1, 1)[0], draws(2, 1) * steps
    sigmas = [t / 1000 for t in timesteps_of(backbone.info, steps)]

    x_t = (1 - sigmas[0]) * latent + sigmas[0] * noise[0]
    for sigma, next_sigma in zip(sigmas, [*sigmas[1:], 0.0], strict=True):
        x_t = x_t + (sigma - next_sigma) * ask(backbone, x_t, 1000 * sigma)

    assert relative_error(paint(backbone, steps, latent, noise), x_t) <= 1e-5
    assert timesteps_of(backbone.info, 1) == (999,)


def perflow_backbone(prediction_type: PredictionType) -> FakeBackbone:
    alpha_bar = diffusers.DDIMScheduler(**TRAINED).alphas_cumprod.double().numpy()
    alpha_bar[0] = 1.0
    backbone = FakeBackbone(prediction_type, Sampler.FLOW_EULER, alpha_bar=alpha_bar)
    backbone.info = replace(backbone.info, time_windows=4)
    return backbone


@pytest.mark.parametrize("prediction_type", [PredictionType.WINDOW_EPSILON, PredictionType.EPSILON])
@pytest.mark.parametrize("steps", [4, 5, 6, 7, 8])
def test_perflow_is_sampled_as_by_its_authors_scheduler(
    prediction_type: PredictionType, steps: int
) -> None:
    backbone = perflow_backbone(prediction_type)
    reference = PeRFlow(backbone.info.alpha_bar, prediction_type)
    latent, noise = draws(1, 1)[0], draws(2, 1) * steps
    times = reference.times(steps)

    assert [t + 1 for t in timesteps_of(backbone.info, steps)] == times
    first = reference.alpha_bar[999]
    x_t = first**0.5 * latent + (1 - first) ** 0.5 * noise[0]
    for time, next_time in zip(times, [*times[1:], 0], strict=True):
        velocity = reference.velocity(x_t, ask(backbone, x_t, time), time)
        x_t = x_t + (next_time - time) / 1000 * velocity

    assert relative_error(paint(backbone, steps, latent, noise), x_t) <= 1e-5
