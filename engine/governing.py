"""The governor at work on the render thread: measures, lowers what is played, asks for sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.effort import FIRST_RESIZED, NUM_RUNGS, Wanted, effort_at, neighbours
from engine.events import EventKind, Severity
from engine.governor import Holding, Judgement, Standing, arrived, decide
from engine.latest import Latest
from engine.params import MAX_STEPS, StreamParams
from engine.prepare_stage import Cause, Outcome, Ready, Request
from engine.renderer import RenderInfo, RenderSpec
from engine.stage import Surroundings

# One judgement is the mean over so many ticks and so much time.
WINDOW_S = 0.5
WINDOW_TICKS = 4
# After a move the batch still holds frames of before, and graphs are captured.
SETTLING_TICKS = MAX_STEPS
STAGE = "render"


@dataclass
class _Window:
    """The ticks since the last judgement.

    since_s, dropped: when that was, and how many pictures had been lost by then.
    """

    num_settling: int = SETTLING_TICKS
    since_s: float = math.inf
    dropped: int = 0
    busy_s: float = 0.0
    num_ticks: int = 0

    def add(self, start_s: float, end_s: float, dropped: int) -> None:
        if self.num_settling > 0:
            self.num_settling -= 1
            self.since_s, self.dropped = end_s, dropped
            return
        self.busy_s += end_s - start_s
        self.num_ticks += 1

    def is_full(self, now_s: float) -> bool:
        return self.num_ticks >= WINDOW_TICKS and now_s - self.since_s >= WINDOW_S


class Governor:
    """Plays less than the performer has set, as far as a rate needs it; off while that is 0.

    target_hz: the rate; any thread writes. holding: what it does; any thread reads. All else: the
    render thread.
    """

    def __init__(
        self,
        target_hz: float,
        limit_hz: Callable[[], float],
        dropped: Callable[[], int],
        adjust: Callable[[RenderSpec, Ready], Request],
        around: Surroundings,
    ) -> None:
        """limit_hz: more than this nobody sees. dropped: inputs that the model came too late for.

        adjust: asks for another size of what plays.
        """
        self.target_hz = Latest(target_hz)
        self.holding = Latest(Holding(target_hz))
        self._limit_hz = limit_hz
        self._dropped = dropped
        self._adjust = adjust
        self._around = around
        self._standing = Standing()
        self._rung_before = 0
        self._lowest = NUM_RUNGS - 1
        self._window = _Window()
        self._wanted = Wanted(StreamParams(), RenderSpec())
        self._played = self._wanted.params
        self._ready: Ready | None = None
        self._pending: Request | None = None

    def follow(self, ready: Ready) -> None:
        """Another renderer plays from now on."""
        present = None if self._ready is None else self._ready.spec
        self._ready, self._pending = ready, None
        self._window = _Window()
        if ready.cause is Cause.ADJUSTMENT:
            self._standing = arrived(self._standing, self._around.clock.now_s())
        elif ready.cause is Cause.WISH or ready.spec != present:
            self._lowest = NUM_RUNGS - 1
            self._wanted = replace(self._wanted, full=ready.spec)
            rung = min(self._standing.rung, FIRST_RESIZED - 1)
            self._standing = Standing().at(rung, self._around.clock.now_s())
        self.follow_info(ready.info)
        if ready.cause is Cause.ADJUSTMENT:
            self._tell_move()

    def follow_info(self, info: RenderInfo) -> None:
        """What plays has changed by itself, or has been changed."""
        self._wanted = replace(self._wanted, unused=frozenset(info.inert))
        self._play_anew()

    def played(self, params: StreamParams) -> StreamParams:
        """What a tick is to play instead of what the performer has set; never dearer than that."""
        if self.target_hz.value != self.holding.value.target_hz:
            self._aim_at(self.target_hz.value)
        if params is not self._wanted.params:
            self._wanted = replace(self._wanted, params=params)
            self._play_anew()
        return self._played

    def lightened(self, params: StreamParams) -> StreamParams:
        """What would be played of other parameters; nothing changes."""
        wanted = replace(self._wanted, params=params)
        return effort_at(self._standing.rung, wanted).applied_to(params)

    def note(self, start_s: float, end_s: float) -> None:
        """A tick has been painted."""
        self._look_after_size()
        if not self.holding.value.target_hz or self._pending is not None:
            return
        self._window.add(start_s, end_s, self._dropped())
        if self._window.is_full(end_s):
            window, self._window = self._window, _Window(0, end_s, self._dropped())
            self._judge(window, end_s)

    # ---- judging

    def _judge(self, window: _Window, now_s: float) -> None:
        rate_hz = min(self.holding.value.target_hz, self._limit_hz())
        elapsed_s, lost = now_s - window.since_s, self._dropped() - window.dropped
        judged = Judgement.of(window.num_ticks, window.busy_s, elapsed_s, lost, rate_hz)
        rung = self._standing.rung
        near = neighbours(rung, self._wanted, self._lowest)
        self._standing = decide(self._standing, judged, now_s, near)
        is_held = self._standing.is_held and self._standing.rung <= rung
        self.holding.value = self.holding.value.after(elapsed_s, is_held)
        if self._standing.rung != rung:
            self._rung_before = rung
            self._window = _Window()
            moves = self.holding.value.moves + 1
            self.holding.value = replace(self.holding.value, moves=moves, is_held=True)
            self._play_anew()
            self._look_after_size()
            if self._pending is None:
                self._tell_move()

    def _aim_at(self, target_hz: float) -> None:
        """What was learnt stays true for another rate, but nothing has lasted yet."""
        if self._pending is not None and not target_hz:
            self._pending.cancelled.set()
        rung = self._standing.rung if target_hz else 0
        self._standing = self._standing.at(rung, self._around.clock.now_s())
        self._window = _Window()
        self.holding.value = replace(self.holding.value, target_hz=target_hz, is_held=True)
        self._play_anew()

    # ---- playing

    def _play_anew(self) -> None:
        effort = effort_at(self._standing.rung, self._wanted)
        self._played = effort.applied_to(self._wanted.params)
        self._show()

    def _show(self) -> None:
        """The size in words is the one that plays, not the one that is being made ready."""
        effort = effort_at(self._standing.rung, self._wanted)
        if self._ready is not None:
            spec = self._ready.spec
            effort = replace(effort, width_px=spec.width_px, height_px=spec.height_px)
        lowered = effort.words(effort_at(0, self._wanted))
        if lowered != self.holding.value.lowered:
            self.holding.value = replace(self.holding.value, lowered=lowered)

    # ---- the size

    def _look_after_size(self) -> None:
        """Ask for the size that the rung needs, once; without it the rung can't be had."""
        if self._ready is None:
            return
        if self._pending is not None and self._pending.outcome.value is not Outcome.OPEN:
            self._give_up(self._pending.outcome.value)
        effort = effort_at(self._standing.rung, self._wanted)
        spec = effort.resized(self._wanted.full)
        if self._pending is None and spec != self._ready.spec:
            self._pending = self._adjust(spec, self._ready)

    def _give_up(self, outcome: Outcome) -> None:
        """What was overtaken is asked for again; what can't be had isn't."""
        self._pending = None
        if outcome is not Outcome.FAILED or self._ready is None:
            return
        rung = self._standing.rung
        if rung > self._rung_before:
            self._lowest = rung = self._rung_before
        else:  # the way back up fails: what plays is as large as can be had
            self._wanted = replace(self._wanted, full=self._ready.spec)
            rung = min(rung, FIRST_RESIZED - 1)
        self._standing = replace(self._standing, rung=rung, fell_with=None)
        self._play_anew()

    def _tell_move(self) -> None:
        holding = self.holding.value
        if not holding.target_hz:  # the performer knows: it was given up
            return
        rate = f"{holding.target_hz:g} pictures a second"
        message = f"To hold {rate}: {holding.lowered}."
        if not holding.lowered:
            message = f"Everything is painted as set again; there is room for {rate}."
        self._around.events.add(EventKind.GOVERNED, Severity.INFO, message, STAGE)
