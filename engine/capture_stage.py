"""The capture thread: owns the source, keeps its time, brings every picture to the model's size."""

from __future__ import annotations

import math
import queue
import threading
from dataclasses import dataclass, replace

from engine.errors import SourceError
from engine.events import EventKind, Severity
from engine.fit import fit
from engine.frame import Frame
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.pacing import Seamless, Timeline, retry_delay_s
from engine.show import Framing, TimedFrame
from engine.sources.base import Capture, Source, SourceInfo
from engine.stage import Surroundings
from engine.stats import Counter, SourceState


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
    """Worker of the thread "source". A lost source is opened again and again; nothing waits for it.

    Offline, every picture is handed on and the thread waits for the model instead of the clock.
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
        self._source, self._uri = source, uri
        self._out = outlets
        self._limits = limits
        self._is_realtime = is_realtime
        self._around = around
        self._commands: queue.SimpleQueue[tuple[str, Source]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._is_open = False
        self._failures = 0
        self._retry_s = -math.inf
        self._sequence = 0
        self._first_s: float | None = None
        self._timeline = Timeline()
        self._offline_timeline = Seamless()
        self._period_s = 1 / 30

    def switch(self, uri: str, source: Source) -> None:
        """Play `source` from now on; if it can't be opened the present one plays on. Any thread."""
        self._commands.put((uri, source))
        self._wake.set()

    def interrupt(self) -> None:
        self._out.may_read.set()
        self._wake.set()

    def step(self) -> bool:
        self._obey()
        if self._is_over():
            return False
        return self._pass_one_on() if self._is_open else self._try_to_open()

    def recover(self, error: Exception) -> bool:
        return self._lose(f"The source {self._uri} failed: {error}.")

    def finish(self) -> None:
        self._out.feed.close()
        self._out.state.value = replace(self._out.state.value, is_ok=False)
        self._source.close()

    # ---- opening, losing, switching

    def _obey(self) -> None:
        self._wake.clear()
        while not self._commands.empty():
            uri, source = self._commands.get()
            self._switch_to(uri, source)

    def _switch_to(self, uri: str, source: Source) -> None:
        if uri == self._uri:  # a device can't be opened twice
            self._source.close()
            self._is_open = False
        try:
            info = source.open()
        except SourceError as error:
            source.close()
            self._tell(EventKind.SOURCE_FAILED, Severity.ERROR, str(error))
            return
        self._source.close()
        self._source, self._uri = source, uri
        self._opened(info)

    def _try_to_open(self) -> bool:
        if self._around.clock.wait_until(self._retry_s, self._wake):
            return True
        try:
            info = self._source.open()
        except SourceError as error:
            return self._lose(str(error))
        self._opened(info)
        self._out.may_read.wait()
        return True

    def _opened(self, info: SourceInfo) -> None:
        self._timeline.restart()
        self._offline_timeline.restart()
        if info.fps_hz > 0:
            self._period_s = 1.0 / info.fps_hz
        self._is_open = True
        self._failures = 0
        self._out.state.value = SourceState(self._uri, info, is_ok=True)
        self._tell(EventKind.SOURCE_OPENED, Severity.INFO, f"Pictures come from {info.name}.")

    def _lose(self, message: str) -> bool:
        """Returns: whether to try again; an offline run that misses pictures is worth nothing."""
        self._source.close()
        self._is_open = False
        self._failures += 1
        self._retry_s = self._around.clock.now_s() + retry_delay_s(self._failures)
        self._out.state.value = SourceState(self._uri, None, is_ok=False, message=message)
        if self._failures == 1:  # the retries are silent
            self._tell(EventKind.SOURCE_FAILED, Severity.ERROR, message)
        return self._is_realtime

    # ---- pictures

    def _pass_one_on(self) -> bool:
        try:
            with self._around.recorder.timing("read"):
                capture = self._source.read()
        except SourceError as error:
            return self._lose(str(error))
        if capture is None:
            self._tell(EventKind.SOURCE_ENDED, Severity.INFO, f"The source {self._uri} has ended.")
            return False
        if self._is_realtime:
            return self._pass_in_time(capture)
        return self._pass_in_turn(capture)

    def _pass_in_time(self, capture: Capture) -> bool:
        clock = self._around.clock
        if capture.time_s is not None:
            due_s = self._timeline.due_s(capture.time_s, clock.now_s())
            if clock.wait_until(due_s, self._wake):
                return True  # a command came: this picture is no longer wanted
        now_s = clock.now_s()
        self._out.feed.put(TimedFrame(self._frame(capture, now_s), now_s))
        return not self._out.feed.is_finished

    def _pass_in_turn(self, capture: Capture) -> bool:
        own_s = self._sequence * self._period_s if capture.time_s is None else capture.time_s
        time_s = self._offline_timeline.place_s(own_s)
        if time_s >= self._limits.max_seconds_s:
            return False
        frame = self._frame(capture, self._around.clock.now_s())
        return self._out.feed.put_when_empty(TimedFrame(frame, time_s))

    def _frame(self, capture: Capture, captured_s: float) -> Frame:
        framing = self._out.framing.value
        with self._around.recorder.timing("fit"):
            image = fit(capture.image, framing.width_px, framing.height_px, framing.fit)
        frame = Frame(image, self._sequence, captured_s)
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

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, self.name)
