"""A prompt that can't be read is refused where it is set, not in the middle of a show."""

from __future__ import annotations

import pytest

from engine.params import StreamParams


def test_weighted_prompts_are_accepted() -> None:
    assert StreamParams(prompt="neon::0.7 | glass::0.3").prompt == "neon::0.7 | glass::0.3"


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("neon::lots", "prompt: the weight in 'neon::lots' is a number from 0 up"),
        ("neon | | glass", "prompt: prompt 2 of 3 is empty"),
        ("neon::0 | glass::0", "prompt: all weights in .* are 0"),
    ],
)
def test_a_prompt_that_cannot_be_read_changes_nothing(prompt: str, reason: str) -> None:
    before = StreamParams(prompt="neon")
    with pytest.raises(ValueError, match=reason):
        before.with_changes({"prompt": prompt})


def test_a_negative_prompt_is_taken_as_it_is() -> None:
    assert StreamParams(negative_prompt="a | b::x").negative_prompt == "a | b::x"
