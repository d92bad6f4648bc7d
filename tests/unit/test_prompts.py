from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.prompts import WeightedPrompt, parse_prompt


@pytest.mark.parametrize(
    ("line", "prompts"),
    [
        ("", [("", 1.0)]),
        ("  neon city ", [("neon city", 1.0)]),
        ("neon city::0.7 | blueprint::0.3", [("neon city", 0.7), ("blueprint", 0.3)]),
        ("neon city|blueprint::2", [("neon city", 1.0), ("blueprint", 2.0)]),
        ("a::b::0.5", [("a::b", 0.5)]),
        ("neon :: .7 | ::0.3", [("neon", 0.7), ("", 0.3)]),
        ("one::0 | two", [("one", 0.0), ("two", 1.0)]),
    ],
)
def test_a_line_is_read_as_weighted_prompts(line: str, prompts: list[tuple[str, float]]) -> None:
    assert parse_prompt(line) == tuple(WeightedPrompt(*prompt) for prompt in prompts)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("neon::much | blueprint", "weight in 'neon::much' is a number from 0 up"),
        ("neon | blueprint::-1", "weight in 'blueprint::-1' is a number from 0 up"),
        ("neon::inf", "weight in 'neon::inf' is a number from 0 up"),
        ("neon::nan", "weight in 'neon::nan' is a number from 0 up"),
        ("neon::", "weight in 'neon::' is a number from 0 up"),
        ("neon | | blueprint", "prompt 2 of 3 is empty"),
        ("neon |", "prompt 2 of 2 is empty"),
        ("neon::0 | blueprint::0", "all weights in .* are 0"),
    ],
)
def test_a_piece_that_cannot_be_read_is_named(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_prompt(line)


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=5))
def test_weights_survive_the_round_trip(weights: list[float]) -> None:
    line = " | ".join(f"look {k}::{weight!r}" for k, weight in enumerate(weights))

    assert [prompt.weight for prompt in parse_prompt(line)] == weights
