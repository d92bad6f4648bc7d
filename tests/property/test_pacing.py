"""Timing decisions, with invented clocks."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.pacing import (
    MAX_HOLD_S,
    MAX_LATENESS_S,
    RateLimit,
    Seamless,
    Timeline,
    next_tick_s,
    retry_delay_s,
)

seconds = st.floats(0.0, 1e4)
periods = st.floats(1 / 240, 1.0)


@given(previous_s=seconds, late_s=st.floats(0.0, 100.0), period_s=periods)
def test_the_next_tick_is_ahead_by_at_most_a_period_and_on_the_grid(
    previous_s: float, late_s: float, period_s: float
) -> None:
    now_s = previous_s + late_s
    tick_s = next_tick_s(previous_s, now_s, period_s)
    assert now_s - 1e-6 < tick_s <= now_s + period_s + 1e-6
    steps = (tick_s - previous_s) / period_s
    assert steps == pytest.approx(round(steps), abs=1e-4)


def test_retries_wait_longer_and_longer_up_to_five_seconds() -> None:
    assert [retry_delay_s(n) for n in range(1, 8)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_pictures_are_due_at_their_distance_from_the_first() -> None:
    timeline = Timeline()
    assert timeline.due_s(3.0, now_s=50.0) == 50.0
    assert timeline.due_s(3.5, now_s=50.1) == 50.5
    assert timeline.due_s(4.0, now_s=50.5) == 51.0


def test_a_little_lateness_is_made_up_for() -> None:
    timeline = Timeline()
    timeline.due_s(0.0, now_s=10.0)
    assert timeline.due_s(0.1, now_s=10.4) == pytest.approx(10.1)


@given(time_s=seconds, late_s=st.floats(MAX_LATENESS_S * 1.01, 100.0))
def test_a_source_that_is_far_behind_plays_on_from_where_it_is(
    time_s: float, late_s: float
) -> None:
    timeline = Timeline()
    timeline.due_s(time_s, now_s=time_s)
    now_s = time_s + 1.0 + late_s
    assert timeline.due_s(time_s + 1.0, now_s) == pytest.approx(now_s)
    assert timeline.due_s(time_s + 1.5, now_s) == pytest.approx(now_s + 0.5)


def test_after_a_restart_the_first_picture_is_due_at_once() -> None:
    timeline = Timeline()
    timeline.due_s(0.0, now_s=10.0)
    timeline.restart()
    assert timeline.due_s(7.0, now_s=11.0) == 11.0


@given(st.lists(st.tuples(st.floats(), st.floats(0.0, 1e6)), max_size=30))
def test_whatever_a_file_and_the_clock_say_no_picture_waits_longer_than_a_minute(
    moments: list[tuple[float, float]],
) -> None:
    timeline = Timeline()
    for time_s, now_s in moments:
        due_s = timeline.due_s(time_s, now_s)
        assert now_s - MAX_LATENESS_S <= due_s <= now_s + MAX_HOLD_S


@given(st.lists(st.floats(), max_size=30))
def test_an_offline_timeline_rises_whatever_a_file_says(times_s: list[float]) -> None:
    seamless = Seamless()
    placed = [seamless.place_s(t) for t in times_s if abs(t) < 1e9 or not math.isfinite(t)]
    assert all(math.isfinite(t) for t in placed)
    assert all(later > earlier for earlier, later in pairwise(placed))


@given(lengths=st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_sources_one_after_the_other_make_one_rising_timeline(lengths: list[int]) -> None:
    seamless = Seamless()
    placed: list[float] = []
    for length in lengths:
        seamless.restart()
        placed += [seamless.place_s(k / 25) for k in range(length)]
    assert placed == sorted(placed)
    if lengths[0] > 1:
        assert placed == pytest.approx([k / 25 for k in range(sum(lengths))])


def test_a_fault_at_frame_rate_is_told_once_per_interval() -> None:
    limit = RateLimit(5.0)
    times_s = [k / 10 for k in range(120)]
    assert [t for t in times_s if limit.allows(t)] == [0.0, 5.0, 10.0]
