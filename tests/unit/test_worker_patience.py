"""Slow or hung: judged from how long a call takes and when the heart last beat."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.params import StreamParams
from engine.worker.child_process import epitaph
from engine.worker.patience import (
    FOR_BUILDING_TICKS,
    FOR_PREPARATION,
    FOR_TICKS,
    LOOK_S,
    NUM_BUILDING_TICKS,
    Condition,
    Pace,
    Patience,
    Watch,
)

PATIENCE = Patience(slow_after_s=1.0, hang_after_s=10.0, silence_s=5.0)


def watched(seconds: float, is_beating: bool = True, is_working: bool = True) -> Watch:
    watch = Watch(0)
    for index in range(1, round(seconds / LOOK_S) + 1):
        watch = watch.look(LOOK_S, index if is_beating else 0, index if is_working else 0)
    return watch


@pytest.mark.parametrize(
    ("seconds", "is_beating", "condition"),
    [
        (0.5, True, Condition.WELL),
        (2.0, True, Condition.SLOW),
        (9.5, True, Condition.SLOW),
        (10.5, True, Condition.HUNG),
        (4.5, False, Condition.SLOW),
        (5.5, False, Condition.HUNG),
    ],
)
def test_a_call_is_slow_while_the_heart_beats_and_hung_when_it_lasts_or_falls_silent(
    seconds: float, is_beating: bool, condition: Condition
) -> None:
    assert watched(seconds, is_beating).condition(PATIENCE) is condition


@pytest.mark.parametrize("patience", [FOR_TICKS, FOR_BUILDING_TICKS, FOR_PREPARATION])
def test_a_process_that_stands_still_is_soon_found_out_whatever_it_was_doing(
    patience: Patience,
) -> None:
    stopped = watched(patience.stillness_s + 0.5, is_beating=False, is_working=False)
    assert stopped.condition(patience) is Condition.HUNG
    assert "no sign of life for 10 s" in stopped.describe(patience)


@pytest.mark.parametrize("patience", [FOR_BUILDING_TICKS, FOR_PREPARATION])
def test_a_native_call_that_holds_the_interpreter_may_work_longer(patience: Patience) -> None:
    assert watched(30.0, is_beating=False).condition(patience) is not Condition.HUNG


def test_the_sentence_says_which_sign_it_was() -> None:
    assert "slow: one picture takes longer than 1 s" in watched(2.0).describe(PATIENCE)
    assert "one picture for 11 s" in watched(11.0).describe(PATIENCE)
    assert "no sign of life for 6 s" in watched(6.0, is_beating=False).describe(PATIENCE)


@given(st.floats(0, 1e5))
def test_a_preparation_may_take_any_time_as_long_as_the_heart_beats(seconds: float) -> None:
    watch = Watch(0, waited_s=seconds).look(LOOK_S, 1)
    assert watch.condition(FOR_PREPARATION) is Condition.WELL


@pytest.mark.parametrize(
    ("pace", "hang_after_s"),
    [
        (Pace(), FOR_BUILDING_TICKS.hang_after_s),  # the first ticks may compile
        (Pace(num_ticks=NUM_BUILDING_TICKS), FOR_TICKS.hang_after_s),
        (Pace(num_ticks=NUM_BUILDING_TICKS, last_s=4.0), 40.0),  # a large model on a processor
    ],
)
def test_a_tick_may_take_longer_where_the_model_is_slow_or_may_be_compiling(
    pace: Pace, hang_after_s: float
) -> None:
    assert pace.patience(FOR_TICKS, FOR_BUILDING_TICKS).hang_after_s == hang_after_s
    assert pace.patience(FOR_TICKS, FOR_BUILDING_TICKS, 3).hang_after_s == 3 * hang_after_s


def test_only_a_change_of_the_number_of_rows_makes_the_next_ticks_building_ones() -> None:
    params = StreamParams(num_inference_steps=1, guidance_scale=1.5)
    pace = Pace().before(params).after(0.02)
    assert pace.before(params.with_changes({"strength": 0.3, "guidance_scale": 2.0})) == pace
    for change in ({"num_inference_steps": 2}, {"guidance_mode": "full"}, {"guidance_scale": 1}):
        changed = pace.before(params.with_changes(change))
        assert (changed.num_ticks, changed.last_s) == (0, 0.02)


def test_a_laptop_that_slept_does_not_blame_the_child() -> None:
    watch = watched(0.5).look(3600.0, 5)
    assert watch.condition(FOR_TICKS) is Condition.WELL
    assert math.isclose(watch.waited_s, 0.5 + 2 * LOOK_S)


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (-6, r"crashed \(SIGABRT\); worker-crash.txt"),
        (-9, r"killed \(SIGKILL\).* ran out of memory: choose a smaller size"),
        (-99, r"crashed \(signal 99\)"),
        (1, "ended with code 1"),
        (0xC0000005, "crashed with an access violation"),
    ],
)
def test_a_dead_process_has_an_epitaph(exit_code: int, words: str) -> None:
    assert re.search(words, epitaph(exit_code))
