"""Whose turn it is to be painted off air: nobody is forgotten, and it stays rare."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.params import StreamParams
from engine.previewing import PAUSE_RATIO, SHORTEST_PAUSE_S, PreviewWish, Turn, next_wish, pause_s

LOOK = StreamParams()
counts = st.integers(1, 24)
weights = st.lists(st.floats(0.5, 8.0), min_size=1, max_size=12)
costs = st.floats(0.0, 10.0)


def wishes_of(weights: list[float]) -> list[PreviewWish]:
    return [PreviewWish(str(index), LOOK, weight) for index, weight in enumerate(weights)]


def play(wishes: list[PreviewWish], num_turns: int) -> list[int]:
    """One turn a second with ever new input; the place of each whose turn it was."""
    turns: dict[str, Turn] = {}
    order: list[int] = []
    for now in range(num_turns):
        wish = next_wish(wishes, turns, now, float(now))
        assert wish is not None
        turns[wish.key] = Turn(float(now), now, wish.params)
        order.append(int(wish.key))
    return order


@given(counts, st.integers(1, 4))
def test_equal_wishes_take_turns_in_their_order(num_wishes: int, num_rounds: int) -> None:
    order = play(wishes_of([1.0] * num_wishes), num_rounds * num_wishes)
    assert order == list(range(num_wishes)) * num_rounds


@given(weights)
def test_who_was_never_painted_comes_first_in_order_whatever_its_weight(
    weights: list[float],
) -> None:
    assert play(wishes_of(weights), len(weights)) == list(range(len(weights)))


@given(weights)
def test_nobody_waits_longer_than_the_weights_allow(weights: list[float]) -> None:
    """The others have at most so many turns while one waits until it is the most urgent."""
    num_turns = 40 * len(weights)
    order = play(wishes_of(weights), num_turns)
    longest = sum(1 + weight / min(weights) for weight in weights) + len(weights)
    for index in range(len(weights)):
        places = [at for at, each in enumerate(order) if each == index]
        gaps = [b - a for a, b in zip(places, [*places[1:], num_turns], strict=True)]
        assert max(gaps) <= longest * max(weights) / weights[index]


def test_twice_the_weight_is_about_twice_as_often() -> None:
    order = play(wishes_of([4.0, 2.0, 1.0, 1.0]), 800)
    counts = [order.count(index) for index in range(4)]
    assert counts[0] / counts[1] == pytest.approx(2.0, rel=0.35)
    assert counts[1] / counts[2] == pytest.approx(2.0, rel=0.35)
    assert counts[2] == pytest.approx(counts[3], abs=1)


@given(st.lists(costs, min_size=1, max_size=50))
def test_no_more_than_a_thirtieth_of_the_time_and_two_pictures_a_second(
    costs: list[float],
) -> None:
    elapsed_s = sum(cost_s + pause_s(cost_s) for cost_s in costs)
    assert sum(costs) <= elapsed_s / PAUSE_RATIO
    assert len(costs) <= elapsed_s / SHORTEST_PAUSE_S


def test_a_still_input_is_painted_once_by_each_look_until_that_changes() -> None:
    night, ink = PreviewWish("night", LOOK), PreviewWish("ink", StreamParams(seed=5))
    turns = {"night": Turn(1.0, 7, LOOK), "ink": Turn(2.0, 7, ink.params)}
    assert next_wish([night, ink], turns, 7, 9.0) is None
    assert next_wish([night, ink], turns, 8, 9.0) is night
    stronger = PreviewWish("ink", StreamParams(seed=6))
    assert next_wish([night, stronger], turns, 7, 9.0) is stronger
    assert next_wish([], turns, 7, 9.0) is None
