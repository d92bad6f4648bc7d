from __future__ import annotations

import pytest
import torch

from engine.diffusion.fake import FakeBackbone
from engine.diffusion.guidance import (
    Guidance,
    GuidanceWeights,
    guidance_weights,
    rescale_guided,
)
from engine.diffusion.schedule import make_schedule
from engine.enums import GuidanceMode
from engine.params import Sampler
from tests.streams import alone, frame, ticket

FIRST, LAST = make_schedule(FakeBackbone().info, Sampler.LCM, [699, 299])


def test_self_negative_with_delta_one_pushes_away_from_the_input_itself() -> None:
    guidance = Guidance(GuidanceMode.SELF_NEGATIVE, scale=1.5, delta=1.0)

    weights = guidance_weights(guidance, FIRST, 0)

    assert weights == GuidanceWeights(cond=1.5, negative=0.0, anchor=-0.5, x_t=0.0)


def test_full_guidance_ignores_delta() -> None:
    weights = [
        guidance_weights(Guidance(GuidanceMode.FULL, 1.4, delta), LAST, 1) for delta in (0.5, 1)
    ]

    assert weights[0] == weights[1] == pytest.approx(GuidanceWeights(cond=1.4, negative=-0.4))


def test_onetime_asks_the_negative_prompt_once_and_leans_on_its_answer_afterwards() -> None:
    guidance = Guidance(GuidanceMode.ONETIME_NEGATIVE, 2.0, 1.0)

    assert guidance_weights(guidance, FIRST, 0) == GuidanceWeights(cond=2.0, negative=-1.0)
    assert guidance_weights(guidance, LAST, 1) == GuidanceWeights(cond=2.0, anchor=-1.0)


def test_step_negative_pushes_away_from_what_each_step_started_from() -> None:
    guidance = Guidance(GuidanceMode.STEP_NEGATIVE, 1.5, 1.0)

    for position, row in enumerate((FIRST, LAST)):
        assert guidance_weights(guidance, row, position) == GuidanceWeights(cond=1.5, anchor=-0.5)
        assert guidance.moves_anchor_at(position)


@pytest.mark.parametrize("mode", list(GuidanceMode))
def test_only_an_active_guidance_moves_its_anchor(mode: GuidanceMode) -> None:
    moved = [Guidance(mode, 1.5).moves_anchor_at(position) for position in (0, 1, 2)]

    assert moved == {
        GuidanceMode.STEP_NEGATIVE: [True, True, True],
        GuidanceMode.ONETIME_NEGATIVE: [True, False, False],
    }.get(mode, [False, False, False])
    assert not Guidance(mode, 1.0).moves_anchor_at(0)


@pytest.mark.parametrize("mode", list(GuidanceMode))
def test_scale_one_is_never_active(mode: GuidanceMode) -> None:
    assert not Guidance(mode, 1.0).is_active
    assert not Guidance(mode, 1.0).needs_negative
    assert guidance_weights(Guidance(mode, 1.0), FIRST, 0) == GuidanceWeights()


def test_scale_zero_of_self_negative_shows_the_input() -> None:
    """No push at all towards the prompt leaves its opposite: the camera picture."""
    backbone = FakeBackbone()

    latent = alone(
        backbone, frame(0), ticket(backbone, 1, GuidanceMode.SELF_NEGATIVE, scale=0.0, delta=1.0)
    )

    torch.testing.assert_close(latent, frame(0), rtol=1e-5, atol=1e-5)


def test_scale_zero_of_full_guidance_shows_the_negative_prompt() -> None:
    backbone = FakeBackbone()
    by_scale = ticket(backbone, 2, GuidanceMode.FULL, scale=0.0, negative_prompt="fog")

    latent = alone(backbone, frame(0), by_scale)

    expected = alone(backbone, frame(0), ticket(backbone, 2, prompt="fog"))
    torch.testing.assert_close(latent, expected, rtol=1e-5, atol=1e-5)


def test_rescale_restores_the_standard_deviation_of_each_picture_by_its_share() -> None:
    generator = torch.Generator().manual_seed(0)
    cond = torch.randn((3, 4, 8, 8), generator=generator)
    guided = torch.randn((3, 4, 8, 8), generator=generator) * 2.5
    phi = torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1)

    rescaled = rescale_guided(guided.clone(), cond, phi, torch.empty(2, 3, 1, 1, 1))

    std = [tensor.std((1, 2, 3)) for tensor in (guided, cond, rescaled)]
    expected = (1 - phi.view(3)) * std[0] + phi.view(3) * std[1]
    torch.testing.assert_close(std[2], expected, rtol=1e-5, atol=0)
    assert torch.equal(rescaled[0], guided[0])


def test_rescale_leaves_flat_pictures_as_they_are() -> None:
    flat, phi = torch.full((1, 4, 8, 8), 0.5), torch.ones(1, 1, 1, 1)

    assert torch.equal(rescale_guided(flat.clone(), flat, phi, torch.empty(2, 1, 1, 1, 1)), flat)


def test_rescale_reaches_the_picture_through_the_batch() -> None:
    """One step: the guided x0 has the conditional one's deviation at φ = 1."""
    backbone = FakeBackbone()
    plain, guided, held = (
        alone(backbone, frame(0), ticket(backbone, 1, mode, scale=3.0, rescale=phi))
        for mode, phi in [
            (GuidanceMode.NONE, 0.0),
            (GuidanceMode.FULL, 0.0),
            (GuidanceMode.FULL, 1.0),
        ]
    )

    assert guided.std() > 1.1 * plain.std()
    assert float(held.std()) == pytest.approx(float(plain.std()), rel=1e-4)
