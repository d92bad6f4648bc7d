"""Where messages wait for the next control tick. A flood of one control can't crowd out another."""

from __future__ import annotations

import threading
from collections import deque

from engine.control.messages import Message

NUM_KEPT = 64  # of one control within one tick; of more, the newest count
NUM_CONTROLS = 1024


class Inbox:
    """Bounded, in order of arrival. Threads: any put; one takes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[object, deque[tuple[int, Message]]] = {}
        self._count = 0
        self.filled = threading.Event()
        self.num_takes = 0
        self.num_dropped = 0

    def put(self, message: Message) -> None:
        """Of too many from one control the oldest are dropped, and counted."""
        with self._changed:
            queue = self._waiting.get(message.origin)
            if queue is None:
                if len(self._waiting) >= NUM_CONTROLS:
                    self.num_dropped += 1
                    return
                queue = self._waiting[message.origin] = deque(maxlen=NUM_KEPT)
            self.num_dropped += len(queue) == NUM_KEPT
            self._count += 1
            queue.append((self._count, message))
            self.filled.set()

    def take(self) -> list[Message]:
        """Everything that waits, oldest first."""
        with self._changed:
            self.filled.clear()
            waiting, self._waiting = self._waiting, {}
            self.num_takes += 1
            self._changed.notify_all()
        entries = [entry for queue in waiting.values() for entry in queue]
        return [message for _, message in sorted(entries, key=lambda entry: entry[0])]

    def wait_for_take(self, num_takes: int, ending: threading.Event) -> bool:
        """Until there has been a take after that many; False once `ending` is set and told."""
        self.filled.set()  # there may be nothing to take, but there is somebody who waits for it
        with self._changed:
            self._changed.wait_for(lambda: self.num_takes > num_takes or ending.is_set())
            return not ending.is_set()

    def tell_ending(self) -> None:
        """Let every waiter look at its `ending`."""
        with self._changed:
            self._changed.notify_all()
