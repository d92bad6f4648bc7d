from __future__ import annotations

import pytest
import torch

from engine.diffusion.backbone import PredictionType
from engine.diffusion.fake import FakeBackbone, FakeTextEncoder, stable_diffusion_alpha_bar
from tests.streams import alone, ticket


def picture() -> torch.Tensor:
    return torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_pixels_come_back_exactly_from_their_latent() -> None:
    backbone = FakeBackbone()

    latent = backbone.encode(picture())

    assert latent.shape == (1, backbone.info.latent_channels, 32, 32)
    assert torch.equal(backbone.decode(latent), picture())


@pytest.mark.parametrize("prediction_type", list(PredictionType))
def test_the_picture_visibly_depends_on_the_prompt_and_stays_in_range(
    prediction_type: PredictionType,
) -> None:
    backbone = FakeBackbone(prediction_type)
    latent = torch.zeros((1, 12, 8, 8))

    painted = [
        backbone.decode(alone(backbone, latent, ticket(backbone, 1, prompt=prompt)))
        for prompt in ("neon city", "blueprint")
    ]

    assert float((painted[0] - painted[1]).abs().mean()) > 0.1
    assert all(float(image.abs().max()) <= 1.01 for image in painted)


def test_two_fakes_of_one_seed_paint_alike_and_of_another_seed_differently() -> None:
    latent = torch.zeros((1, 12, 8, 8))
    first, again, other = (
        alone(backbone, latent, ticket(backbone, 2))
        for backbone in (FakeBackbone(), FakeBackbone(), FakeBackbone(seed=1))
    )

    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_texts_have_fixed_embeddings_and_the_empty_one_is_zero() -> None:
    encoder = FakeTextEncoder()

    assert torch.equal(encoder.encode("fog").embeds, FakeTextEncoder().encode("fog").embeds)
    assert not torch.equal(encoder.encode("fog").embeds, encoder.encode("rain").embeds)
    assert not encoder.encode("").embeds.any()


def test_the_fakes_schedule_is_stable_diffusions() -> None:
    alpha_bar = stable_diffusion_alpha_bar()

    assert alpha_bar.shape == (1000,)
    assert alpha_bar[0] == pytest.approx(1 - 0.00085)
    assert alpha_bar[-1] == pytest.approx(0.004660, abs=1e-6)
