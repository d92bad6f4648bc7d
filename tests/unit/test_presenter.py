"""The presenter's decisions, turn by turn on one thread."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.events import EventLog
from engine.frame import Frame
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.presenter import LivePresenter, Picture, PresentLinks
from engine.show import OutputState, TimedFrame
from engine.sink_stage import Outlet
from engine.stage import Surroundings
from engine.stats import Counter, Recorder
from tests.support.fakes import grey
from tests.support.manual_clock import JumpingClock

LIVE, FREEZE = OutputState.LIVE, OutputState.FREEZE
BLACKOUT, BYPASS = OutputState.BLACKOUT, OutputState.BYPASS


def frame(sequence: int, captured_s: float = 100.0) -> Frame:
    return Frame(grey(sequence), sequence, captured_s)


def test_nothing_is_shown_before_there_is_a_picture() -> None:
    picture = Picture()
    assert [picture.show(state, None, None) for state in OutputState] == [None] * 4


def test_the_last_picture_stays_until_a_newer_one_comes() -> None:
    picture = Picture()
    first, second = frame(1), frame(2)
    assert picture.show(LIVE, first, None) is first
    assert picture.show(LIVE, None, None) is first
    assert picture.show(LIVE, second, None) is second


def test_freeze_holds_and_live_goes_on_with_the_newest() -> None:
    picture = Picture()
    first, second = frame(1), frame(2)
    picture.show(LIVE, first, None)
    assert picture.show(FREEZE, second, None) is first
    assert picture.show(LIVE, None, None) is second


def test_freeze_before_the_first_picture_waits_for_it() -> None:
    picture = Picture()
    assert picture.show(FREEZE, None, None) is None
    first = frame(1)
    assert picture.show(FREEZE, first, None) is first


def test_freeze_also_holds_a_bypassed_picture_and_black() -> None:
    picture = Picture()
    bypassed = frame(5)
    picture.show(BYPASS, frame(1), bypassed)
    assert picture.show(FREEZE, frame(2), frame(6)) is bypassed


def test_blackout_is_black_and_of_the_pictures_size_even_without_a_model() -> None:
    picture = Picture()
    black = picture.show(BLACKOUT, None, frame(9))
    assert black is not None
    assert black.image.shape == frame(9).image.shape
    assert not black.image.any()
    assert picture.show(BLACKOUT, None, frame(10)) is black


def test_bypass_falls_back_to_the_painted_picture_when_there_is_no_input() -> None:
    painted = frame(1)
    assert Picture().show(BYPASS, painted, None) is painted


class Bench:
    """A presenter without its thread."""

    def __init__(self, *outlets: Outlet, fps_hz: float = 60.0) -> None:
        self.clock = JumpingClock()
        self.around = Surroundings(self.clock, EventLog(self.clock), Recorder(self.clock))
        self.painted: Mailbox[TimedFrame] = Mailbox()
        self.shown: Latest[Frame | None] = Latest(None)
        bypass: Latest[Frame | None] = Latest(None)
        links = PresentLinks(self.painted, bypass, self.shown, Latest(outlets), Latest(LIVE))
        self.presenter = LivePresenter(links, fps_hz, self.around)

    def give(self, sequence: int) -> None:
        self.painted.put(TimedFrame(frame(sequence, self.clock.now_s()), self.clock.now_s()))

    def times_s(self, outlet: Outlet, num_ticks: int) -> list[float]:
        times_s: list[float] = []
        for _ in range(num_ticks):
            self.presenter.step()
            item = outlet.mailbox.take(0.0)
            times_s += [] if item is None else [item.time_s]
        return times_s


@pytest.mark.parametrize("rate_hz", [24.0, 25.0, 30.0, 50.0, 60.0])
def test_a_sink_gets_its_own_rate_from_any_output_rate(rate_hz: float) -> None:
    outlet = Outlet(rate_hz)
    bench = Bench(outlet)
    bench.give(1)
    times_s = bench.times_s(outlet, 600)
    assert len(times_s) == pytest.approx(10 * rate_hz, abs=1)
    gaps_s = [b - a for a, b in pairwise(times_s)]
    assert max(gaps_s) < 1 / rate_hz + 1 / 60


def test_a_sink_without_a_rate_gets_every_tick() -> None:
    outlet = Outlet(None)
    bench = Bench(outlet, fps_hz=50.0)
    bench.give(1)
    times_s = bench.times_s(outlet, 100)
    assert len(times_s) == 100
    assert times_s[-1] - times_s[0] == pytest.approx(99 / 50)


def test_a_late_tick_is_not_followed_by_a_burst() -> None:
    outlet = Outlet(None)
    bench = Bench(outlet)
    bench.give(1)
    bench.times_s(outlet, 3)
    bench.clock.advance(0.5)
    times_s = bench.times_s(outlet, 4)
    gaps_s = [b - a for a, b in pairwise(times_s[1:])]
    assert gaps_s == pytest.approx([1 / 60] * len(gaps_s), abs=1e-6)
    assert bench.around.recorder.gap_percentiles().max_ms == pytest.approx(500, abs=20)


def test_only_new_pictures_count_as_unique_and_for_latency() -> None:
    outlet = Outlet(None)
    bench = Bench(outlet)
    for sequence in range(5):
        bench.give(sequence)
        bench.times_s(outlet, 3)
    counts = bench.around.recorder.counts()
    assert (counts[Counter.UNIQUE], counts[Counter.PRESENTED]) == (5, 15)
    assert bench.around.recorder.latency_percentiles().count == 5


def test_the_last_picture_is_shown_before_the_presenter_ends() -> None:
    outlet = Outlet(None)
    bench = Bench(outlet)
    bench.give(3)
    bench.painted.close()
    assert not bench.presenter.step()
    assert bench.shown.value is not None
    bench.presenter.finish()
    assert outlet.mailbox.take(0.0) is not None
    assert outlet.mailbox.is_finished
