"""Time as a dependency: the real clock, and the contract that tests replace."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and a wait that another thread can cut short. Any thread."""

    def now_s(self) -> float: ...

    def wait_until(self, deadline_s: float, wake: threading.Event) -> bool:
        """Block until `deadline_s` or until `wake` is set; return whether it was set."""
        ...


class MonotonicClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        return time.perf_counter()

    def wait_until(self, deadline_s: float, wake: threading.Event) -> bool:
        return wake.wait(max(0.0, deadline_s - self.now_s()))
