"""A clock that stands still until the test moves it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# Real time after which a test gives up; never reached when all is well.
PATIENCE_S = 60.0
# How long `advance` lets threads come back to the clock; an ended one never does.
SETTLE_S = 2.0


class ManualClock:
    """Threads wait on it by deadline; `advance` lets those go whose time has come."""

    def __init__(self, now_s: float = 100.0) -> None:
        self._now_s = now_s
        self._changed = threading.Condition()
        self._waiting: dict[int, tuple[float, threading.Event]] = {}
        self._num_usual = 3  # threads that live by this clock: capture, present and control

    def now_s(self) -> float:
        return self._now_s

    def wait_until(self, deadline_s: float, wake: threading.Event) -> bool:
        me = threading.get_ident()
        with self._changed:
            self._waiting[me] = (deadline_s, wake)
            self._changed.notify_all()
        # Python's Event has no way to be woken without being set but through its condition.
        condition: threading.Condition = wake._cond  # type: ignore[attr-defined]
        with condition:
            condition.wait_for(lambda: wake.is_set() or self._now_s >= deadline_s)
        with self._changed:
            del self._waiting[me]
            self._changed.notify_all()
        return wake.is_set()

    def expect_thread(self) -> None:
        """One thread more will live by this clock: it counts before its first wait."""
        with self._changed:
            self._num_usual = max(self._num_usual, len(self._waiting)) + 1

    def advance(self, seconds: float) -> None:
        """Move on once all threads that live by this clock wait for it."""
        with self._changed:
            self._num_usual = max(self._num_usual, len(self._waiting))
            self._changed.wait_for(lambda: self._num_patient() >= self._num_usual, SETTLE_S)
            self._num_usual = len(self._waiting)
            self._now_s += seconds
            due = [wake for deadline_s, wake in self._waiting.values() if deadline_s <= self._now_s]
        for wake in due:
            condition: threading.Condition = wake._cond  # type: ignore[attr-defined]
            with condition:
                condition.notify_all()

    def run_until(self, is_reached: Callable[[], bool], step_s: float = 1 / 240) -> None:
        """Advance step by step until something is so."""
        give_up_s = time.perf_counter() + PATIENCE_S
        while not is_reached():
            if time.perf_counter() > give_up_s:
                raise AssertionError("what the test waited for never happened")
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting), SETTLE_S)
            self.advance(step_s)

    def _num_patient(self) -> int:
        return sum(deadline_s > self._now_s for deadline_s, _ in self._waiting.values())


class JumpingClock:
    """For one thread alone: every wait ends at once, at its deadline."""

    def __init__(self, now_s: float = 100.0) -> None:
        self._now_s = now_s

    def now_s(self) -> float:
        return self._now_s

    def wait_until(self, deadline_s: float, wake: threading.Event) -> bool:
        if not wake.is_set():
            self._now_s = max(self._now_s, deadline_s)
        return wake.is_set()

    def advance(self, seconds: float) -> None:
        self._now_s += seconds
