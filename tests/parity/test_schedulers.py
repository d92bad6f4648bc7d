"""Our rows of constants against diffusers' own schedulers, through the same nonlinear model.

Tolerance 1e-5 of the largest value: both sides compute in float32, in a different order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import diffusers
import numpy as np
import pytest
import torch
from torch import Tensor

from engine.diffusion.backbone import ModelInfo, PredictionType
from engine.diffusion.fake import FakeBackbone, FakeTextEncoder
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.params import Sampler
from tests.streams import relative_error
from tests.support.denoise import denoise

# diffusers turns tensors into arrays in a way that numpy 2 deprecates
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STABLE_DIFFUSION = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}
SHAPE = (1, 12, 8, 8)
PROMPT = FakeTextEncoder().encode("a lighthouse")
VARIANCE_PRESERVING = [PredictionType.EPSILON, PredictionType.V, PredictionType.SAMPLE]
T_INDEX_LISTS = [[0], [32], [49], [0, 16, 32, 45], [22, 32, 45], [35, 45], [10, 11, 12], [0, 49]]
Step = Callable[[Tensor, Tensor, Tensor], Tensor]  # output, timestep, x_t → x_t of the next


def draw(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def draws_of(seed: int, count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(SHAPE, generator=generator) for _ in range(count)]


def backbone_like(
    scheduler: diffusers.SchedulerMixin, prediction_type: PredictionType, sampler: Sampler
) -> FakeBackbone:
    alpha_bar = scheduler.alphas_cumprod.double().numpy()
    return FakeBackbone(prediction_type, sampler, alpha_bar=alpha_bar)


def run_ours(
    backbone: FakeBackbone,
    timesteps: Sequence[int],
    latent: Tensor,
    noise: list[Tensor],
    add_noise: bool = True,
) -> Tensor:
    schedule = make_schedule(backbone.info, Sampler.AUTO, timesteps, add_noise)
    batch = StreamBatch(backbone)
    batch.admit(latent, Ticket(schedule, PROMPT, torch.cat(noise)))
    for _ in timesteps[1:]:
        assert batch.tick() == []
    (finished,) = batch.tick()
    return finished.latent


def run_model(backbone: FakeBackbone, x_t: Tensor, timestep: float) -> Tensor:
    return denoise(backbone, x_t, torch.tensor([float(timestep)]), PROMPT)


@pytest.mark.parametrize("prediction_type", VARIANCE_PRESERVING)
@pytest.mark.parametrize("t_index_list", T_INDEX_LISTS)
def test_lcm_rows_give_what_the_lcm_scheduler_gives(
    prediction_type: PredictionType, t_index_list: list[int]
) -> None:
    scheduler = diffusers.LCMScheduler(**STABLE_DIFFUSION, prediction_type=prediction_type)
    scheduler.set_timesteps(50)
    timesteps = [int(scheduler.timesteps[index]) for index in t_index_list]
    backbone = backbone_like(scheduler, prediction_type, Sampler.LCM)
    latent, noise = draw(1), [draw(2), *draws_of(3, len(timesteps) - 1)]

    scheduler.set_timesteps(timesteps=timesteps)
    generator = torch.Generator().manual_seed(3)
    x_t = scheduler.add_noise(latent, noise[0], torch.tensor(timesteps[:1]))
    for t in scheduler.timesteps:
        output = run_model(backbone, x_t, t)
        x_t = scheduler.step(output, t, x_t, generator=generator).prev_sample

    assert relative_error(run_ours(backbone, timesteps, latent, noise), x_t) <= 1e-5


@pytest.mark.parametrize("add_noise", [True, False])
@pytest.mark.parametrize("prediction_type", VARIANCE_PRESERVING)
@pytest.mark.parametrize("t_index_list", T_INDEX_LISTS)
def test_tcd_rows_give_what_the_tcd_scheduler_gives(
    prediction_type: PredictionType, t_index_list: list[int], add_noise: bool
) -> None:
    """Without noise TCD's eta is 0. Its last step ends at alpha_bar[0]; ours at the clean end."""
    scheduler = diffusers.TCDScheduler(**STABLE_DIFFUSION, prediction_type=prediction_type)
    scheduler.alphas_cumprod[0] = 1.0
    scheduler.set_timesteps(50)
    timesteps = [int(scheduler.timesteps[index]) for index in t_index_list]
    backbone = backbone_like(scheduler, prediction_type, Sampler.TCD)
    latent, noise = draw(1), [draw(2), *draws_of(3, len(timesteps) - 1)]

    scheduler.set_timesteps(timesteps=timesteps)
    generator = torch.Generator().manual_seed(3)
    eta = 0.3 if add_noise else 0.0
    x_t = scheduler.add_noise(latent, noise[0], torch.tensor(timesteps[:1]))
    for t in scheduler.timesteps:
        output = run_model(backbone, x_t, t)
        x_t = scheduler.step(output, t, x_t, eta=eta, generator=generator).prev_sample

    ours = run_ours(backbone, timesteps, latent, noise, add_noise)
    assert relative_error(ours, x_t) <= 1e-5


