"""Keeps a show supplied with pictures: opens, watches, retries and switches sources.

It touches no device and never blocks; its readers do, each on a thread of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from engine.errors import EngineError, SourceFrozen, SourceInUseHere, clause_of
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.pacing import LONGEST_RETRY_S, retry_delay_s
from engine.source_reader import Picture, ReaderLinks, SourceReader
from engine.sources.base import Source, SourceCondition, SourceInfo
from engine.stage import Surroundings
from engine.stats import SourceState

LIVE_SILENCE_S = 2.0  # a camera or screen without a picture for so long counts as frozen…
FILE_SILENCE_S = 10.0  # …and so does a file: a slow processor needs seconds for a huge picture
OPENING_S = 20.0  # some cameras and network folders take long to wake
STAGE = "source"  # the thread that all of this is told of
JOIN_S = 1.0  # for devices to be let go of at the end of a show


@dataclass(frozen=True)
class _Attempt:
    """A source under the name that the performer gave it, and the reader that works on it.

    deadline_s: by when it should have opened.
    """

    uri: str
    reader: SourceReader
    deadline_s: float


class SourceKeeper:
    """One source plays; another one may be opening; what is lost is opened again and again.

    Thread: the capture thread for everything; `state` is there for the others to read.
    is_patient: an offline run, which waits for a slow source and ends with a lost one.
    """

    def __init__(
        self,
        source: Source,
        uri: str,
        links: ReaderLinks,
        state: Latest[SourceState],
        around: Surroundings,
        is_patient: bool,
    ) -> None:
        self._links, self._state, self._around = links, state, around
        self._is_patient = is_patient
        self._source, self._uri = source, uri  # what is played, and tried again when it is lost
        self._playing: _Attempt | None = None
        self._opening: _Attempt | None = None
        self._leaving: list[_Attempt] = []  # stopped, perhaps still in a driver's hands
        self._failures = 0
        self._retry_s = -math.inf
        self._opened_s = self._seen_s = self._now_s()  # the newest picture, or else the opening
        self._missing_since_s: float | None = None
        self._is_wanted = False
        self.num_openings = 0  # rises whenever another timeline begins
        self.has_ended = False

    # ---- for the capture stage

    def switch(self, uri: str, source: Source) -> None:
        """Open `source` beside the one that plays, and change over when it is open.

        The same URI means the same device, which can't be open twice: the present one goes first.
        """
        self._let_go_of_opening()
        self._failures = 0
        if uri == self._uri:
            self._take_over(uri, source)
        else:
            self._opening = self._attempt(uri, source)

    def take(self) -> Picture | None:
        """The next picture, if there is one; else wait for `changed` or until `next_look_s`."""
        playing = self._playing
        if playing is None:
            return None
        if not self._is_wanted:  # as long as the model loads, nobody asks for pictures
            self._is_wanted = self._links.may_read.is_set()
            self._seen_s = self._now_s()
        picture = playing.reader.pictures.take(0.0)
        if picture is not None:
            self._saw(picture)
        elif playing.reader.is_over:
            self._end(playing.reader.error)
        elif self._now_s() >= self._silence_s and not self._is_patient:
            message = f"{self._name} gives no picture any more; the last one is held meanwhile."
            self._miss(SourceCondition.FROZEN, message)
        return picture

    def look(self) -> None:
        """See to what has opened, failed to open or is due to be tried again."""
        opening = self._opening
        if opening is not None:
            if opening.reader.info is not None:
                self._adopt(opening, opening.reader.info)
            elif opening.reader.is_over:
                self._refuse(opening, opening.reader.error)
            elif self._now_s() >= opening.deadline_s:
                self._doubt(opening)
        elif self._playing is None and self._now_s() >= self._retry_s:
            self._opening = self._attempt(self._uri, self._source)

    @property
    def info(self) -> SourceInfo | None:
        """Of what plays, or played last."""
        return self._state.value.info

    @property
    def is_missing(self) -> bool:
        """Pictures are wanted and none come."""
        return self._missing_since_s is not None

    @property
    def next_look_s(self) -> float:
        """When something is to be decided though nothing has changed."""
        if self._opening is not None:
            return self._opening.deadline_s
        if self._playing is None:
            return self._retry_s
        is_told = self._is_patient or self._state.value.condition is SourceCondition.FROZEN
        return self._now_s() + LONGEST_RETRY_S if is_told else self._silence_s

    def lose(self, message: str) -> None:
        """Let go of what plays and try it again later; an offline run is over instead."""
        self._lose(SourceCondition.LOST, message)

    def close(self) -> None:
        """Let go of every device, as far as the drivers come back in time."""
        self._let_go_of_opening()
        self._let_go_of_playing()
        self._state.value = replace(self._state.value, condition=SourceCondition.ENDED)
        deadline_s = self._now_s() + JOIN_S
        for attempt in self._leaving:
            attempt.reader.join(max(0.0, deadline_s - self._now_s()))

    # ---- opening

    def _attempt(self, uri: str, source: Source, holder: _Attempt | None = None) -> _Attempt:
        """Begin to open `source`, once its device is free. holder: who has it by another name."""
        before = [left.reader for left in self._leaving if left.uri == uri or left is holder]
        reader = SourceReader(source, self._links, before)
        return _Attempt(uri, reader, self._now_s() + OPENING_S)

    def _take_over(self, uri: str, source: Source) -> None:
        """Open a source whose device the present one may hold."""
        holder = self._playing
        self._let_go_of_playing()
        self._source, self._uri = source, uri
        self._opening = self._attempt(uri, source, holder)

    def _adopt(self, opening: _Attempt, info: SourceInfo) -> None:
        is_back = self._missing_since_s is not None and opening.uri == self._uri
        self._let_go_of_playing()
        self._source, self._uri = opening.reader.source, opening.uri
        self._playing, self._opening = opening, None
        self._opened_s = self._seen_s = self._now_s()
        self.num_openings += 1
        self._state.value = SourceState(self._uri, info)
        if is_back:
            self._say_back()
        else:
            self._missing_since_s = None
            self._set(SourceCondition.PLAYING)
            self._tell(EventKind.SOURCE_OPENED, f"Pictures come from {info.name}.", Severity.INFO)

    def _refuse(self, opening: _Attempt, error: Exception | None) -> None:
        """An opening has failed."""
        self._let_go_of_opening()
        if isinstance(error, SourceInUseHere) and self._playing is not None:
            self._take_over(opening.uri, opening.reader.source)
        elif opening.uri == self._uri:
            self._end(error)
        else:  # the present one plays on, or is tried again
            self._tell(EventKind.SOURCE_FAILED, _sentence(opening.uri, error), Severity.ERROR)

    def _doubt(self, opening: _Attempt) -> None:
        """An opening takes too long. Nothing can hurry a driver; it may still come back."""
        message = f"The source {opening.uri} does not answer; check its cable or choose another."
        if opening.uri == self._uri:
            self._miss(SourceCondition.LOST, message)
            self._opening = replace(opening, deadline_s=self._now_s() + OPENING_S)
        else:
            self._let_go_of_opening()
            self._tell(EventKind.SOURCE_FAILED, message, Severity.ERROR)

    # ---- playing

    @property
    def _silence_s(self) -> float:
        """When a source that gives nothing counts as frozen."""
        is_live = self._source.is_live
        return self._seen_s + (LIVE_SILENCE_S if is_live else FILE_SILENCE_S)

    def _saw(self, picture: Picture) -> None:
        self._seen_s = self._now_s()
        if self._state.value.condition is SourceCondition.FROZEN:
            self._say_back()
        info = self._state.value.info
        size = (picture.width_px, picture.height_px)
        if info is not None and size != (info.width_px, info.height_px):
            self._say_resized(info, *size)

    def _say_resized(self, info: SourceInfo, width_px: int, height_px: int) -> None:
        """A camera was reconfigured, a screen resized, a file changes in the middle."""
        description = f"{width_px}×{height_px}, changed while playing"
        info = replace(info, width_px=width_px, height_px=height_px, description=description)
        self._state.value = replace(self._state.value, info=info)
        message = f"The pictures from {info.name} are {width_px}×{height_px} now."
        self._tell(EventKind.NOTICE, message, Severity.INFO)

    def _end(self, error: Exception | None) -> None:
        """Nothing more comes from what plays, or from what was tried again."""
        if error is None and self._is_patient:
            self._tell(EventKind.SOURCE_ENDED, f"The source {self._uri} has ended.", Severity.INFO)
            self.has_ended = True
            return
        is_frozen = isinstance(error, SourceFrozen)
        condition = SourceCondition.FROZEN if is_frozen else SourceCondition.LOST
        self._lose(condition, _sentence(self._uri, error))

    def _lose(self, condition: SourceCondition, message: str) -> None:
        now_s = self._now_s()
        if self._playing is not None and now_s - self._opened_s >= LONGEST_RETRY_S:
            self._failures = 0  # it had recovered for good
        self._let_go_of_playing()
        self._failures += 1
        self._retry_s = now_s + retry_delay_s(self._failures)
        self._miss(condition, message)
        self.has_ended = self._is_patient  # a run that misses pictures is worth nothing

    def _miss(self, condition: SourceCondition, message: str) -> None:
        """Tell that pictures are missing; the retries are silent."""
        if self._missing_since_s is None:
            self._missing_since_s = self._now_s()
        is_frozen = condition is SourceCondition.FROZEN
        before = self._state.value
        # Whoever hears the event finds the state already so.
        info = before.info if is_frozen else None
        self._state.value = SourceState(self._uri, info, condition, message)
        if before.condition is not condition:
            kind = EventKind.SOURCE_FROZEN if is_frozen else EventKind.SOURCE_FAILED
            self._tell(kind, message, Severity.ERROR)

    def _say_back(self) -> None:
        since_s = self._now_s() if self._missing_since_s is None else self._missing_since_s
        self._missing_since_s = None
        away_s = self._now_s() - since_s
        self._set(SourceCondition.PLAYING)
        self._tell(
            EventKind.SOURCE_BACK, f"{self._name} is back after {away_s:.1f} s.", Severity.INFO
        )

    # ---- letting go

    def _let_go_of_opening(self) -> None:
        self._dismiss(self._opening)
        self._opening = None

    def _let_go_of_playing(self) -> None:
        self._dismiss(self._playing)
        self._playing = None

    def _dismiss(self, attempt: _Attempt | None) -> None:
        if attempt is not None:
            attempt.reader.stop()
            alive = [left for left in self._leaving if left.reader.is_alive]
            self._leaving = [*alive, attempt]

    # ---- words

    @property
    def _name(self) -> str:
        info = self._state.value.info
        return f"The source {self._uri}" if info is None else _capitalised(info.name)

    def _set(self, condition: SourceCondition) -> None:
        self._state.value = replace(self._state.value, condition=condition, message="")

    def _tell(self, kind: EventKind, message: str, severity: Severity) -> None:
        self._around.events.add(kind, severity, message, STAGE)

    def _now_s(self) -> float:
        return self._around.clock.now_s()


def _sentence(uri: str, error: Exception | None) -> str:
    """Why nothing comes; expected errors are sentences already."""
    if error is None:
        return f"The source {uri} has ended; it begins again."
    if isinstance(error, EngineError):
        return str(error)
    return f"The source {uri} failed: {clause_of(error)}."


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]
