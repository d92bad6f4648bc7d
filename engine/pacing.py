"""When the next thing is due: pure decisions from (state, now); the caller does the waiting."""

from __future__ import annotations

import math

# A source that is later than this plays on from where it is instead of racing to catch up.
MAX_LATENESS_S = 0.5
# No picture is held longer than this for a time that a file gives: such a stamp is broken.
MAX_HOLD_S = 60.0
FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 5.0


def retry_delay_s(failures: int) -> float:
    """The pause before the next try after so many failures in a row: 0.5, 1, 2, 4, 5, 5 … s."""
    doublings = min(failures - 1, 10)  # after hours of tries the power would overflow
    return min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0**doublings)


def next_tick_s(previous_s: float, now_s: float, period_s: float) -> float:
    """The first point after `now_s` on the grid through `previous_s`.

    A late tick is not made up for by a burst: the missed points are passed over and the rhythm
    stays on its grid.
    """
    following_s = previous_s + period_s
    if following_s > now_s:
        return following_s
    missed = math.floor((now_s - previous_s) / period_s)
    return previous_s + (missed + 1) * period_s


class Timeline:
    """Places a source's own seconds on the show's clock.

    In real time the first picture is due at once and the others follow at their distance. A source
    that falls behind by more than MAX_LATENESS_S is moved along; within that, late pictures are due
    at once and the newest-wins mailbox drops what is in excess. Times that make no sense (NaN, a
    leap in the file, a clock that was set or slept) put the picture to now, and the next ones
    follow at their distance from it.
    """

    def __init__(self) -> None:
        self._origin_s: float | None = None

    def restart(self) -> None:
        """The next picture belongs to another source."""
        self._origin_s = None

    def due_s(self, time_s: float, now_s: float) -> float:
        if not math.isfinite(time_s):
            return now_s
        if self._origin_s is not None:
            due_s = self._origin_s + time_s
            if now_s - MAX_LATENESS_S <= due_s <= now_s + MAX_HOLD_S:
                return due_s
        self._origin_s = now_s - time_s
        return now_s


class Seamless:
    """Chains the timelines of one source after another: time rises and never jumps back."""

    def __init__(self) -> None:
        self._origin_s = 0.0
        self._last_s: float | None = None
        self._step_s = 1 / 30  # until two pictures have shown their own

    def restart(self) -> None:
        """The next source goes on where the last one ended."""
        if self._last_s is not None:
            self._origin_s = self._last_s + self._step_s

    def place_s(self, time_s: float) -> float:
        """Where a picture lies; one without a sensible time follows the one before it."""
        placed_s = self._origin_s + time_s
        if self._last_s is None:
            placed_s = placed_s if math.isfinite(placed_s) else 0.0
        elif placed_s > self._last_s and math.isfinite(placed_s):
            self._step_s = placed_s - self._last_s
        else:
            placed_s = self._last_s + self._step_s
            self._origin_s = placed_s - time_s if math.isfinite(time_s) else self._origin_s
        self._last_s = placed_s
        return placed_s


class RateLimit:
    """Lets one of a kind through per interval, so that a fault at frame rate is told calmly."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_s = -math.inf

    def allows(self, now_s: float) -> bool:
        if now_s - self._last_s < self._interval_s:
            return False
        self._last_s = now_s
        return True
