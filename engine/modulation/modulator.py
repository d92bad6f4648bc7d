"""The modulation of a running show: what its signals depend on, evaluated once per tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.audio import Sound
from engine.audio.beat_clock import BeatClock
from engine.latest import Latest
from engine.modulation.matrix import Memory, Shares, modulate
from engine.modulation.signals import Moment
from engine.params import StreamParams


class Modulator:
    """Threads: the render thread calls `apply`; the control thread `set_control`."""

    def __init__(self, hear: Callable[[float], Sound], beat: BeatClock) -> None:
        """hear: what is heard at a time of the show; in real time the newest there is."""
        self._hear = hear
        self._beat = beat
        self._memory = Memory()
        self._controls: Latest[Mapping[str, float]] = Latest({})

    def set_control(self, name: str, value: float) -> None:
        """What a mapped control says, 0-1."""
        self._controls.value = {**self._controls.value, name: value}

    def apply(self, shares: Shares, params: StreamParams, time_s: float) -> StreamParams:
        """What the tick at `time_s` paints with. Errors: AudioError of an offline sound file."""
        sound = self._hear(time_s)  # offline this is what drives the analysis on
        if not shares:
            self._memory = Memory()
            return params
        moment = Moment(time_s, sound, self._beat.at(time_s), self._controls.value)
        moved, self._memory = modulate(shares, params, moment, self._memory)
        return moved
