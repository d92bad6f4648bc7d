"""Two accelerators timed against each other, tick by tick."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.acceleration import Made
from engine.diffusion.trial import NUM_SETTLING, NUM_TICKS, Ruling, Trial


def made(label: str) -> Made:
    nothing = cast("Any", None)
    return Made(cast("Any", SimpleNamespace(label=label)), "a card", nothing, nothing)


def trial() -> Trial:
    return Trial(made("Graphs"), made("Engines"))


def play(judge: Trial, took_s: float, num_ticks: int, rows: int = 2) -> list[Ruling]:
    """Every ruling but that to go on."""
    rulings = [judge.note(rows, took_s) for _ in range(num_ticks)]
    return [ruling for ruling in rulings if ruling is not Ruling.GO_ON]


def first_turn(judge: Trial, took_s: float, rows: int = 2) -> None:
    assert play(judge, took_s, NUM_TICKS + 1, rows) == [Ruling.GO_OVER]


@pytest.mark.parametrize(
    ("before_s", "after_s", "ruling", "verdict"),
    [
        (
            0.007,
            0.005,
            Ruling.WON,
            "Engines is faster here than Graphs: 5.0 ms a picture, not 7.0. "
            "The show runs on Engines.",
        ),
        (
            0.005,
            0.007,
            Ruling.LOST,
            "Engines is slower here than Graphs: 7.0 ms a picture, not 5.0. "
            "The show runs on Graphs.",
        ),
    ],
)
def test_what_is_faster_stays_and_what_is_slower_goes(
    before_s: float, after_s: float, ruling: Ruling, verdict: str
) -> None:
    judge = trial()
    first_turn(judge, before_s)
    assert play(judge, after_s, NUM_SETTLING + NUM_TICKS) == [ruling]
    assert judge.verdict == verdict


def test_the_first_ticks_of_a_newcomer_do_not_count() -> None:
    judge = trial()
    first_turn(judge, 0.007)
    assert play(judge, 5.0, NUM_SETTLING) == []
    assert play(judge, 0.005, NUM_TICKS) == [Ruling.WON]


def test_a_few_slow_ticks_decide_nothing() -> None:
    judge = trial()
    first_turn(judge, 0.007)
    assert play(judge, 0.005, NUM_SETTLING + NUM_TICKS - 5) == []
    assert play(judge, 1.0, 5) == [Ruling.WON]


def test_another_number_of_rows_begins_the_trial_anew() -> None:
    judge = trial()
    first_turn(judge, 0.007, rows=1)
    assert play(judge, 0.005, 3, rows=1) == []
    assert play(judge, 0.020, 1, rows=4) == [Ruling.GO_BACK]
    assert play(judge, 0.020, NUM_TICKS, rows=4) == [Ruling.GO_OVER]
    assert play(judge, 0.019, NUM_SETTLING + NUM_TICKS, rows=4) == [Ruling.WON]


@given(st.lists(st.tuples(st.integers(1, 2), st.floats(0.001, 0.1)), max_size=400))
def test_turns_alternate_until_one_end(ticks: list[tuple[int, float]]) -> None:
    judge, is_newcomers = trial(), False
    for rows, took_s in ticks:
        ruling = judge.note(rows, took_s)
        if ruling is Ruling.GO_OVER:
            assert not is_newcomers
            is_newcomers = True
        elif ruling is Ruling.GO_BACK:
            assert is_newcomers
            is_newcomers = False
        elif ruling is not Ruling.GO_ON:
            assert is_newcomers
            break
