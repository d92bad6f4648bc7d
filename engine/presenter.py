"""The present thread: owns the output's clock and the panic states; never waits for the model."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.enums import FitMode
from engine.frame import Frame
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.mailbox import Mailbox
from engine.pacing import RateLimit, next_tick_s
from engine.params import StreamParams
from engine.picture import Picture, next_amount, standby, wants_bypass
from engine.show import Framing, OutputState, TimedFrame
from engine.sink_stage import Outlet
from engine.stage import Surroundings
from engine.stats import Counter
from engine.steady_rate import SteadyRate
from engine.transition import PictureFade


@dataclass(frozen=True)
class PresentLinks:
    """What the present thread shares with the others.

    painted: in. bypass: the newest input. shown: what the sinks get, for the preview. outlets: the
    sinks of the moment. state, params: read at every output. framing: the size of the picture.
    owed_since_s: since when a picture should have come; None while none is owed. bypass_amount:
    out, how much of the input is shown because of that, 0-1.
    """

    painted: Mailbox[TimedFrame]
    bypass: Latest[Frame | None]
    shown: Latest[Frame | None]
    outlets: Latest[tuple[Outlet, ...]]
    state: Latest[OutputState]
    params: LiveParams = field(default_factory=lambda: LiveParams(StreamParams()))
    framing: Latest[Framing] = field(
        default_factory=lambda: Latest(Framing(256, 256, FitMode.CROP))
    )
    owed_since_s: Latest[float | None] = field(default_factory=lambda: Latest(None))
    bypass_amount: Latest[float] = field(default_factory=lambda: Latest(0.0))


WARNING_INTERVAL_S = 5.0


class _Output:
    """What both presenters do with one output tick."""

    name = "present"

    def __init__(self, links: PresentLinks, around: Surroundings) -> None:
        self._links = links
        self._around = around
        self._picture = Picture()
        self._black_amount: float | None = None  # as the state says

    is_tolerant = True

    def recover(self, error: Exception) -> bool:
        self._around.tell_failure(self.name, error)
        return self.is_tolerant

    def finish(self) -> None:
        self._links.painted.close()  # nobody takes from it any more
        for outlet in self._links.outlets.value:
            outlet.close()

    def _next_picture(
        self,
        painted: TimedFrame | None,
        fade: PictureFade | None,
        scripted: OutputState | None = None,
    ) -> Frame | None:
        state = scripted or self._links.state.value
        newest = painted.frame if painted is not None else None
        bypass, amount = self._links.bypass.value, self._links.bypass_amount.value
        frame = self._picture.show(state, newest, bypass, amount, self._black_amount, fade)
        if frame is None:
            return None
        is_new = frame is not self._links.shown.value
        self._links.shown.value = frame
        recorder = self._around.recorder
        recorder.count(Counter.PRESENTED)
        is_newest = frame is newest or (fade is not None and _is_of(frame, newest))
        if is_newest and painted is not None and painted.is_painted:
            recorder.count(Counter.UNIQUE)
            recorder.latency(self._around.clock.now_s() - frame.captured_s)
        elif is_new and (frame is newest or frame is bypass):
            recorder.count(Counter.UNPAINTED)
        return frame


class LivePresenter(_Output):
    """Worker of the thread "present" in real time: a steady tick, new picture or not.

    From its first tick on every sink that wants it gets something at every tick of its own rate;
    nothing here waits, reads or writes anything but memory.
    """

    def __init__(self, links: PresentLinks, fps_hz: float, around: Surroundings) -> None:
        super().__init__(links, around)
        self._period_s = 1.0 / fps_hz
        self._next_s = around.clock.now_s()
        self._last_s: float | None = None
        self._wake = threading.Event()
        self._standby: Frame | None = None
        self._standby_for: tuple[int, int, bool] | None = None
        self._failures = RateLimit(WARNING_INTERVAL_S)

    def interrupt(self) -> None:
        self._wake.set()

    def step(self) -> bool:
        if self._around.clock.wait_until(self._next_s, self._wake):
            return False
        now_s = self._around.clock.now_s()
        self._around.recorder.late(now_s - self._next_s)
        self._next_s = next_tick_s(self._next_s, now_s, self._period_s)
        painted = self._links.painted.take(0.0)
        is_last = self._links.painted.is_finished
        with self._around.recorder.timing("present"):
            self._present(painted, now_s)
        return not is_last

    def recover(self, error: Exception) -> bool:
        """Send what was shown last: not even a failure here may leave a gap."""
        now_s = self._around.clock.now_s()
        if self._failures.allows(now_s):
            self._around.tell_failure(self.name, error)
        self._send(self._links.shown.value or self._calm_picture(now_s), now_s)
        return True

    def _present(self, painted: TimedFrame | None, now_s: float) -> None:
        elapsed_s = 0.0 if self._last_s is None else now_s - self._last_s
        self._fade(now_s, elapsed_s)
        frame = self._next_picture(painted, self._links.params.picture_fade_at(now_s))
        if self._last_s is not None:
            self._around.recorder.gap(elapsed_s)
        self._last_s = now_s
        self._send(frame or self._calm_picture(now_s), now_s)

    def _fade(self, now_s: float, elapsed_s: float) -> None:
        links = self._links
        after_s = links.params.value.bypass_after_s
        is_wanted = wants_bypass(links.owed_since_s.value, now_s, after_s)
        links.bypass_amount.value = next_amount(links.bypass_amount.value, is_wanted, elapsed_s)
        is_black = links.state.value is OutputState.BLACKOUT
        fade_s = links.params.value.blackout_fade_s
        self._black_amount = next_amount(self._black_amount or 0.0, is_black, elapsed_s, fade_s)

    def _calm_picture(self, now_s: float) -> Frame:
        """For the time before the first one; kept as long as it fits."""
        framing, state = self._links.framing.value, self._links.state.value
        wanted = (framing.width_px, framing.height_px, state is OutputState.BLACKOUT)
        if self._standby is None or self._standby_for != wanted:
            self._standby_for = wanted
            self._standby = standby(framing.width_px, framing.height_px, state, now_s)
        return self._standby

    def _send(self, frame: Frame, now_s: float) -> None:
        timed = TimedFrame(frame, now_s)
        is_standby = frame is self._standby
        for outlet in self._links.outlets.value:
            if (outlet.wants_standby or not is_standby) and self._is_due(outlet, now_s):
                outlet.mailbox.put(timed)

    def _is_due(self, outlet: Outlet, now_s: float) -> bool:
        """Slower sinks get the tick that is nearest to their own rhythm."""
        if outlet.rate_hz is None:
            return True
        due_s = now_s if outlet.due_s is None else outlet.due_s
        if now_s < due_s - self._period_s / 2:
            return False
        outlet.due_s = next_tick_s(due_s, now_s, 1.0 / outlet.rate_hz)
        return True


class OfflinePresenter(_Output):
    """Worker of the thread "present" offline: one output for every picture that arrives.

    steady: or as many as its rate asks for.
    """

    is_tolerant = False  # a run that misses a picture is worth nothing

    def __init__(
        self, links: PresentLinks, around: Surroundings, steady: SteadyRate | None = None
    ) -> None:
        super().__init__(links, around)
        self._steady = steady

    def interrupt(self) -> None:
        self._links.painted.close()

    def step(self) -> bool:
        painted = self._links.painted.take()
        if painted is None:
            self._send_all(() if self._steady is None else self._steady.rest())
            return False
        scripted = self._links.params.output_at(painted.time_s)
        frame = self._next_picture(painted, painted.fade, scripted)
        if frame is not None:
            time_s, steady = painted.time_s, self._steady
            self._send_all([(frame, time_s)] if steady is None else steady.take(frame, time_s))
        return True

    def _send_all(self, due: Iterable[tuple[Frame, float]]) -> None:
        """Waits for every sink."""
        for frame, time_s in due:
            if self._around.stop.is_set():
                return
            for outlet in self._links.outlets.value:
                outlet.mailbox.put_when_empty(TimedFrame(frame, time_s))


def _is_of(frame: Frame, newest: Frame | None) -> bool:
    """Whether a frame shows what came just now, whatever a fade has made of it."""
    return newest is not None and frame.sequence == newest.sequence
