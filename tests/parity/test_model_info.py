"""What is read from a scheduler's configuration, against diffusers' own schedulers."""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import pytest

from engine.diffusion.backbone import Family, PredictionType
from engine.diffusion.model_info import ModelCard, make_model_info, vae_scale_factor
from engine.params import Sampler
from tests import tiny_models

VAE = tiny_models.tiny_vae()
TRAINED = tiny_models.TRAINED


def info_of(scheduler: Any, card: ModelCard | None = None) -> Any:
    config = {**scheduler.config, "_class_name": type(scheduler).__name__}
    return make_model_info("model", Family.SD, config, VAE, card or ModelCard())


@pytest.mark.parametrize(
    "scheduler",
    [
        diffusers.DDIMScheduler(**TRAINED),
        diffusers.DDIMScheduler(beta_schedule="linear"),
        diffusers.DDIMScheduler(beta_schedule="squaredcos_cap_v2"),
        diffusers.DDIMScheduler(trained_betas=np.linspace(1e-4, 0.02, 500).tolist()),
        diffusers.LCMScheduler(),
        diffusers.TCDScheduler(**TRAINED),
        diffusers.PNDMScheduler(**TRAINED),
        diffusers.EulerDiscreteScheduler(**TRAINED, rescale_betas_zero_snr=True),
    ],
    ids=lambda scheduler: type(scheduler).__name__,
)
def test_alpha_bar_is_that_of_diffusers(scheduler: Any) -> None:
    theirs = scheduler.alphas_cumprod.numpy()
    ours = info_of(scheduler).alpha_bar
    assert ours.dtype == np.float64
    # diffusers multiplies a thousand float32 factors
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=1e-7)


def test_a_zero_terminal_snr_schedule_keeps_a_floor() -> None:
    scheduler = diffusers.DDIMScheduler(**TRAINED, rescale_betas_zero_snr=True)
    ours = info_of(scheduler).alpha_bar
    np.testing.assert_allclose(ours[:-1], scheduler.alphas_cumprod.numpy()[:-1], rtol=1e-3)
    assert ours[-1] == 2.0**-24


@pytest.mark.parametrize(
    ("scheduler", "sampler", "prediction_type"),
    [
        (diffusers.LCMScheduler(), Sampler.LCM, PredictionType.EPSILON),
        (
            diffusers.LCMScheduler(prediction_type="sample"),
            Sampler.LCM,
            PredictionType.SAMPLE,
        ),
        (diffusers.TCDScheduler(), Sampler.TCD, PredictionType.EPSILON),
        (diffusers.DDIMScheduler(), Sampler.DDIM, PredictionType.EPSILON),
        (
            diffusers.DDIMScheduler(prediction_type="v_prediction"),
            Sampler.DDIM,
            PredictionType.V,
        ),
        (
            diffusers.EulerDiscreteScheduler(timestep_spacing="trailing"),
            Sampler.TURBO,
            PredictionType.EPSILON,
        ),
        (
            diffusers.EulerDiscreteScheduler(timestep_spacing="leading"),
            Sampler.DDIM,
            PredictionType.EPSILON,
        ),
        (
            diffusers.FlowMatchEulerDiscreteScheduler(),
            Sampler.FLOW_EULER,
            PredictionType.FLOW,
        ),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "config") else str(value),
)
def test_sampler_and_prediction_type_are_read_from_the_scheduler(
    scheduler: Any, sampler: Sampler, prediction_type: PredictionType
) -> None:
    info = info_of(scheduler)
    assert (info.sampler, info.prediction_type) == (sampler, prediction_type)
    assert info.defaults["num_inference_steps"] >= 1


def test_the_models_card_outranks_its_scheduler() -> None:
    card = ModelCard(sampler=Sampler.TCD, defaults={"strength": 0.4}, known_words=["fox"])
    info = info_of(diffusers.LCMScheduler(), card)
    assert info.sampler is Sampler.TCD
    assert info.defaults["strength"] == 0.4
    assert info.known_words == {"fox"}


@pytest.mark.parametrize(
    ("vae", "factor"),
    [
        (tiny_models.kl_vae(), 2),
        (tiny_models.tiny_vae(levels=3), 4),
        (tiny_models.tiny_vae(levels=4), 8),
    ],
)
def test_the_size_of_a_latent_pixel_follows_the_autoencoder(vae: Any, factor: int) -> None:
    assert vae_scale_factor(vae) == factor
