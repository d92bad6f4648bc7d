"""A sink's own thread: opens it, writes what comes, closes it alone when it fails."""

from __future__ import annotations

from dataclasses import replace

from engine.enums import FitMode
from engine.errors import SinkError
from engine.events import EventKind, Severity
from engine.fit import fit
from engine.frame import Frame
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.show import TimedFrame
from engine.sinks.base import Sink
from engine.stage import Surroundings
from engine.stats import SinkState


class Outlet:
    """The presenter's end of one sink. rate_hz: None takes every output tick."""

    def __init__(self, rate_hz: float | None) -> None:
        self.mailbox: Mailbox[TimedFrame] = Mailbox()
        self.rate_hz = rate_hz


class SinkStage:
    """Worker of a thread "sink-…". Goes on until its mailbox is closed and empty."""

    def __init__(
        self,
        sink: Sink,
        uri: str,
        size_px: tuple[int, int],
        fps_hz: float,
        around: Surroundings,
    ) -> None:
        self._sink = sink
        self._size_px = size_px
        self._fps_hz = sink.rate_hz or fps_hz
        self._around = around
        self._is_open = False
        self._state = Latest(SinkState(uri, sink.name))
        self.outlet = Outlet(sink.rate_hz)
        self.name = f"sink-{uri}"

    @property
    def state(self) -> SinkState:
        """Any thread."""
        return replace(self._state.value, dropped=self.outlet.mailbox.dropped)

    def interrupt(self) -> None:
        self.outlet.mailbox.close()

    def step(self) -> bool:
        try:
            return self._write_one() if self._is_open else self._open()
        except SinkError as error:
            self._fail(str(error))
            return False

    def recover(self, error: Exception) -> bool:
        self._fail(f"The {self._sink.name} failed: {error or type(error).__name__}.")
        return False

    def finish(self) -> None:
        self.outlet.mailbox.close()
        self._state.value = replace(self._state.value, is_open=False)
        self._sink.close()

    def _open(self) -> bool:
        self._sink.open(*self._size_px, self._fps_hz)
        self._is_open = True
        self._state.value = replace(self._state.value, is_open=True)
        message = f"Pictures go to {self._sink.name}."
        self._around.events.add(EventKind.SINK_OPENED, Severity.INFO, message, self.name)
        return True

    def _write_one(self) -> bool:
        timed = self.outlet.mailbox.take()
        if timed is None:
            return False
        frame = self._of_sink_size(timed.frame)
        with self._around.recorder.timing(self.name):
            self._sink.write(frame, timed.time_s)
        return True

    def _of_sink_size(self, frame: Frame) -> Frame:
        """A file keeps the size it began with, whatever model plays now."""
        return frame.with_image(fit(frame.image, *self._size_px, FitMode.FIT))

    def _fail(self, message: str) -> None:
        self._state.value = replace(self._state.value, is_open=False, message=message)
        self._around.events.add(EventKind.SINK_FAILED, Severity.ERROR, message, self.name)
