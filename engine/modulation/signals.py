"""What a parameter can be moved by. Every signal is a pure function of one `Moment`.

Bipolar signals (LFO, walk) give -1…1, the others 0…1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from engine.audio import NUM_BANDS, Sound
from engine.audio.beat_clock import Beat
from engine.enums import StrEnum

MAX_SEED = 2**32 - 1
NUM_MACROS = 8


@dataclass(frozen=True, slots=True)
class Moment:
    """All that signals depend on. time_s: the engine's clock, offline the frame's own timeline.

    macros: knobs of the performer's own, 0-1, that stand for nothing but what routes make of them.
    """

    time_s: float = 0.0
    sound: Sound = field(default_factory=Sound)
    beat: Beat = field(default_factory=Beat)
    macros: tuple[float, ...] = (0.0,) * NUM_MACROS


class Shape(StrEnum):
    """One cycle of an oscillator."""

    SINE = "sine"
    TRIANGLE = "triangle"
    SAW = "saw"  # rises, then falls at once
    SQUARE = "square"
    SAMPLE_HOLD = "sample_hold"  # another random value every cycle


class _Signal(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_serializer(mode="wrap")
    def _with_kind(self, dump: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Files leave out what is as usual; the kind must stand in them all the same."""
        return {"kind": type(self).model_fields["kind"].default, **dump(self)}


class _Rhythm(_Signal):
    """rate_hz: cycles a second; beats: instead of it, how many beats a cycle takes.

    phase: where in a cycle it begins, 0-1.
    """

    rate_hz: float = Field(0.25, ge=0.0, le=30.0)
    beats: float | None = Field(None, ge=1 / 32, le=256.0)
    phase: float = Field(0.0, ge=0.0, le=1.0)

    def cycles(self, moment: Moment) -> float:
        if self.beats is None:
            return moment.time_s * self.rate_hz + self.phase
        return moment.beat.position / self.beats + self.phase


class Lfo(_Rhythm):
    """A low-frequency oscillator, free or in time with the beat."""

    kind: Literal["lfo"] = "lfo"
    shape: Shape = Shape.SINE
    seed: int = Field(0, ge=0, le=MAX_SEED)

    def value(self, moment: Moment) -> float:
        cycles = self.cycles(moment)
        if self.shape is Shape.SAMPLE_HOLD:
            return random_value(self.seed, math.floor(cycles))
        return WAVES[self.shape](cycles % 1.0)


class Walk(_Rhythm):
    """Wanders smoothly and without aim; the same seed wanders the same way.

    Each cycle goes from one random point to the next (value noise), so that the place at any time
    is known without having walked there.
    """

    kind: Literal["walk"] = "walk"
    seed: int = Field(0, ge=0, le=MAX_SEED)

    def value(self, moment: Moment) -> float:
        cycles = self.cycles(moment)
        index = math.floor(cycles)
        start, end = random_value(self.seed, index), random_value(self.seed, index + 1)
        travel = cycles - index
        return start + (end - start) * travel * travel * (3.0 - 2.0 * travel)


class Level(_Signal):
    """How loud it is."""

    kind: Literal["level"] = "level"

    def value(self, moment: Moment) -> float:
        return moment.sound.level


class Band(_Signal):
    """How loud one band of the sound is; number: 1 is the lowest."""

    kind: Literal["band"] = "band"
    number: int = Field(1, ge=1, le=NUM_BANDS)

    def value(self, moment: Moment) -> float:
        return moment.sound.bands[self.number - 1]


class Onset(_Signal):
    """Jumps with every attack, and fades."""

    kind: Literal["onset"] = "onset"

    def value(self, moment: Moment) -> float:
        return moment.sound.onset


class BeatPhase(_Signal):
    """1 on the beat, falling to 0 before the next; beats: from one to the next."""

    kind: Literal["beat"] = "beat"
    beats: float = Field(1.0, ge=1 / 32, le=256.0)

    def value(self, moment: Moment) -> float:
        return 1.0 - moment.beat.position / self.beats % 1.0


class Macro(_Signal):
    """A knob that MIDI, OSC or keys turn, for any number of parameters; 0 until it is touched."""

    kind: Literal["macro"] = "macro"
    number: int = Field(1, ge=1, le=NUM_MACROS)

    def value(self, moment: Moment) -> float:
        return moment.macros[self.number - 1]


Signal = Annotated[
    Lfo | Walk | Level | Band | Onset | BeatPhase | Macro, Field(discriminator="kind")
]


def _triangle(phase: float) -> float:
    return 4.0 * abs((phase + 0.75) % 1.0 - 0.5) - 1.0


# One cycle each, from phase 0-1 to -1…1; sine and triangle begin in the middle, rising.
WAVES: dict[Shape, Callable[[float], float]] = {
    Shape.SINE: lambda phase: math.sin(2.0 * math.pi * phase),
    Shape.TRIANGLE: _triangle,
    Shape.SAW: lambda phase: 2.0 * phase - 1.0,
    Shape.SQUARE: lambda phase: 1.0 if phase < 0.5 else -1.0,
}


def random_value(seed: int, index: int) -> float:
    """The same number in [-1, 1) for the same arguments, on every machine.

    Source: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    mask = 2**64 - 1
    bits = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03 + 0x8CB92BA72F3D8DD7) & mask
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & mask
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & mask
    return ((bits ^ (bits >> 31)) >> 11) / 2.0**52 - 1.0
