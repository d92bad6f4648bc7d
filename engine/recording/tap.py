"""The tap: where the render thread leaves what it does at every tick, for a recorder to fetch."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from engine.enums import OutputState
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderInfo, RenderSpec
from engine.transition import PictureFade

# About a second of pictures. They are held, not copied: 200 MB of a model that paints 1024×1024.
NUM_WAITING = 64


@dataclass(frozen=True, slots=True)
class Painting:
    """One tick. frame: the input before any effect, of the model's size.

    time_s: as `TimedFrame` has it. is_skipped: the model was rested. is_anew: nothing from before
    counts any more. output, fade: what the audience is sent at that moment. lost: ticks just
    before this one that nobody fetched in time.
    """

    frame: Frame
    params: StreamParams
    time_s: float
    spec: RenderSpec
    info: RenderInfo
    is_skipped: bool = False
    is_anew: bool = False
    output: OutputState = OutputState.LIVE
    fade: PictureFade | None = None
    lost: int = 0


class Tap:
    """A short queue that never holds up the model: what doesn't fit is lost, and counted.

    What is there already is kept, so that the holes in a recording lie together. Threads: the
    render thread notes, the recorder's does everything else.
    """

    def __init__(self, num_waiting: int = NUM_WAITING) -> None:
        self._most = num_waiting
        self._lock = threading.Lock()
        self._waiting: deque[Painting] = deque()
        self._is_open = False
        self._num_lost = 0

    def open(self) -> None:
        """From now on what is noted is wanted."""
        with self._lock:
            self._waiting.clear()
            self._num_lost = 0
            self._is_open = True

    def close(self) -> list[Painting]:
        """Nothing more is wanted. Returns: what is left."""
        with self._lock:
            self._is_open = False
        return self.fetch()

    def note(self, painting: Painting) -> None:
        """Leave a tick; returns at once."""
        with self._lock:
            if not self._is_open:
                return
            if len(self._waiting) >= self._most:
                self._num_lost += 1
                return
            lost, self._num_lost = self._num_lost, 0
            self._waiting.append(replace(painting, lost=lost) if lost else painting)

    def fetch(self) -> list[Painting]:
        """Everything that waits, oldest first."""
        with self._lock:
            fetched = list(self._waiting)
            self._waiting.clear()
        return fetched


@runtime_checkable
class Tapped(Protocol):
    """A sink that wants to know what was painted from what, beside the finished pictures."""

    @property
    def tap(self) -> Tap: ...
