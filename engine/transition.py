"""How one look leads over to the next: kind, time and ease."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from engine.enums import StrEnum

MAX_DURATION = 600.0
BEATS_PER_BAR = 4
DEFAULT_BPM = 120.0


class TransitionKind(StrEnum):
    """Where two looks meet."""

    MORPH = "morph"  # inside the model: words, noise and numbers travel
    DISSOLVE = "dissolve"  # on the picture, from the last one of the old look
    LUMA_WIPE = "luma_wipe"  # the same, its dark places first


class TimeUnit(StrEnum):
    """What a duration is counted in."""

    SECONDS = "seconds"
    BEATS = "beats"


class Ease(StrEnum):
    """How a movement is spread over its time."""

    LINEAR = "linear"
    SMOOTH = "smooth"
    IN = "in"  # begins slowly
    OUT = "out"  # ends slowly


class Quantise(StrEnum):
    """When a trigger acts."""

    NOW = "now"
    BEAT = "beat"
    BAR = "bar"


EASES: dict[Ease, Callable[[float], float]] = {
    Ease.LINEAR: lambda travel: travel,
    Ease.SMOOTH: lambda travel: travel * travel * (3.0 - 2.0 * travel),
    Ease.IN: lambda travel: travel * travel,
    Ease.OUT: lambda travel: travel * (2.0 - travel),
}
QUANTA_BEATS = {Quantise.BEAT: 1, Quantise.BAR: BEATS_PER_BAR}


class BeatSource(Protocol):
    """Tells the beat. Any thread."""

    def beats_at(self, now_s: float) -> float:
        """Beats since some bar began, at a time of the engine's clock; it may lie ahead."""
        ...


@dataclass(frozen=True, slots=True)
class SteadyBeats:
    """Runs freely, for shows without a tempo of their own."""

    bpm: float = DEFAULT_BPM

    def beats_at(self, now_s: float) -> float:
        return now_s * self.bpm / 60.0


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both rulers."""

    s: float
    beats: float

    def on(self, unit: TimeUnit) -> float:
        return self.beats if unit is TimeUnit.BEATS else self.s


class Transition(BaseModel):
    """One way from a look to the next. duration: 0 is a cut; counted in `unit`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: TransitionKind = TransitionKind.MORPH
    duration: float = Field(default=0.0, ge=0.0, le=MAX_DURATION)
    unit: TimeUnit = TimeUnit.SECONDS
    ease: Ease = Ease.SMOOTH

    def progress(self, since: Instant, now: Instant) -> float:
        """How much of it is done, 0-1, after its ease."""
        passed = now.on(self.unit) - since.on(self.unit)
        if passed >= self.duration:
            return 1.0
        return EASES[self.ease](max(0.0, passed) / self.duration)

    @property
    def is_on_picture(self) -> bool:
        return self.kind is not TransitionKind.MORPH


CUT = Transition()


@dataclass(frozen=True, slots=True)
class PictureFade:
    """A transition on the picture under way. since: tells one from the next; progress: 0-1."""

    kind: TransitionKind
    since: Instant
    progress: float


def next_beat(beats: float, quantise: Quantise) -> float:
    """The beat at which a trigger acts that comes at `beats`; one that comes on it acts at once."""
    if quantise is Quantise.NOW:
        return beats
    quantum = QUANTA_BEATS[quantise]
    return -(-beats // quantum) * quantum
