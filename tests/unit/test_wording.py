"""Old words while new ones are being encoded, everything else at once."""

from __future__ import annotations

import pytest

from engine.errors import PromptError
from engine.params import StreamParams
from engine.wording import Wording
from tests.support.fakes import FakeRenderer

NEON = StreamParams(prompt="neon")
GOLD = StreamParams(prompt="gold", negative_prompt="fog", guidance_scale=2.0)


@pytest.fixture
def renderer() -> FakeRenderer:
    """One to which every word is new."""
    renderer = FakeRenderer()
    renderer.knows_words.clear()
    return renderer


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def wording(renderer: FakeRenderer, told: list[str]) -> Wording:
    """One that plays neon."""
    wording = Wording(told.append)
    assert wording.playable(renderer, NEON) is NEON
    return wording


def test_the_first_words_are_not_waited_for(renderer: FakeRenderer, wording: Wording) -> None:
    assert renderer.announced == []


def test_the_words_before_play_until_the_new_ones_are_ready(
    renderer: FakeRenderer, wording: Wording
) -> None:
    meanwhile = wording.playable(renderer, GOLD)
    renderer.knows_words.set()

    assert (meanwhile.prompt, meanwhile.negative_prompt) == ("neon", "")
    assert meanwhile.guidance_scale == 2.0  # what needs no words is live
    assert wording.playable(renderer, GOLD) is GOLD


def test_a_turned_back_wish_plays_at_once(renderer: FakeRenderer, wording: Wording) -> None:
    wording.playable(renderer, GOLD)

    assert wording.playable(renderer, NEON) is NEON


def test_weights_move_at_every_tick_without_asking_anew(
    renderer: FakeRenderer, wording: Wording
) -> None:
    renderer.knows_words.set()
    looks = [StreamParams(prompt=f"neon::{1 - k / 10} | gold::{k / 10}") for k in range(1, 10)]

    assert [wording.playable(renderer, look) for look in looks] == looks
    assert len(renderer.announced) == 1


def test_words_that_fail_are_told_once_and_the_words_before_play_on(
    renderer: FakeRenderer, wording: Wording, told: list[str]
) -> None:
    renderer.encoding_error = PromptError("It can't be encoded.")

    assert [wording.playable(renderer, GOLD).prompt for _ in range(4)] == ["neon"] * 4
    assert told == ["It can't be encoded."]
    assert renderer.announced == ["gold"]


def test_words_that_failed_are_tried_again_when_wanted_anew(
    renderer: FakeRenderer, wording: Wording
) -> None:
    renderer.encoding_error = PromptError("It can't be encoded.")
    renderer.knows_words.set()
    wording.playable(renderer, GOLD)
    wording.playable(renderer, NEON)

    assert wording.playable(renderer, GOLD) is GOLD


def test_another_renderer_knows_no_words_yet(renderer: FakeRenderer, wording: Wording) -> None:
    wording.restart()

    assert wording.playable(renderer, GOLD) is GOLD
