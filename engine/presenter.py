"""The present thread: owns the output's clock and the panic states; never waits for the model."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from engine.frame import Frame
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.pacing import next_tick_s
from engine.show import OutputState, TimedFrame
from engine.sink_stage import Outlet
from engine.stage import Surroundings
from engine.stats import Counter


class Picture:
    """Chooses what is shown, from the state and the newest pictures. Not thread-safe."""

    def __init__(self) -> None:
        self._painted: Frame | None = None
        self._shown: Frame | None = None
        self._black: Frame | None = None
        self._state = OutputState.LIVE

    def show(self, state: OutputState, painted: Frame | None, bypass: Frame | None) -> Frame | None:
        """The next output; None as long as there has been no picture at all.

        painted: what came since the last call, if anything. bypass: the newest input.
        """
        self._painted = painted or self._painted
        is_held = state is OutputState.FREEZE and self._shown is not None
        if not is_held:
            self._shown = self._choose(state, self._painted, bypass)
        return self._shown

    def _choose(
        self, state: OutputState, painted: Frame | None, bypass: Frame | None
    ) -> Frame | None:
        if state is OutputState.BYPASS:
            return bypass or painted
        any_frame = painted or bypass
        if state is OutputState.BLACKOUT and any_frame is not None:
            return self._blackened(any_frame)
        return painted

    def _blackened(self, frame: Frame) -> Frame:
        if self._black is None or self._black.image.shape != frame.image.shape:
            self._black = frame.with_image(np.zeros_like(frame.image))
        return self._black


@dataclass(frozen=True)
class PresentLinks:
    """What the present thread shares with the others.

    painted: in. bypass: the newest input. shown: what the sinks get, for the preview. outlets: the
    sinks of the moment. state: read at every output.
    """

    painted: Mailbox[TimedFrame]
    bypass: Latest[Frame | None]
    shown: Latest[Frame | None]
    outlets: Latest[tuple[Outlet, ...]]
    state: Latest[OutputState]


class _Output:
    """What both presenters do with one output tick."""

    name = "present"

    def __init__(self, links: PresentLinks, around: Surroundings) -> None:
        self._links = links
        self._around = around
        self._picture = Picture()

    is_tolerant = True

    def recover(self, error: Exception) -> bool:
        self._around.tell_failure(self.name, error)
        return self.is_tolerant

    def finish(self) -> None:
        self._links.painted.close()  # nobody takes from it any more
        for outlet in self._links.outlets.value:
            outlet.mailbox.close()

    def _next_picture(self, painted: TimedFrame | None) -> Frame | None:
        state = self._links.state.value
        newest = painted.frame if painted is not None else None
        frame = self._picture.show(state, newest, self._links.bypass.value)
        if frame is None:
            return None
        self._links.shown.value = frame
        self._around.recorder.count(Counter.PRESENTED)
        if frame is newest:
            self._around.recorder.count(Counter.UNIQUE)
            self._around.recorder.latency(self._around.clock.now_s() - frame.captured_s)
        return frame


class LivePresenter(_Output):
    """Worker of the thread "present" in real time: a steady tick, new picture or not."""

    def __init__(self, links: PresentLinks, fps_hz: float, around: Surroundings) -> None:
        super().__init__(links, around)
        self._period_s = 1.0 / fps_hz
        self._next_s = around.clock.now_s()
        self._last_s: float | None = None
        self._due_s: dict[Outlet, float] = {}
        self._wake = threading.Event()

    def interrupt(self) -> None:
        self._wake.set()

    def step(self) -> bool:
        if self._around.clock.wait_until(self._next_s, self._wake):
            return False
        now_s = self._around.clock.now_s()
        self._next_s = next_tick_s(self._next_s, now_s, self._period_s)
        painted = self._links.painted.take(0.0)
        is_last = self._links.painted.is_finished
        with self._around.recorder.timing("present"):
            self._present(painted, now_s)
        return not is_last

    def _present(self, painted: TimedFrame | None, now_s: float) -> None:
        frame = self._next_picture(painted)
        if frame is None:
            return
        if self._last_s is not None:
            self._around.recorder.gap(now_s - self._last_s)
        self._last_s = now_s
        timed = TimedFrame(frame, now_s)
        for outlet in self._links.outlets.value:
            if self._is_due(outlet, now_s):
                outlet.mailbox.put(timed)

    def _is_due(self, outlet: Outlet, now_s: float) -> bool:
        """Slower sinks get the tick that is nearest to their own rhythm."""
        if outlet.rate_hz is None:
            return True
        due_s = self._due_s.setdefault(outlet, now_s)
        if now_s < due_s - self._period_s / 2:
            return False
        self._due_s[outlet] = next_tick_s(due_s, now_s, 1.0 / outlet.rate_hz)
        return True


class OfflinePresenter(_Output):
    """Worker of the thread "present" offline: one output for every picture that arrives."""

    is_tolerant = False  # a run that misses a picture is worth nothing

    def interrupt(self) -> None:
        self._links.painted.close()

    def step(self) -> bool:
        painted = self._links.painted.take()
        if painted is None:
            return False
        frame = self._next_picture(painted)
        if frame is not None:
            timed = TimedFrame(frame, painted.time_s)
            for outlet in self._links.outlets.value:
                outlet.mailbox.put_when_empty(timed)
        return True
