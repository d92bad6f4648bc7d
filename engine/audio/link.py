"""Ableton Link: the beat that all programs on the network share. Needs the package `aalink`."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.audio.beat_grid import BEATS_PER_BAR, BeatGrid
from engine.clock import Clock
from engine.errors import AudioError

NOT_INSTALLED = (
    "Ableton Link needs the package aalink, which is not installed: "
    "python -m pip install aalink, in Reverie's environment."
)


class LinkBeat:
    """A member of the Link session from `open` to `close`. Any thread.

    Speaks on the local network (multicast) while it is open, and only then.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._link: Any = None  # aalink is a compiled module without types

    def open(self, bpm: float) -> None:
        """Join; `bpm` is proposed where nobody else is. Errors: AudioError without the package."""
        if self._link is not None:
            return
        try:
            import aalink  # type: ignore[import-not-found]
        except ImportError as error:
            raise AudioError(NOT_INSTALLED) from error
        self._link = asyncio.run(_joined(aalink, bpm))

    def close(self) -> None:
        """Leave the session; harmless when it isn't open."""
        link, self._link = self._link, None
        if link is not None:
            link.enabled = False

    def grid(self, _time_s: float) -> BeatGrid | None:
        """None where nobody else is there: a session of one knows no more than we do.

        The bar is Link's phase; its own count of beats differs from program to program.
        """
        link = self._link
        if link is None or link.num_peers < 1:
            return None
        beat, phase = float(link.beat), float(link.phase)
        whole_bars = round((beat - phase) / BEATS_PER_BAR) * BEATS_PER_BAR
        return BeatGrid(float(link.tempo), whole_bars + phase, self._clock.now_s())


async def _joined(aalink: Any, bpm: float) -> Any:
    """aalink makes its link where a loop runs, for what can be awaited of it; nothing is here."""
    link = aalink.Link(bpm)
    link.quantum = float(BEATS_PER_BAR)
    link.enabled = True
    return link
