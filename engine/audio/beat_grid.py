"""A beat that goes on for ever: tempo and one known place on it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BEATS_PER_BAR = 4
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """position: in beats, at `time_s` (engine clock); whole numbers are beats, every 4th a bar."""

    bpm: float
    position: float
    time_s: float

    def position_at(self, time_s: float) -> float:
        return self.position + (time_s - self.time_s) * self.bpm / 60.0

    def aligned(self, near: float, modulus: float) -> BeatGrid:
        """The same beat, counted so that it reads closest to `near` at its own time.

        modulus: 1 where only the beat is known, BEATS_PER_BAR where the bar is known as well.
        """
        turns = round((near - self.position) / modulus)
        return BeatGrid(self.bpm, self.position + turns * modulus, self.time_s)
