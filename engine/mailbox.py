"""The latest-frame mailbox: how stages hand pictures on without ever queueing."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds the newest item only: a slow consumer skips, it never lags.

    Threads: any may put; one consumer takes. received + nothing lost: every item put is either
    taken, still held, or counted in `dropped`.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._is_closed = False
        self.received = 0
        self.dropped = 0

    def put(self, item: T) -> None:
        """Replace whatever was waiting. After `close` the item is counted as dropped."""
        with self._changed:
            self.received += 1
            if self._is_closed:
                self.dropped += 1
                return
            self.dropped += self._item is not None
            self._item = item
            self._changed.notify_all()

    def put_when_empty(self, item: T, timeout_s: float | None = None) -> bool:
        """Wait until the consumer has taken the last item (offline runs lose no frame).

        Returns: False when the mailbox closed or the time ran out before there was room.
        """
        with self._changed:
            has_room = self._changed.wait_for(
                lambda: self._item is None or self._is_closed, timeout_s
            )
            if not has_room or self._is_closed:
                return False
            self.received += 1
            self._item = item
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float | None = None) -> T | None:
        """Wait for an item; None when the time ran out or the closed mailbox is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._is_closed, timeout_s)
            item, self._item = self._item, None
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Let every waiter go; an item still held can be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_finished(self) -> bool:
        """Closed and empty: nothing will ever come again."""
        with self._changed:
            return self._is_closed and self._item is None
