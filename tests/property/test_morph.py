"""The look between two looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decks.morph import morph
from engine.enums import BlendMode, Cost
from engine.params import PARAMETERS, StreamParams
from engine.prompts import parse_prompt
from tests.support.looks import LOOKS, quick

POSITIONS = st.floats(0.0, 1.0)
GRAIN = ("seed", "seed_target", "seed_blend")
GRADUAL = [
    name
    for name, p in PARAMETERS.items()
    if p.is_number and p.cost is Cost.LIVE and name not in GRAIN
]


@quick
@given(look_a=LOOKS, look_b=LOOKS)
def test_the_ends_are_the_looks_themselves(look_a: StreamParams, look_b: StreamParams) -> None:
    assert morph(look_a, look_b, 0.0) is look_a
    assert morph(look_a, look_b, 1.0) is look_b


@quick
@given(look_a=LOOKS, look_b=LOOKS, position=POSITIONS)
def test_every_number_lies_between_those_of_the_looks(
    look_a: StreamParams, look_b: StreamParams, position: float
) -> None:
    between = morph(look_a, look_b, position)
    for name in GRADUAL:
        low, high = sorted([getattr(look_a, name), getattr(look_b, name)])
        assert low <= getattr(between, name) <= high


@quick
@given(look_a=LOOKS, look_b=LOOKS, positions=st.tuples(POSITIONS, POSITIONS).map(sorted))
def test_numbers_only_ever_move_towards_the_other_look(
    look_a: StreamParams, look_b: StreamParams, positions: list[float]
) -> None:
    nearer, farther = (morph(look_a, look_b, position) for position in positions)
    for name in GRADUAL:
        a, b = getattr(look_a, name), getattr(look_b, name)
        assert abs(getattr(nearer, name) - a) <= abs(getattr(farther, name) - a)
        assert abs(getattr(nearer, name) - b) >= abs(getattr(farther, name) - b)


def test_a_number_travels_as_its_slider_does() -> None:
    look_a, look_b = StreamParams(guidance_scale=0.0), StreamParams(guidance_scale=8.0)
    assert morph(look_a, look_b, 0.5).guidance_scale == pytest.approx(2.0)  # squares: 0.5² of 8


@quick
@given(look_a=LOOKS, look_b=LOOKS, position=POSITIONS)
def test_what_knows_no_between_changes_in_the_middle(
    look_a: StreamParams, look_b: StreamParams, position: float
) -> None:
    between = morph(look_a, look_b, position)
    look = look_a if position < 0.5 else look_b
    names = set(PARAMETERS) - {*GRADUAL, *GRAIN, "prompt", "prompt_blend"}
    assert [getattr(between, n) for n in names] == [getattr(look, n) for n in names]


def test_from_seed_to_seed_is_a_plain_seed_blend() -> None:
    between = morph(StreamParams(seed=5), StreamParams(seed=9), 0.25)
    assert (between.seed, between.seed_target, between.seed_blend) == (5, 9, 0.25)


def test_a_prompt_of_both_looks_is_named_once() -> None:
    look_a, look_b = StreamParams(prompt="ink | gold"), StreamParams(prompt="gold")
    shares = {p.text: p.weight for p in parse_prompt(morph(look_a, look_b, 0.5).prompt)}
    assert shares == {"ink": 0.25, "gold": 0.75}


def test_prompts_blend_straight_only_where_both_looks_want_it() -> None:
    straight = StreamParams(prompt="a", prompt_blend=BlendMode.LINEAR)
    other = StreamParams(prompt="b", prompt_blend=BlendMode.LINEAR)
    assert morph(straight, other, 0.5).prompt_blend is BlendMode.LINEAR
    assert morph(straight, StreamParams(prompt="b"), 0.5).prompt_blend is BlendMode.SLERP


def test_the_greatest_weights_that_a_prompt_may_have_can_be_mixed() -> None:
    look_a = StreamParams(prompt="a::1e308 | b::1e308")
    assert "c::0.5" in morph(look_a, StreamParams(prompt="c"), 0.5).prompt
