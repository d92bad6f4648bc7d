"""The timeline of a recorded show: a line of JSON for every tick of the render thread.

The first line is a `Header`, every other one a `Line`, in the order of the ticks. A line says what
has changed since the one before; every 256th says everything, so that a damaged one does no
harm for long. A line is written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.enums import OutputState
from engine.errors import RecordingError
from engine.file_names import FROM_FILE
from engine.file_version import only_version
from engine.params import PARAMETERS, StreamParams
from engine.presets import reason_of
from engine.sets import SetRender
from engine.transition import Instant, PictureFade, TransitionKind

VERSION = 1
MAX_LINE_BYTES = 2**20
NUM_PROBLEMS_TOLD = 5
LONGEST_S = 7 * 86_400.0


class _Part(BaseModel):
    # What a later Reverie adds is no reason to refuse the rest.
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Header(_Part):
    """What the show was painted with. render: also the size of the recorded input.

    params: all of them, at the first picture. output_starts_s: when the first picture of the
    output recording was shown, on the timeline's clock, which begins with the first line.
    """

    version: Annotated[int, only_version(VERSION)]
    render: SetRender
    params: dict[str, Any]
    output_fps_hz: float = Field(default=60.0, ge=1.0, le=240.0)
    output_starts_s: float = 0.0
    model_name: str = ""
    accelerator: str = ""
    device: str = ""
    recorded_at: str = ""
    versions: dict[str, str] = {}


class FadeLine(_Part):
    """A transition on the picture; since_s tells one from the next."""

    kind: TransitionKind
    since_s: float
    progress: float = Field(ge=0.0, le=1.0)

    @staticmethod
    def of(fade: PictureFade) -> FadeLine:
        return FadeLine(kind=fade.kind, since_s=fade.since.s, progress=fade.progress)

    @property
    def fade(self) -> PictureFade:
        return PictureFade(self.kind, Instant(self.since_s, 0.0), self.progress)


class Line(_Part):
    """One tick of the render thread: a picture for the model.

    time_s: when, from the first line on. sequence: which captured picture it was; the same again
    where changed parameters painted it anew. picture: its place in the input recording, from 0.
    is_skipped: the similarity gate rested the model, and its input was not recorded; `picture` is
    the one before. is_anew: nothing from before counts any more (Reset, another renderer). lost:
    ticks just before this one that the recorder was too slow for. output: what the audience was
    sent at that moment.
    """

    time_s: float = Field(ge=0.0, le=LONGEST_S)
    sequence: int = Field(ge=0, lt=2**53)
    picture: int = Field(ge=0, lt=2**53)
    changes: dict[str, Any] = {}
    is_skipped: bool = False
    is_anew: bool = False
    lost: int = Field(default=0, ge=0, lt=2**53)
    output: OutputState = OutputState.LIVE
    fade: FadeLine | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick, whole. The fields are those of `Line`."""

    time_s: float
    sequence: int
    picture: int
    params: StreamParams
    is_skipped: bool = False
    is_anew: bool = False
    lost: int = 0
    output: OutputState = OutputState.LIVE
    fade: PictureFade | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """At least one tick; time rises, and `picture` never falls."""

    header: Header
    ticks: tuple[Tick, ...]

    @property
    def num_lost(self) -> int:
        return sum(tick.lost for tick in self.ticks)


def read_timeline(path: Path) -> tuple[Timeline, list[str]]:
    """Read what can be read.

    Returns: the timeline and a sentence for what was left out of it.
    Errors: RecordingError when there is no timeline in it at all.
    """
    try:
        with path.open("rb") as file:
            lines = _lines(file)
            reading = _Reading(path.name, _header(path, next(lines, b"")))
            for number, text in enumerate(lines, start=2):
                reading.take(number, text)
    except OSError as error:
        reason = error.strerror or error
        raise RecordingError(f"The timeline {path} can't be read ({reason}).") from error
    if not reading.ticks:
        raise RecordingError(
            f"The timeline {path} holds no picture: the recording ended before the first one, or "
            "the file is damaged."
        )
    return Timeline(reading.header, tuple(reading.ticks)), reading.told()


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Each with its end; what is longer than any line of ours comes in pieces."""
    while text := file.readline(MAX_LINE_BYTES):
        yield text


def _header(path: Path, text: bytes) -> Header:
    try:
        return Header.model_validate_json(text, context=FROM_FILE)
    except ValidationError as error:
        raise RecordingError(
            f"{path} is not the timeline of a recorded show, or its first line is damaged: "
            f"{_place_and_reason(error)}."
        ) from error


@dataclass
class _Reading:
    """What has been read so far. A bad line or value is left out, the rest counts."""

    name: str
    header: Header
    ticks: list[Tick] = field(default_factory=list[Tick])
    problems: dict[str, None] = field(default_factory=dict[str, None])  # each once, in order

    def __post_init__(self) -> None:
        self.params = self._changed(StreamParams(), self.header.params, "line 1")

    def take(self, number: int, text: bytes) -> None:
        place = f"line {number}"
        if not text.endswith(b"\n"):
            self._note(f"{place} is cut off and was left out")
            return
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            self._note(f"{place} was left out: {_place_and_reason(error)}")
            return
        self.params = self._changed(self.params, line.changes, place)
        if reason := self._misplaced(line):
            self._note(f"{place} was left out: {reason}")
            return
        self.ticks.append(_tick(line, self.params))

    def told(self) -> list[str]:
        problems = [f"{self.name}: {problem}." for problem in self.problems]
        more = len(problems) - NUM_PROBLEMS_TOLD
        if more <= 0:
            return problems
        return [*problems[:NUM_PROBLEMS_TOLD], f"{self.name}: {more} more were left out as well."]

    def _misplaced(self, line: Line) -> str:
        last = self.ticks[-1] if self.ticks else None
        if last is not None and line.time_s <= last.time_s:
            return "its time is not after that of the line before"
        if last is not None and line.picture < last.picture:
            return "its picture is before that of the line before"
        return ""

    def _changed(
        self, params: StreamParams, changes: Mapping[str, object], place: str
    ) -> StreamParams:
        good: dict[str, object] = {}
        for name, value in changes.items():
            if name not in PARAMETERS:
                self._note(f"this Reverie has no parameter {_short(name)}, which was left out")
                continue
            try:
                good[name] = PARAMETERS[name].parse(value)
            except ValueError as error:
                self._note(f"{place}: {error}; it was left out")
        return params.with_changes(good) if good else params

    def _note(self, problem: str) -> None:
        self.problems[problem] = None


def _tick(line: Line, params: StreamParams) -> Tick:
    return Tick(
        time_s=line.time_s,
        sequence=line.sequence,
        picture=line.picture,
        params=params,
        is_skipped=line.is_skipped,
        is_anew=line.is_anew,
        lost=line.lost,
        output=line.output,
        fade=None if line.fade is None else line.fade.fade,
    )


def _place_and_reason(error: ValidationError) -> str:
    detail = error.errors()[0]
    place = ", ".join(str(part) for part in detail["loc"])
    reason = reason_of(detail, "timelines")
    return _short(f"{place}: {reason}" if place else reason, 200)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
