"""The capture thread: gives every picture its place in time and hands it on.

It touches no device: a `SourceReader` does, on a thread of its own. So a camera that hangs in its
driver holds up neither the end of the show nor the switch to another source.
"""

from __future__ import annotations

import math
import queue
import threading
from dataclasses import dataclass

from engine.errors import clause_of
from engine.fit import fit
from engine.frame import Frame, Image
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.pacing import Seamless, Timeline
from engine.show import Framing, TimedFrame
from engine.source_keeper import SourceKeeper
from engine.source_reader import Picture, ReaderLinks
from engine.sources.base import Source
from engine.stage import Surroundings
from engine.stats import Counter, SourceState

DEFAULT_PERIOD_S = 1 / 30  # offline, of a source that has neither times nor a rate


@dataclass(frozen=True)
class CaptureOutlets:
    """What the capture thread shares with the others.

    feed: to the render thread. newest: the last fitted picture, for bypass and preview.
    framing: read for every picture. state: for the source panel. may_read: set once pictures are
    wanted; until then the source is open and untouched.
    """

    feed: Mailbox[TimedFrame]
    newest: Latest[Frame | None]
    framing: Latest[Framing]
    state: Latest[SourceState]
    may_read: threading.Event


@dataclass(frozen=True)
class Limits:
    """When the show ends by itself; infinite: never."""

    max_frames: float = math.inf
    max_seconds_s: float = math.inf


class CaptureStage:
    """Worker of the thread "source". In real time only the limits end a show.

    Offline, every picture is handed on, the thread waits for the model instead of the clock, and a
    source that ends or is lost ends the run.
    """

    name = "source"

    def __init__(
        self,
        source: Source,
        uri: str,
        outlets: CaptureOutlets,
        limits: Limits,
        is_realtime: bool,
        around: Surroundings,
    ) -> None:
        self._out = outlets
        self._limits = limits
        self._is_realtime = is_realtime
        self._around = around
        self._wake = threading.Event()
        links = ReaderLinks(
            around.clock, around.recorder, self._wake, outlets.may_read, self._fitted
        )
        self._keeper = SourceKeeper(
            source, uri, links, outlets.state, around, is_patient=not is_realtime
        )
        self._commands: queue.SimpleQueue[tuple[str, Source]] = queue.SimpleQueue()
        self._pending: tuple[Picture, float] | None = None  # taken, and when it is due
        self._num_openings = 0
        self._sequence = 0
        self._first_s: float | None = None
        self._timeline = Timeline()
        self._offline_timeline = Seamless()

    def switch(self, uri: str, source: Source) -> None:
        """Play `source` as soon as it is open; if it can't be, the present one plays on.

        Any thread.
        """
        self._commands.put((uri, source))
        self._wake.set()

    def interrupt(self) -> None:
        self._out.may_read.set()
        self._wake.set()

    def step(self) -> bool:
        self._wake.clear()
        self._obey()
        if self._is_over():
            return False
        self._keeper.look()
        if self._keeper.num_openings != self._num_openings:
            self._begin_anew()
        return self._take_next() if self._pending is None else self._pass_when_due(self._pending)

    def recover(self, error: Exception) -> bool:
        self._pending = None
        self._keeper.lose(f"The source failed: {clause_of(error)}.")
        return not self._keeper.has_ended

    def finish(self) -> None:
        self._out.feed.close()
        self._keeper.close()

    def _obey(self) -> None:
        while not self._commands.empty():
            self._keeper.switch(*self._commands.get())

    def _begin_anew(self) -> None:
        """Another timeline begins; what is left of the last one is no longer wanted."""
        self._num_openings = self._keeper.num_openings
        self._pending = None
        self._timeline.restart()
        self._offline_timeline.restart()

    def _take_next(self) -> bool:
        clock = self._around.clock
        picture = self._keeper.take()
        if picture is None:
            if self._first_s is None and self._keeper.is_missing:
                self._first_s = clock.now_s()  # a limit counts for a show without pictures too
            if not self._keeper.has_ended:
                clock.wait_until(self._keeper.next_look_s, self._wake)
            return not self._keeper.has_ended
        if not self._is_realtime:
            return self._pass_in_turn(picture)
        now_s = clock.now_s()
        due_s = now_s if picture.time_s is None else self._timeline.due_s(picture.time_s, now_s)
        self._pending = (picture, due_s)
        return True

    def _pass_when_due(self, pending: tuple[Picture, float]) -> bool:
        picture, due_s = pending
        clock = self._around.clock
        if clock.now_s() < due_s and clock.wait_until(due_s, self._wake):
            return True  # something has changed: perhaps this picture is no longer wanted
        self._pending = None
        now_s = clock.now_s()
        captured_s = picture.arrived_s if picture.time_s is None else now_s
        self._out.feed.put(TimedFrame(self._frame(picture, captured_s), now_s))
        return not self._out.feed.is_finished

    def _pass_in_turn(self, picture: Picture) -> bool:
        own_s = self._sequence * self._period_s if picture.time_s is None else picture.time_s
        time_s = self._offline_timeline.place_s(own_s)
        if time_s >= self._limits.max_seconds_s:
            return False
        frame = self._frame(picture, self._around.clock.now_s())
        return self._out.feed.put_when_empty(TimedFrame(frame, time_s))

    @property
    def _period_s(self) -> float:
        info = self._keeper.info
        return 1 / info.fps_hz if info is not None and info.fps_hz > 0 else DEFAULT_PERIOD_S

    def _fitted(self, image: Image) -> Image:
        """Runs on the reader's thread."""
        framing = self._out.framing.value
        return fit(image, framing.width_px, framing.height_px, framing.fit)

    def _frame(self, picture: Picture, captured_s: float) -> Frame:
        frame = Frame(picture.image, self._sequence, captured_s)
        self._first_s = captured_s if self._first_s is None else self._first_s
        self._sequence += 1
        self._around.recorder.count(Counter.CAPTURED)
        self._out.newest.value = frame
        return frame

    def _is_over(self) -> bool:
        if self._around.stop.is_set() or self._sequence >= self._limits.max_frames:
            return True
        if not self._is_realtime or self._first_s is None:
            return False
        return self._around.clock.now_s() - self._first_s >= self._limits.max_seconds_s
