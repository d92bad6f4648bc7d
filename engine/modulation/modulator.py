"""The modulation of a running show: what its signals depend on, evaluated once per tick."""

from __future__ import annotations

import threading
from collections.abc import Callable

from engine.audio import Sound
from engine.audio.beat_clock import BeatClock
from engine.modulation.matrix import Memory, Shares, modulate
from engine.modulation.signals import NUM_MACROS, Moment
from engine.params import StreamParams


class Modulator:
    """Threads: the render thread calls `apply`; the macros are turned and read by any."""

    def __init__(self, hear: Callable[[float], Sound], beat: BeatClock) -> None:
        """hear: what is heard at a time of the show; in real time the newest there is."""
        self._hear = hear
        self._beat = beat
        self._memory = Memory()
        self._turning = threading.Lock()
        self._macros = (0.0,) * NUM_MACROS

    def set_macro(self, number: int, value: float) -> None:
        """Turn a knob. number: from 1; value: 0-1. Errors: ValueError for one there isn't."""
        if not (1 <= number <= NUM_MACROS and 0.0 <= value <= 1.0):
            raise ValueError(f"macro 1 to {NUM_MACROS} take a number from 0 to 1, not {value}")
        with self._turning:
            self._macros = (*self._macros[: number - 1], value, *self._macros[number:])

    def macro(self, number: int) -> float:
        """Where a knob stands."""
        return self._macros[number - 1]

    def apply(self, shares: Shares, params: StreamParams, time_s: float) -> StreamParams:
        """What the tick at `time_s` paints with. Errors: AudioError of an offline sound file."""
        sound = self._hear(time_s)  # offline this is what drives the analysis on
        if not shares:
            self._memory = Memory()
            return params
        moment = Moment(time_s, sound, self._beat.at(time_s), self._macros)
        moved, self._memory = modulate(shares, params, moment, self._memory)
        return moved
