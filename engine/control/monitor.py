"""What has arrived lately and what it did, for people."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

NUM_LINES = 200


@dataclass(frozen=True, slots=True)
class MonitorLine:
    """came: the message. did: what it led to, or why it led to nothing; empty: nobody asked."""

    time_s: float
    came: str
    did: str = ""


class Monitor:
    """Keeps the newest lines. Threads: any writes, any reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[MonitorLine] = deque(maxlen=NUM_LINES)

    def add(self, line: MonitorLine) -> None:
        with self._lock:
            self._lines.append(line)

    def lines(self) -> tuple[MonitorLine, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._lines)
