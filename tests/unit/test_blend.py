from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.diffusion.backbone import Conditioning
from engine.diffusion.blend import blend, blend_conditioning, normalise_weights, slerp
from engine.enums import BlendMode

MODES = list(BlendMode)


def embedding(seed: int, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, 7, 32), generator=generator) * scale


def conditioning(seed: int) -> Conditioning:
    return Conditioning(embedding(seed), pooled=embedding(seed + 100)[:, 0])


def textbook_slerp(start: Tensor, end: Tensor, t: float) -> Tensor:
    """Shoemake's formula on unit vectors, in float64."""
    start, end = start.double(), end.double()
    omega = torch.acos((start * end).sum(-1, keepdim=True))
    weights = torch.sin((1 - t) * omega), torch.sin(t * omega)
    return (weights[0] * start + weights[1] * end) / torch.sin(omega)


@settings(deadline=None)
@given(st.floats(0.01, 0.99), st.integers(0, 50))
def test_two_parts_blend_by_exact_slerp(position: float, seed: int) -> None:
    start, end = (
        torch.nn.functional.normalize(embedding(s).double(), dim=-1) for s in (seed, seed + 1)
    )

    ours = slerp(start, end, position)

    torch.testing.assert_close(ours, textbook_slerp(start, end, position), rtol=0, atol=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=6), st.sampled_from(MODES))
def test_every_token_keeps_the_weighted_mean_length(weights: list[float], mode: BlendMode) -> None:
    parts = [embedding(seed, scale=1.0 + seed) for seed in range(len(weights))]
    shares = normalise_weights(weights)

    blended = blend(parts, shares, mode)

    lengths = sum(share * part.norm(dim=-1) for share, part in zip(shares, parts, strict=True))
    torch.testing.assert_close(blended.norm(dim=-1), lengths, rtol=1e-5, atol=1e-5)


def test_a_blend_of_many_is_where_the_weighted_directions_balance() -> None:
    """The defining property of the spherical mean: the logarithms at it add up to nothing."""
    weights = [0.4, 0.3, 0.2, 0.1]
    parts = [torch.nn.functional.normalize(embedding(s).double(), dim=-1) for s in range(4)]

    mean = blend(parts, weights, BlendMode.SLERP)

    balance = torch.zeros_like(mean)
    for weight, part in zip(weights, parts, strict=True):
        cosine = (part * mean).sum(-1, keepdim=True)
        balance += weight * (part - cosine * mean) * cosine.acos() / cosine.acos().sin()
    assert float(balance.norm(dim=-1).max()) < 1e-3


@settings(deadline=None)
@given(st.permutations(range(4)), st.sampled_from(MODES))
def test_the_order_of_the_parts_makes_no_difference(order: list[int], mode: BlendMode) -> None:
    weights = [0.1, 0.5, 0.3, 0.1]
    parts = [embedding(seed) for seed in range(4)]

    shuffled = blend([parts[k] for k in order], [weights[k] for k in order], mode)

    torch.testing.assert_close(shuffled, blend(parts, weights, mode), rtol=0, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_equal_parts_blend_to_themselves(mode: BlendMode) -> None:
    part = embedding(0)

    torch.testing.assert_close(blend([part, part, part], [0.2, 0.3, 0.5], mode), part)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("weights", [[1.0, 0.0], [7.0, 0.0]])
def test_a_part_of_weight_zero_leaves_the_other_exactly(
    weights: list[float], mode: BlendMode
) -> None:
    blended = blend_conditioning([conditioning(0), conditioning(1)], weights, mode)

    assert torch.equal(blended.embeds, conditioning(0).embeds)


@pytest.mark.parametrize("mode", MODES)
def test_opposite_and_zero_vectors_stay_finite(mode: BlendMode) -> None:
    one = embedding(0)

    for other in (-one, torch.zeros_like(one)):
        assert bool(torch.isfinite(blend([one, other], [0.5, 0.5], mode)).all())


@pytest.mark.parametrize("mode", MODES)
def test_pooled_embeddings_blend_as_well(mode: BlendMode) -> None:
    blended = blend_conditioning([conditioning(0), conditioning(1)], [3.0, 1.0], mode)

    expected = blend([conditioning(k).pooled for k in (0, 1)], [0.75, 0.25], mode)
    assert torch.equal(blended.pooled, expected)
    assert Conditioning(embedding(0)).pooled is None


def test_half_precision_stays_half_precision() -> None:
    blended = blend([embedding(0).half(), embedding(1).half()], [0.5, 0.5], BlendMode.SLERP)

    assert blended.dtype == torch.float16


@pytest.mark.parametrize("mode", MODES)
def test_a_blend_lies_between_its_parts(mode: BlendMode) -> None:
    start, end = (torch.nn.functional.normalize(embedding(s), dim=-1) for s in (0, 1))
    nearness = [
        float((blend([start, end], [1 - t, t], mode) * end).sum(-1).mean())
        for t in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]

    assert nearness == sorted(nearness)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([0.0, 0.0], "all weights are 0"),
        ([1.0, -0.5], "numbers from 0 up"),
        ([math.nan, 1.0], "numbers from 0 up"),
        ([1.0], "2 prompts need as many weights, not 1"),
        ([], "all weights are 0"),
    ],
)
def test_useless_weights_are_refused_in_words(weights: list[float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        blend_conditioning([conditioning(0), conditioning(1)], weights)


def test_weights_too_large_to_add_up_keep_their_proportions() -> None:
    assert normalise_weights([1e308, 1e308]) == (0.5, 0.5)
    assert normalise_weights([1.5e308, 0.5e308, 1.0]) == pytest.approx((0.75, 0.25, 0.0))
