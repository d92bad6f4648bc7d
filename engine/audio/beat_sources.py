"""Who can say where the beat is: taps, what is heard, a MIDI clock.

Each is asked for a `BeatGrid` and answers None when it has nothing to say. Threads: one tells, any
asks; what they share is one frozen grid and the time of the newest tick.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from engine.audio.beat_grid import BEATS_PER_BAR, FASTEST_BPM, SLOWEST_BPM, BeatGrid
from engine.audio.sound import Sound

TAP_TIMEOUT_S = 2.5  # a longer pause begins a new run of taps
NUM_TAPS = 8
CONFIDENT = 0.3
TICKS_PER_BEAT = 24
CLOCK_TIMEOUT_S = 0.5
NUM_TICKS = 2 * TICKS_PER_BEAT  # over so many the jitter of single ticks evens out
LEAST_TICKS = TICKS_PER_BEAT // 2


class TapTempo:
    """The first tap of a run is the one of a bar; two make a tempo."""

    def __init__(self) -> None:
        self._taps_s: deque[float] = deque(maxlen=NUM_TAPS)
        self._num_before = 0  # taps of this run that were forgotten
        self._grid: BeatGrid | None = None

    def tap(self, time_s: float, position: float) -> None:
        """position: what the beat is read as now; the new count stays near it."""
        if self._taps_s and time_s - self._taps_s[-1] > TAP_TIMEOUT_S:
            self._taps_s.clear()
            self._num_before = 0
        if self._taps_s and time_s <= self._taps_s[-1]:
            return
        self._num_before += len(self._taps_s) == NUM_TAPS
        self._taps_s.append(time_s)
        grid = grid_of_taps(list(self._taps_s), self._num_before)
        if grid is not None:
            self._grid = grid.aligned(position, BEATS_PER_BAR)

    def forget(self) -> None:
        self._taps_s.clear()
        self._num_before = 0
        self._grid = None

    def grid(self, _now_s: float) -> BeatGrid | None:
        return self._grid


def grid_of_taps(taps_s: list[float], first_beat: int) -> BeatGrid | None:
    """The beat that a hand meant: medians, so that one stumble changes nothing.

    first_beat: the number of the first of these taps. Returns: placed on the last tap.
    """
    if len(taps_s) < 2:
        return None
    times_s = np.array(taps_s)
    beat_s = float(np.clip(np.median(np.diff(times_s)), 60.0 / FASTEST_BPM, 60.0 / SLOWEST_BPM))
    numbers = np.arange(len(times_s))
    start_s = float(np.median(times_s - numbers * beat_s))
    last = int(numbers[-1])
    return BeatGrid(60.0 / beat_s, float(first_beat + last), start_s + last * beat_s)


class SoundBeat:
    """What the analysis hears, while it is confident."""

    def __init__(self) -> None:
        self._grid: BeatGrid | None = None

    def hear(self, sound: Sound, position: float) -> None:
        """position: what the beat is read as at `sound.time_s`."""
        if sound.confidence < CONFIDENT:
            self._grid = None
            return
        self._grid = BeatGrid(sound.bpm, sound.beat_phase, sound.time_s).aligned(position, 1.0)

    def grid(self, _now_s: float) -> BeatGrid | None:
        return self._grid


class MidiClock:
    """24 ticks a beat; a straight line through the last two beats' ticks takes their jitter out."""

    def __init__(self) -> None:
        self._ticks_s: deque[float] = deque(maxlen=NUM_TICKS)
        self._device = ""
        self._newest_s = -math.inf
        self._num_ticks = 0
        self._grid: BeatGrid | None = None

    def start(self) -> None:
        """The next tick is the one of a bar."""
        self._num_ticks = 0

    def tick(self, time_s: float, position: float, device: str) -> None:
        """Of two devices that tick at once the first is followed."""
        if device != self._device and self._is_ticking_at(time_s):
            return
        self._device = device
        if self._ticks_s and not 0.0 < time_s - self._ticks_s[-1] < CLOCK_TIMEOUT_S:
            self._ticks_s.clear()
            self._grid = None
        self._ticks_s.append(time_s)
        self._newest_s = time_s
        if len(self._ticks_s) >= LEAST_TICKS:
            grid = grid_of_ticks(list(self._ticks_s), self._num_ticks)
            self._grid = grid.aligned(position, BEATS_PER_BAR)
        self._num_ticks += 1

    def grid(self, now_s: float) -> BeatGrid | None:
        """None once the ticks have stopped."""
        return self._grid if self._is_ticking_at(now_s) else None

    def _is_ticking_at(self, now_s: float) -> bool:
        return now_s - self._newest_s < CLOCK_TIMEOUT_S


def grid_of_ticks(ticks_s: list[float], newest: int) -> BeatGrid:
    """The least-squares line through the ticks' times. newest: the number of the last tick."""
    times_s = np.array(ticks_s)
    numbers = np.arange(len(times_s)) - (len(times_s) - 1.0)
    middle, middle_s = float(numbers.mean()), float(times_s.mean())
    deviations = numbers - middle
    tick_s = float(deviations @ (times_s - middle_s)) / float(deviations @ deviations)
    beat_s = float(np.clip(tick_s * TICKS_PER_BEAT, 60.0 / FASTEST_BPM, 60.0 / SLOWEST_BPM))
    newest_s = middle_s - middle * beat_s / TICKS_PER_BEAT
    return BeatGrid(60.0 / beat_s, newest / TICKS_PER_BEAT, newest_s)
