"""What the model makes of the look between two looks: its words and its noise."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.decks.morph import morph
from engine.diffusion.backbone import Conditioning
from engine.diffusion.blend import blend_conditioning
from engine.diffusion.noise import blend_noise
from engine.params import StreamParams
from engine.prompts import parse_prompt
from tests.support.looks import LOOKS, quick

POSITIONS = st.floats(0.0, 1.0)
SHAPE = (4, 6, 6)


def embedding_of(params: StreamParams) -> torch.Tensor:
    """As the renderer blends it, with a seeded row for each text: (1, 3, 16)."""
    parts = parse_prompt(params.prompt)
    rows = [
        torch.randn((1, 3, 16), generator=torch.Generator().manual_seed(sum(part.text.encode())))
        for part in parts
    ]
    weights = [part.weight for part in parts]
    mode = params.prompt_blend
    return blend_conditioning([Conditioning(row) for row in rows], weights, mode).embeds


def noise_of(params: StreamParams) -> torch.Tensor:
    return blend_noise(params.seed, params.seed_target, params.seed_blend, 1, SHAPE)


@quick
@given(look_a=LOOKS, look_b=LOOKS, position=POSITIONS)
def test_the_length_of_the_prompts_embedding_lies_between_those_of_the_looks(
    look_a: StreamParams, look_b: StreamParams, position: float
) -> None:
    start, end = embedding_of(look_a).norm(dim=-1), embedding_of(look_b).norm(dim=-1)
    between = embedding_of(morph(look_a, look_b, position)).norm(dim=-1)
    assert bool((between >= torch.minimum(start, end) - 0.02).all())  # small shares are left out
    assert bool((between <= torch.maximum(start, end) + 0.02).all())


def test_two_prompts_meet_on_the_sphere() -> None:
    look_a, look_b = StreamParams(prompt="a"), StreamParams(prompt="b")
    a, b = embedding_of(look_a), embedding_of(look_b)
    unit_a, unit_b = a / a.norm(dim=-1, keepdim=True), b / b.norm(dim=-1, keepdim=True)
    angle = torch.acos((unit_a * unit_b).sum(-1, keepdim=True))
    shoemake = (torch.sin(0.75 * angle) * unit_a + torch.sin(0.25 * angle) * unit_b) / angle.sin()
    length = 0.75 * a.norm(dim=-1, keepdim=True) + 0.25 * b.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(embedding_of(morph(look_a, look_b, 0.25)), shoemake * length)


@quick
@given(look_a=LOOKS, look_b=LOOKS, position=POSITIONS)
def test_the_noise_moves_without_a_jump(
    look_a: StreamParams, look_b: StreamParams, position: float
) -> None:
    """Two directions in many dimensions are about 90° apart: a step of 0.001 is a small angle."""
    here = noise_of(morph(look_a, look_b, position)).flatten()
    there = noise_of(morph(look_a, look_b, min(1.0, position + 0.001))).flatten()
    assert float((here - there).norm() / here.norm()) < 0.02
