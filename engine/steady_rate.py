"""Pictures that come at any times, as a film of a steady rate."""

from __future__ import annotations

from collections.abc import Iterator

from engine.frame import Frame

# Of the grid's period: a picture that comes so little after a point is meant for it.
TOLERANCE = 0.1


class SteadyRate:
    """At every point of the grid stands the newest picture that was there by then.

    The grid begins with the first picture. Pictures between two points are left out, and one that
    no other follows is repeated. One thread.
    """

    def __init__(self, fps_hz: float) -> None:
        self._period_s = 1.0 / fps_hz
        self._first_s = 0.0
        self._num_passed = 0
        self._held: Frame | None = None

    def take(self, frame: Frame, time_s: float) -> Iterator[tuple[Frame, float]]:
        """The pictures due before `time_s`; go through all of them."""
        if self._held is None:
            self._first_s = time_s
        else:
            while self._due_s < time_s - TOLERANCE * self._period_s:
                yield self._next(self._held)
        self._held = frame

    def rest(self) -> Iterator[tuple[Frame, float]]:
        """The last picture, once."""
        if self._held is not None:
            yield self._next(self._held)

    @property
    def _due_s(self) -> float:
        return self._first_s + self._num_passed * self._period_s

    def _next(self, frame: Frame) -> tuple[Frame, float]:
        due_s = self._due_s
        self._num_passed += 1
        return frame, due_s
