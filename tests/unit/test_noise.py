from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.noise import blend_noise, make_noise

SHAPE = (4, 32, 32)


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_p15_noise_depends_on_seed_slot_and_shape_only(seed: int, num_slots: int) -> None:
    noise = make_noise(seed, num_slots, (4, 5, 3))

    assert noise.shape == (num_slots, 4, 5, 3)
    assert torch.equal(noise, make_noise(seed, 8, (4, 5, 3))[:num_slots])


def test_p15_streams_keep_their_generators_to_themselves() -> None:
    state = torch.get_rng_state()
    first = make_noise(7, 4, SHAPE)
    make_noise(8, 4, SHAPE)

    assert torch.equal(first, make_noise(7, 4, SHAPE))
    assert torch.equal(state, torch.get_rng_state())


def test_p15_seeds_and_slots_differ() -> None:
    noise = make_noise(7, 4, SHAPE)

    assert not torch.equal(noise, make_noise(8, 4, SHAPE))
    assert not torch.equal(noise[0], noise[1])


def test_noise_is_standard_normal() -> None:
    noise = make_noise(3, 8, (4, 64, 64))

    assert float(noise.mean()) == pytest.approx(0.0, abs=0.01)
    assert float(noise.std()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("seed_blend", [0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
def test_blended_seeds_keep_a_standard_deviation_of_one(seed_blend: float) -> None:
    noise = blend_noise(2, 3, seed_blend, 4, (4, 64, 64))

    assert noise.dtype == torch.float32
    for slot in noise:
        assert float(slot.std()) == pytest.approx(1.0, abs=0.02)


def test_a_seed_blend_starts_at_the_seed_and_ends_at_its_target() -> None:
    assert torch.equal(blend_noise(2, 3, 0.0, 4, SHAPE), make_noise(2, 4, SHAPE))
    assert torch.equal(blend_noise(2, 3, 1.0, 4, SHAPE), make_noise(3, 4, SHAPE))
    assert torch.equal(blend_noise(2, 2, 0.5, 4, SHAPE), make_noise(2, 4, SHAPE))


def test_a_seed_blend_moves_evenly() -> None:
    path = [blend_noise(2, 3, k / 10, 1, SHAPE).flatten() for k in range(11)]
    angles = [
        torch.nn.functional.cosine_similarity(here, there, dim=0).acos()
        for here, there in pairwise(path)
    ]

    assert max(angles) == pytest.approx(float(min(angles)), rel=0.01)