@pytest.mark.parametrize("prediction_type", VARIANCE_PRESERVING)
@pytest.mark.parametrize(
    ("num_inference_steps", "first"), [(1, 0), (2, 0), (4, 0), (8, 0), (10, 4), (50, 46), (20, 17)]
)
def test_ddim_rows_give_what_the_ddim_scheduler_gives(
    prediction_type: PredictionType, num_inference_steps: int, first: int
) -> None:
    scheduler = diffusers.DDIMScheduler(
        **STABLE_DIFFUSION,
        prediction_type=prediction_type,
        clip_sample=False,
        timestep_spacing="trailing",
        set_alpha_to_one=True,
    )
    scheduler.set_timesteps(num_inference_steps)
    timesteps = [int(t) for t in scheduler.timesteps[first:]]
    backbone = backbone_like(scheduler, prediction_type, Sampler.DDIM)
    latent, noise = draw(1), [draw(2)] * len(timesteps)

    x_t = scheduler.add_noise(latent, noise[0], torch.tensor(timesteps[:1]))
    for t in timesteps:
        x_t = scheduler.step(run_model(backbone, x_t, t), t, x_t).prev_sample

    assert relative_error(run_ours(backbone, timesteps, latent, noise), x_t) <= 1e-5


@pytest.mark.parametrize("prediction_type", [PredictionType.EPSILON, PredictionType.V])
@pytest.mark.parametrize("num_inference_steps", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("strength", [0.3, 0.5, 1.0])
def test_turbo_rows_give_what_the_trailing_euler_scheduler_gives(
    prediction_type: PredictionType, num_inference_steps: int, strength: float
) -> None:
    scheduler = diffusers.EulerDiscreteScheduler(
        **STABLE_DIFFUSION, prediction_type=prediction_type, timestep_spacing="trailing"
    )
    backbone = backbone_like(scheduler, prediction_type, Sampler.TURBO)
    timesteps = choose_timesteps(backbone.info, Sampler.AUTO, num_inference_steps, strength)
    latent, noise = draw(1), [draw(2)] * len(timesteps)

    scheduler.set_timesteps(timesteps=list(timesteps))
    x_sigma = latent + scheduler.sigmas[0] * noise[0]
    for t in scheduler.timesteps:
        x_t = scheduler.scale_model_input(x_sigma, t)
        x_sigma = scheduler.step(run_model(backbone, x_t, t), t, x_sigma).prev_sample

    assert relative_error(run_ours(backbone, timesteps, latent, noise), x_sigma) <= 1e-5


@pytest.mark.parametrize(
    "timesteps", [[999], [500], [999, 750, 500, 250], [700, 350], [800, 799, 3], [9, 5, 1]]
)
def test_flow_rows_give_what_the_flow_euler_scheduler_gives(timesteps: list[int]) -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=[t / 1000 for t in timesteps])
    backbone = FakeBackbone(PredictionType.FLOW, Sampler.FLOW_EULER)
    latent, noise = draw(1), [draw(2)] * len(timesteps)

    x_t = scheduler.scale_noise(latent, scheduler.timesteps[:1], noise[0])
    for t in scheduler.timesteps:
        x_t = scheduler.step(run_model(backbone, x_t, t), t, x_t).prev_sample

    assert relative_error(run_ours(backbone, timesteps, latent, noise), x_t) <= 1e-5


@pytest.mark.parametrize("num_inference_steps", range(1, 9))
def test_timesteps_at_full_strength_are_the_schedulers_own(num_inference_steps: int) -> None:
    lcm = diffusers.LCMScheduler(**STABLE_DIFFUSION)
    lcm.set_timesteps(num_inference_steps)
    turbo = diffusers.EulerDiscreteScheduler(**STABLE_DIFFUSION, timestep_spacing="trailing")
    turbo.set_timesteps(num_inference_steps)
    info = FakeBackbone().info

    of_lcm = choose_timesteps(info, Sampler.LCM, num_inference_steps, 1.0)
    of_turbo = choose_timesteps(info, Sampler.TURBO, num_inference_steps, 1.0)

    assert list(of_lcm) == lcm.timesteps.tolist()
    # where 1000 doesn't divide, diffusers rounds and we take the ceiling
    assert np.abs(np.array(of_turbo) - turbo.timesteps.numpy()).max() <= 1
    if 1000 % num_inference_steps == 0:
        assert list(of_turbo) == turbo.timesteps.tolist()


def test_lcm_strengths_hit_the_grid_of_fifty_steps() -> None:
    """The table of reference: N=50 gives 999 - 20·j, so [0, 16, 32, 45] are 999, 679, 359, 99."""
    info: ModelInfo = FakeBackbone().info
    scheduler = diffusers.LCMScheduler(**STABLE_DIFFUSION)
    scheduler.set_timesteps(50)

    reachable = {choose_timesteps(info, Sampler.LCM, 1, k / 999)[0] for k in range(1000)}

    assert sorted(reachable - {0}, reverse=True) == scheduler.timesteps.tolist()
    table = [choose_timesteps(info, Sampler.LCM, 1, t / 999)[0] for t in (999, 679, 359, 99)]
    assert table == [int(scheduler.timesteps[index]) for index in (0, 16, 32, 45)]
