"""The soak's judge: what it must see, and what it must not take for a fault."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.api import (
    PARAMETERS,
    Bank,
    EventKind,
    Severity,
    StreamParams,
    find_presets,
    load_preset,
)
from engine.events import Event
from tests.soak.player import Player
from tests.soak.verdict import Acts, Incident, problems, unexplained
from tests.soak.watch import Sample, slope_per_min

MINUTE_S = 60.0


def samples(
    own_mib_per_min: float = 0.0,
    handles_per_min: float = 0.0,
    noise_mib: float = 3.0,
    worker_mib_per_min: float = 0.0,
    lives_min: float = 30.0,
) -> list[Sample]:
    rng = np.random.default_rng(1)
    return [
        Sample(
            minute * MINUTE_S,
            300 + own_mib_per_min * minute + noise_mib * rng.standard_normal(),
            500.0 + worker_mib_per_min * (minute % lives_min),
            40 + int(handles_per_min * minute),
            20,
            1,
            1000 + int(minute / lives_min),
        )
        for minute in np.arange(0, 30, 0.1)
    ]


def judged(found: list[Sample], gap_ms: float = 40.0, **rest: object) -> list[str]:
    settings = {"incidents": [], "events": [], **rest}
    return problems(
        found, Acts(120.0, 900.0), longest_gap_ms=gap_ms, allowed_gap_ms=66.7, **settings
    )  # type: ignore[arg-type]


def fault(recovered_s: float | None = 5.0) -> Incident:
    return Incident("A kill", 10.0, 30.0, frozenset({EventKind.RENDERER_LOST}), recovered_s)


def event(kind: EventKind, time_s: float, severity: Severity = Severity.ERROR) -> Event:
    return Event(kind, severity, "Something happened.", time_s)


def test_a_steady_show_passes() -> None:
    assert judged(samples()) == []


def test_a_leak_of_two_mebibytes_a_minute_fails() -> None:
    assert "memory of own" in judged(samples(own_mib_per_min=2.0))[0]


def test_a_worker_that_grows_while_it_is_let_live_fails() -> None:
    assert "memory of worker" in judged(samples(worker_mib_per_min=2.0))[0]


def test_workers_that_begin_small_and_grow_are_not_compared_with_each_other() -> None:
    steps = [replace(s, workers_mib=s.workers_mib if s.time_s < 900 else 700.0) for s in samples()]
    assert judged(steps) == []


def test_a_soak_whose_workers_are_all_short_lived_says_nothing_about_their_memory() -> None:
    assert "No worker lived" in judged(samples(lives_min=5.0))[0]


def test_a_slope_is_not_turned_by_one_plunge() -> None:
    times_s = np.arange(0, 1800, 5.0)
    values = np.full(len(times_s), 500.0)
    values[100:110] = 50.0
    assert slope_per_min(times_s, values) == pytest.approx(0.0)


def test_the_slope_of_a_line_is_its_rise_per_minute() -> None:
    assert slope_per_min([0, 30, 60, 90], [1, 2, 3, 4]) == pytest.approx(2.0)


def test_handles_that_pile_up_fail() -> None:
    assert "more handles" in judged(samples(handles_per_min=1.0))[0]


def test_a_gap_beyond_two_periods_fails() -> None:
    assert "waited 70 ms" in judged(samples(), gap_ms=70.0)[0]


def test_a_fault_without_recovery_fails() -> None:
    assert judged(samples(), incidents=[fault(recovered_s=None)]) == [
        "A kill was not recovered from."
    ]


def test_an_event_counts_as_explained_only_by_a_fault_of_its_kind_and_time() -> None:
    explained = event(EventKind.RENDERER_LOST, 12.0)
    late = event(EventKind.RENDERER_LOST, 31.0)
    other = event(EventKind.SINK_FAILED, 12.0)
    news = event(EventKind.SINK_OPENED, 90.0, Severity.INFO)
    assert unexplained([explained, late, other, news], [fault()]) == [late, other]


def test_the_player_stays_within_the_table_and_repeats_itself() -> None:
    presets = [load_preset(path)[0] for path in find_presets(Bank.HOUSE)]
    first, second = Player(3, presets), Player(3, presets)
    params = StreamParams()
    moved: set[str] = set()
    for _ in range(2000):
        move = first.next_move()
        assert move == second.next_move()
        params = params.with_changes(move.changes)
        moved |= set(move.changes)
    assert moved >= {name for name, p in PARAMETERS.items() if p.is_number}
