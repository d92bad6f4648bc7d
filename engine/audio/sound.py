"""What is heard, as one value that every reader may keep."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.enums import StrEnum

SAMPLE_RATE_HZ = 48_000
NUM_BANDS = 8


class AudioState(StrEnum):
    """Whether anything is listened to."""

    OFF = "off"  # nothing was chosen
    LISTENING = "listening"
    LOST = "lost"  # what was chosen is not there; it is tried again and again


@dataclass(frozen=True, slots=True)
class Sound:
    """One moment of what is heard. Made by the thread "audio"; immutable.

    level, bands, onset: 0-1, under a gain that follows how loud it has been. bands: low to high.
    onset: jumps with every attack and fades. bpm: 0 while there is no tempo. beat_phase: 0-1, 0 on
    the beat, at `time_s`. confidence: 0-1, in tempo and phase. is_clipped: the input is too loud.
    time_s: engine clock of the newest sample. name: of the device or file. message: what is wrong.
    """

    level: float = 0.0
    bands: tuple[float, ...] = field(default=(0.0,) * NUM_BANDS)
    onset: float = 0.0
    bpm: float = 0.0
    beat_phase: float = 0.0
    confidence: float = 0.0
    is_clipped: bool = False
    time_s: float = 0.0
    state: AudioState = AudioState.OFF
    name: str = ""
    message: str = ""
