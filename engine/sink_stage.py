"""A sink's own thread: opens it, writes what comes; one that fails is closed and opened again."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

from engine.enums import FitMode
from engine.errors import SinkError, clause_of
from engine.events import EventKind, Severity
from engine.fit import fit
from engine.frame import Frame
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.memory import give_back_unused
from engine.pacing import retry_delay_s
from engine.recording.tap import Tap, Tapped
from engine.show import TimedFrame
from engine.sinks.base import Sink
from engine.stage import Surroundings
from engine.stats import SinkState

# A write that takes longer holds nobody up, but people should know.
SLOW_WRITE_S = 0.5
# A sink that was opened again is back once it has written for so long: encoders and discs take
# some pictures before they say that they can't.
STEADY_S = 2.0


class Outlet:
    """The presenter's end of one sink. rate_hz: None takes every output tick.

    wants_standby: something is to be written even before there is any picture. tap: wants to know
    what is painted from what, beside that.
    """

    def __init__(
        self, rate_hz: float | None, wants_standby: bool = False, tap: Tap | None = None
    ) -> None:
        self.mailbox: Mailbox[TimedFrame] = Mailbox()
        self.rate_hz = rate_hz
        self.wants_standby = wants_standby
        self.tap = tap
        self.due_s: float | None = None  # of a slower sink's next picture; the presenter's own
        self.closed = threading.Event()

    def close(self) -> None:
        """Nothing more will come. Any thread."""
        self.closed.set()
        self.mailbox.close()


class SinkStage:
    """Worker of a thread "sink-…". Goes on until its mailbox is closed and empty.

    In real time a sink that fails is opened again, after a rising pause; the tries are silent. One
    that could not be opened in the first place is a wish to be mended by whoever had it. Offline
    any that fails is closed for good: a run with missing pictures is worth nothing.
    """

    def __init__(
        self,
        sink: Sink,
        uri: str,
        size_px: tuple[int, int],
        fps_hz: float,
        around: Surroundings,
        is_retried: bool = True,
    ) -> None:
        self._sink = sink
        self._size_px = size_px
        self._fps_hz = sink.rate_hz or fps_hz
        self._around = around
        self._is_retried = is_retried
        self._is_open = False
        self._must_close = True
        self._was_open = False
        self._failures = 0  # in a row
        self._retry_s = -math.inf
        self._opened_s = 0.0
        self._last_write_s: float | None = None
        self._writing_since_s: Latest[float | None] = Latest(None)
        self._state = Latest(SinkState(uri, sink.name))
        tap = sink.tap if isinstance(sink, Tapped) else None
        self.outlet = Outlet(sink.rate_hz, sink.wants_standby, tap)
        self.name = f"sink-{uri}"

    @property
    def state(self) -> SinkState:
        """Any thread."""
        gap = self._around.recorder.sink_gap_percentiles(self.name)
        state = replace(self._state.value, dropped=self.outlet.mailbox.dropped, gap=gap)
        since_s = self._writing_since_s.value
        return state if since_s is None else judged(state, self._around.clock.now_s() - since_s)

    def interrupt(self) -> None:
        self.outlet.close()

    def step(self) -> bool:
        try:
            return self._write_one() if self._is_open else self._try_to_open()
        except SinkError as error:
            return self._fail(str(error))

    def recover(self, error: Exception) -> bool:
        return self._fail(f"The {self._sink.name} failed: {clause_of(error)}.")

    def finish(self) -> None:
        self.outlet.close()
        self._state.value = replace(self._state.value, is_open=False)
        self._close()

    # ---- opening

    def _try_to_open(self) -> bool:
        is_over = self._around.clock.wait_until(self._retry_s, self.outlet.closed)
        if is_over and self._failures:
            return False
        self._must_close = True
        self._sink.open(*self._size_px, self._fps_hz)
        self._is_open = self._was_open = True
        self._opened_s = self._around.clock.now_s()
        name = self._sink.name
        self._state.value = SinkState(self._state.value.uri, name, is_open=True)
        if self._failures == 0:
            self._tell(EventKind.SINK_OPENED, Severity.INFO, f"Pictures go to {name}.")
        return True

    # ---- writing

    def _write_one(self) -> bool:
        timed = self.outlet.mailbox.take()
        if timed is None:
            return False
        frame = self._of_sink_size(timed.frame)
        self._writing_since_s.value = self._around.clock.now_s()
        with self._around.recorder.timing(self.name):
            self._sink.write(frame, timed.time_s)
        self._writing_since_s.value = None
        self._note_write()
        return True

    def _note_write(self) -> None:
        now_s = self._around.clock.now_s()
        if self._last_write_s is not None:
            self._around.recorder.sink_gap(self.name, now_s - self._last_write_s)
        self._last_write_s = now_s
        if self._failures and now_s - self._opened_s >= STEADY_S:
            self._failures = 0
            message = f"Pictures go to {self._sink.name} again."
            self._tell(EventKind.SINK_BACK, Severity.INFO, message)

    def _of_sink_size(self, frame: Frame) -> Frame:
        """A file keeps the size it began with, whatever model plays now."""
        return frame.with_image(fit(frame.image, *self._size_px, FitMode.FIT))

    # ---- failing

    def _fail(self, message: str) -> bool:
        """Returns: whether it is tried again."""
        self._is_open = False
        self._writing_since_s.value = self._last_write_s = None
        self._failures += 1
        self._retry_s = self._around.clock.now_s() + retry_delay_s(self._failures)
        is_retried = self._is_retried and self._was_open
        self._state.value = replace(
            self._state.value, is_open=False, message=message, is_retried=is_retried
        )
        if self._failures == 1:
            self._tell(EventKind.SINK_FAILED, Severity.ERROR, message)
        self._close()
        return is_retried

    def _close(self) -> None:
        """Once for every time it was opened, or tried to be."""
        if self._must_close:
            self._must_close = False
            self._sink.close()
            give_back_unused()

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, self.name)


def judged(state: SinkState, writing_s: float) -> SinkState:
    """`state` of a sink that has been at one write for so long."""
    if writing_s < SLOW_WRITE_S:
        return state
    message = f"The {state.name} is slow: it has taken {writing_s:.1f} s for one picture."
    return replace(state, is_slow=True, message=message)
