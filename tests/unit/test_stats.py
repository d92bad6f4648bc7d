"""Figures against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stats import NUM_SAMPLES_KEPT, Counter, Durations, Rate, Recorder
from tests.support.manual_clock import JumpingClock


@given(samples_s=st.lists(st.floats(0, 10), min_size=1, max_size=300))
def test_percentiles_are_numpys(samples_s: list[float]) -> None:
    durations = Durations()
    for sample_s in samples_s:
        durations.add(sample_s)
    found = durations.percentiles()
    expected = np.percentile(samples_s, (50, 95)) * 1e3
    assert (found.p50_ms, found.p95_ms) == pytest.approx(tuple(expected))
    assert found.max_ms == pytest.approx(max(samples_s) * 1e3)
    assert found.count == len(samples_s)


def test_only_so_many_samples_are_kept_but_the_longest_is_never_forgotten() -> None:
    durations = Durations()
    durations.add(9.0)
    for _ in range(NUM_SAMPLES_KEPT + 5):
        durations.add(1.0)
    found = durations.percentiles()
    assert (found.p50_ms, found.p95_ms, found.max_ms) == (1e3, 1e3, 9e3)
    assert found.count == NUM_SAMPLES_KEPT + 6


def test_the_newest_samples_can_be_asked_for_across_the_rings_end() -> None:
    durations = Durations()
    for number in range(NUM_SAMPLES_KEPT + 2):
        durations.add(float(number))
    assert durations.percentiles(newest=5).p50_ms == (NUM_SAMPLES_KEPT - 1) * 1e3


def test_a_rate_counts_the_last_seconds_and_falls_to_zero_in_silence() -> None:
    rate = Rate()
    for k in range(100):
        rate.add(k / 50)
    assert rate.now_hz(99 / 50) == pytest.approx(50.0)
    assert rate.now_hz(2.5) < 50.0
    assert rate.now_hz(10.0) == 0.0
    assert rate.mean_hz() == pytest.approx(50.0)


def test_no_rate_comes_of_fewer_than_two() -> None:
    rate = Rate()
    assert (rate.now_hz(1.0), rate.mean_hz()) == (0.0, 0.0)
    rate.add(1.0)
    assert (rate.now_hz(1.0), rate.mean_hz()) == (0.0, 0.0)


def test_a_timed_block_is_recorded_under_its_stage() -> None:
    clock = JumpingClock()
    recorder = Recorder(clock)
    with recorder.timing("gate"):
        clock.advance(0.25)
    assert recorder.stage_percentiles()["gate"].p50_ms == pytest.approx(250.0)


def test_a_block_that_raises_is_not_recorded() -> None:
    recorder = Recorder(JumpingClock())
    with pytest.raises(ValueError, match="no"), recorder.timing("gate"):
        raise ValueError("no")
    assert recorder.stage_percentiles() == {}


def test_counters_count_apart() -> None:
    recorder = Recorder(JumpingClock())
    recorder.count(Counter.CAPTURED)
    recorder.count(Counter.CAPTURED)
    recorder.count(Counter.SKIPPED)
    counts = recorder.counts()
    assert (counts[Counter.CAPTURED], counts[Counter.SKIPPED], counts[Counter.INVALID]) == (2, 1, 0)
