"""The mappings in force and what is being learned; every thread's view of both."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from engine.control.learn import Learning, begin, learn_from, settle
from engine.control.mapping import Mapping
from engine.control.mapping_edits import with_learned
from engine.control.messages import Message


class MappingBook:
    """Replaced whole under a lock, read without one. Any thread.

    learned: what the last learning came to, once whoever keeps the mappings has it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.mappings: tuple[Mapping, ...] = ()
        self.learning: Learning | None = None
        self.learned: Mapping | None = None

    def set(self, mappings: Sequence[Mapping]) -> None:
        with self._lock:
            self.mappings = tuple(mappings)

    def learn(self, target: str) -> None:
        """Errors: ValueError for what can't be mapped."""
        with self._lock:
            self.learning, self.learned = begin(target), None

    def cancel(self) -> None:
        with self._lock:
            self.learning = self.learned = None

    def finish(self, mapping: Mapping) -> None:
        """It is kept; unless somebody learns the next one already."""
        with self._lock:
            if self.learning is None:
                self.learned = mapping

    def hear(self, message: Message) -> Mapping | None:
        """While learning: take in a message. Returns: the mapping, once it is learned."""
        with self._lock:
            if self.learning is None:
                return None
            self.learning, mapping = learn_from(self.learning, message)
            return self._adopt(mapping)

    def settle(self, now_s: float) -> Mapping | None:
        """Decide by what was heard, when the hand is still. Returns: the mapping, if any."""
        with self._lock:
            return self._adopt(None if self.learning is None else settle(self.learning, now_s))

    def _adopt(self, mapping: Mapping | None) -> Mapping | None:
        if mapping is not None:
            self.mappings = with_learned(self.mappings, mapping)
            self.learning = None
        return mapping
