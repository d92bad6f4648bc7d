"""Which threads still have something to do? Read off what each of them executes at the moment."""

from __future__ import annotations

import gc
import selectors
import sys
import threading
import time
from collections.abc import Collection
from types import FrameType

# Standing in the same native call for so long (a driver, a socket) is rest as well; and so is
# running for so long on end, for a thread that doesn't live by the clock.
LONG_S = 4.0

Place = tuple[int, int]


class Rest:
    """The threads started since this was made, but for the one that asks and the main one."""

    def __init__(self) -> None:
        self._others = set(threading.enumerate()) | {threading.main_thread()}
        # Of each busy thread: where it was seen, and since when (real time).
        self._seen: dict[threading.Thread, tuple[Place | None, float]] = {}

    def busy(self, bound: Collection[threading.Thread]) -> list[str]:
        """Names of the threads that are not at rest. bound: those that live by the clock."""
        frames = _current_frames()
        mine = set(threading.enumerate()) - self._others - {threading.current_thread()}
        return [t.name for t in mine if not self._rests(t, frames.get(t.ident or 0), t in bound)]

    def _rests(self, thread: threading.Thread, frame: FrameType | None, is_bound: bool) -> bool:
        if frame is None:  # about to begin
            return False
        if frame.f_code is threading.Condition.wait.__code__:
            if _waits(frame):
                self._seen.pop(thread, None)
                return True
            if is_bound:  # it was woken and is short of the processor
                return False
        if frame.f_code.co_filename == selectors.__file__:  # waits for the world outside
            return True
        return self._is_long(thread, (id(frame), frame.f_lasti) if is_bound else None)

    def _is_long(self, thread: threading.Thread, place: Place | None) -> bool:
        now_s = time.perf_counter()
        seen, since_s = self._seen.get(thread, (place, now_s))
        self._seen[thread] = (place, since_s if seen == place else now_s)
        if now_s - since_s <= LONG_S or seen != place:
            return False
        if place is None:
            self._others.add(thread)
        return True


def _current_frames() -> dict[int, FrameType]:
    """What every thread executes. Without the collector: up to Python 3.11 one that comes in
    between deadlocks with a thread that begins (python/cpython#106883)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        if was_enabled:
            gc.enable()


def _waits(frame: FrameType) -> bool:
    """Whether nobody has notified the condition yet that is waited for in this frame.

    A notified thread that is short of the processor stands in the same line as a waiting one; but
    `notify` has taken its lock out of the condition's list.
    """
    condition, waiter = frame.f_locals.get("self"), frame.f_locals.get("waiter")
    return waiter is not None and waiter in condition._waiters
