"""A clock that moves when the test says so, once all threads are at rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.support.rest import Rest

# Real time after which a test gives up; never reached when all is well.
PATIENCE_S = 100.0
LOOK_S = 0.002  # between two looks at threads that are not at rest yet


class ManualClock:
    """Threads wait on it by deadline; `advance` lets those go whose time has come."""

    def __init__(self, now_s: float = 100.0) -> None:
        self._now_s = now_s
        self._changed = threading.Condition()
        self._waiting: dict[threading.Thread, tuple[float, threading.Event]] = {}
        self._bound: set[threading.Thread] = set()  # have waited at least once
        self._rest = Rest()

    def now_s(self) -> float:
        return self._now_s

    def wait_until(self, deadline_s: float, wake: threading.Event) -> bool:
        me = threading.current_thread()
        with self._changed:
            self._bound.add(me)
            self._waiting[me] = (deadline_s, wake)
        # Python's Event has no way to be woken without being set but through its condition.
        condition: threading.Condition = wake._cond  # type: ignore[attr-defined]
        with condition:
            condition.wait_for(lambda: wake.is_set() or self._now_s >= deadline_s)
        with self._changed:
            del self._waiting[me]
            self._changed.notify_all()
        return wake.is_set()

    def advance(self, seconds: float) -> None:
        """Move on once no thread of the show has anything left to do at this time."""
        give_up_s = time.perf_counter() + PATIENCE_S
        while busy := self._rest.busy(self._bound):
            if time.perf_counter() > give_up_s:
                raise AssertionError(f"these threads never came to rest: {', '.join(busy)}")
            with self._changed:
                self._changed.wait(LOOK_S)
        with self._changed:
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
            self.advance(step_s)


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
