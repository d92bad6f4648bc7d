"""The arithmetic of the bench that watches the window's thread."""

from __future__ import annotations

from bench.gui_thread import all_waits


def test_a_late_turn_counts_for_every_key_that_fell_into_it() -> None:
    assert list(all_waits([10.0, 0.0, 3.0], period_ms=4.0)) == [10.0, 6.0, 2.0, 3.0]


def test_turns_in_time_make_nobody_wait() -> None:
    assert list(all_waits([0.0, 0.0], period_ms=4.0)) == []
