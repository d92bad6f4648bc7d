"""Whatever happens before it, the output is never silent for more than two periods."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.enums import FitMode
from engine.events import EventLog
from engine.frame import Frame
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.mailbox import Mailbox
from engine.params import StreamParams
from engine.picture import FADE_S, HOLD_FOR_EVER_S, next_amount, wants_bypass
from engine.presenter import LivePresenter, PresentLinks
from engine.show import Framing, OutputState, TimedFrame
from engine.sink_stage import Outlet
from engine.stage import Surroundings
from engine.stats import Recorder
from tests.support.fakes import grey
from tests.support.manual_clock import JumpingClock

OUTPUT_HZ = 60.0
unit = st.floats(0.0, 1.0)
times_s = st.floats(0.0, 1e4)


class Upstream:
    """What can happen before the presenter, one event at a time."""

    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.around = Surroundings(self.clock, EventLog(self.clock), Recorder(self.clock))
        self.painted: Mailbox[TimedFrame] = Mailbox()
        self.bypass: Latest[Frame | None] = Latest(None)
        self.state = Latest(OutputState.LIVE)
        self.params = LiveParams(StreamParams(bypass_after_s=1.0))
        self.framing = Latest(Framing(16, 16, FitMode.CROP))
        self.owed_since_s: Latest[float | None] = Latest(None)
        self.outlets = (Outlet(None, wants_standby=True), Outlet(30.0, wants_standby=True))
        links = PresentLinks(
            self.painted,
            self.bypass,
            Latest(None),
            Latest(self.outlets),
            self.state,
            self.params,
            self.framing,
            self.owed_since_s,
        )
        self.presenter = LivePresenter(links, OUTPUT_HZ, self.around)
        self.size_px = 16
        self.sequence = 0
        self.written_s: tuple[list[float], ...] = ([], [])

    def happen(self, event: str) -> None:
        getattr(self, event)()

    def capture(self) -> None:
        self.sequence += 1
        image = grey(self.sequence, self.size_px)
        self.bypass.value = Frame(image, self.sequence, self.clock.now_s())

    def paint(self) -> None:
        newest = self.bypass.value
        if newest is not None:
            self.painted.put(TimedFrame(newest.with_image(newest.image + 100), 0.0))
        self.owed_since_s.value = None

    def let_through(self) -> None:
        if self.bypass.value is not None:
            self.painted.put(TimedFrame(self.bypass.value, 0.0, is_painted=False))

    def lose(self) -> None:
        if self.owed_since_s.value is None:
            self.owed_since_s.value = self.clock.now_s()

    def swap(self) -> None:
        """To a model of another size; pictures of both sizes are about for a while."""
        self.size_px = 40 - self.size_px
        self.framing.value = Framing(self.size_px, self.size_px, FitMode.CROP)

    def freeze(self) -> None:
        self.state.value = OutputState.FREEZE

    def blackout(self) -> None:
        self.state.value = OutputState.BLACKOUT

    def pass_by(self) -> None:
        self.state.value = OutputState.BYPASS

    def live(self) -> None:
        self.state.value = OutputState.LIVE

    def bypass_at_once(self) -> None:
        self.params.update({"bypass_after_s": 0.0})

    def tick(self, num: int) -> None:
        for _ in range(num):
            assert self.presenter.step()
            for outlet, written_s in zip(self.outlets, self.written_s, strict=True):
                item = outlet.mailbox.take(0.0)
                written_s += [] if item is None else [item.time_s]


EVENTS = ("capture", "paint", "let_through", "lose", "swap", "freeze", "blackout", "pass_by",
          "live", "bypass_at_once")  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(story=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 40)), max_size=15))
def test_no_sink_waits_longer_than_two_periods_whatever_happens(
    story: list[tuple[str, int]],
) -> None:
    show = Upstream()
    start_s = show.clock.now_s()
    show.tick(3)
    for event, num_ticks in story:
        show.happen(event)
        show.tick(num_ticks)
    for written_s, rate_hz in zip(show.written_s, (OUTPUT_HZ, 30.0), strict=True):
        assert written_s[0] - start_s <= 1 / rate_hz
        assert show.clock.now_s() - written_s[-1] <= 2 / rate_hz
        assert all(after - before <= 2 / rate_hz for before, after in pairwise(written_s))


def test_a_turn_that_fails_sends_the_last_picture_again() -> None:
    show = Upstream()
    show.capture()
    show.paint()
    show.tick(1)
    show.presenter.recover(RuntimeError("a bug"))
    resent = show.outlets[0].mailbox.take(0.0)
    assert resent is not None
    assert resent.frame.sequence == 1


@given(
    owed_s=st.none() | times_s, now_s=times_s, after_s=st.floats(0.0, HOLD_FOR_EVER_S)
)  # fmt: skip
def test_the_input_is_wanted_once_a_picture_is_late_by_the_chosen_time(
    owed_s: float | None, now_s: float, after_s: float
) -> None:
    wanted = wants_bypass(owed_s, now_s, after_s)
    is_late = owed_s is not None and now_s - owed_s >= after_s
    assert wanted == (is_late and after_s < HOLD_FOR_EVER_S)


@given(amount=unit, is_wanted=st.booleans(), steps_s=st.lists(st.floats(0.0, 0.2), max_size=40))
def test_a_fade_goes_one_way_at_its_pace_and_ends(
    amount: float, is_wanted: bool, steps_s: list[float]
) -> None:
    amounts = [amount]
    for step_s in steps_s:
        amounts.append(next_amount(amounts[-1], is_wanted, step_s))
        assert 0.0 <= amounts[-1] <= 1.0
        assert abs(amounts[-1] - amounts[-2]) <= step_s / FADE_S + 1e-6
    if len(steps_s) > 0:
        assert amounts[1:] == sorted(amounts[1:], reverse=not is_wanted)
    assert next_amount(amounts[-1], is_wanted, FADE_S) == float(is_wanted)


@pytest.mark.parametrize("num_ticks", [30, 15, 6])
def test_a_fade_lasts_as_long_at_every_rate(num_ticks: int) -> None:
    amount = 0.0
    for _ in range(num_ticks):
        assert amount < 1.0
        amount = next_amount(amount, True, FADE_S / num_ticks)
    assert amount == pytest.approx(1.0, abs=1e-4)
