"""Whatever happens to a source, the show runs on, says so, and comes back by itself."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator

import pytest

from engine.api import EventKind, StreamParams
from engine.errors import SourceError, SourceFrozen, SourceInUseHere
from engine.source_keeper import LIVE_SILENCE_S, OPENING_S
from engine.sources.base import Capture, SourceCondition, SourceInfo
from tests.support.fakes import PATIENCE_S, FakeSource, LiveSource, grey, painted
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
TICK_MS = 1e3 / 60


class Scripted:
    """A camera of 30 pictures a second that does at each opening what its script says.

    A script is a row of what `read` gives: a level, an error to raise, or an event to wait for.
    """

    is_live = False

    def __init__(self, *scripts: Callable[[], Iterator[object]]) -> None:
        self._scripts = list(scripts)
        self._script: Iterator[object] = iter(())
        self._index = 0
        self.num_opened = self.num_closed = 0
        self.may_open = threading.Event()
        self.may_open.set()
        self.is_blocked = threading.Event()

    def open(self) -> SourceInfo:
        self.is_blocked.set() if not self.may_open.is_set() else None
        self.may_open.wait(PATIENCE_S)
        self.num_opened += 1
        self._script = self._scripts.pop(0)() if self._scripts else endless(50)
        first = next(self._script)
        if isinstance(first, Exception):
            raise first
        return SourceInfo("webcam Stage", 16, 16, 30.0, "16×16")

    def read(self) -> Capture | None:
        item = next(self._script)
        if isinstance(item, Exception):
            raise item
        if isinstance(item, threading.Event):
            self.is_blocked.set()
            item.wait(PATIENCE_S)
            item = 77
        if isinstance(item, Capture):
            return item
        assert isinstance(item, int)
        self._index += 1
        return Capture(grey(item), self._index / 30)

    def close(self) -> None:
        self.num_closed += 1


def endless(level: int, *before: object) -> Iterator[object]:
    yield from before
    while True:
        yield level


def script(level: int, num: int, then: object) -> Callable[[], Iterator[object]]:
    return lambda: endless(level, *[level] * num, then)


def is_steady(rig: Rig) -> bool:
    return rig.engine.stats().longest_gap_ms < 1.26 * TICK_MS


def condition(rig: Rig) -> SourceCondition:
    return rig.engine.stats().source.condition


GONE = SourceError("The camera Stage is not there; plug it in again.")
ICE = SourceFrozen("The camera Stage has frozen.")


def test_what_comes_back_says_how_long_it_was_away_and_only_once() -> None:
    rig = Rig(Scripted(script(50, 8, GONE), lambda: iter([GONE]), lambda: iter([GONE])))
    with rig.playing(params=UNGATED):
        rig.clock.run_until(lambda: condition(rig) is SourceCondition.LOST)
        lost_s = rig.clock.now_s()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_BACK))
        away_s = rig.clock.now_s() - lost_s
        assert condition(rig) is SourceCondition.PLAYING
        rig.clock.run_until(lambda: rig.engine.stats().captured > 20)
        assert is_steady(rig)
    assert away_s == pytest.approx(0.5 + 1.0 + 2.0, abs=0.3)
    (message,) = rig.messages(EventKind.SOURCE_BACK)
    assert message.startswith("Webcam Stage is back after 3.")
    assert rig.messages(EventKind.SOURCE_FAILED) == [str(GONE)]


def test_a_frozen_camera_is_told_apart_from_a_lost_one_and_tried_again() -> None:
    source = Scripted(script(50, 8, ICE), lambda: iter([ICE]))
    rig = Rig(source)
    with rig.playing(params=UNGATED):
        rig.clock.run_until(lambda: condition(rig) is SourceCondition.FROZEN)
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_BACK))
    assert rig.messages(EventKind.SOURCE_FROZEN) == [str(ICE)]
    assert rig.messages(EventKind.SOURCE_FAILED) == []
    assert source.num_opened == 3


def test_a_frozen_camera_that_is_then_pulled_is_told_as_lost() -> None:
    rig = Rig(Scripted(script(50, 8, ICE), lambda: iter([GONE])))
    with rig.playing(params=UNGATED):
        rig.clock.run_until(lambda: condition(rig) is SourceCondition.LOST)
    assert rig.messages(EventKind.SOURCE_FROZEN) == [str(ICE)]
    assert rig.messages(EventKind.SOURCE_FAILED) == [str(GONE)]


def blocking(release: threading.Event) -> Scripted:
    source = Scripted(lambda: endless(50, *[50] * 4, release))
    source.is_live = True
    return source


def test_a_read_that_blocks_counts_as_frozen_and_its_next_picture_as_back() -> None:
    release = threading.Event()
    source = blocking(release)
    rig = Rig(source)
    with rig.playing(params=UNGATED):
        assert source.is_blocked.wait(PATIENCE_S)
        start_s = rig.clock.now_s()
        rig.clock.run_until(lambda: condition(rig) is SourceCondition.FROZEN)
        assert rig.clock.now_s() - start_s <= LIVE_SILENCE_S + 0.5
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(50))
        release.set()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_BACK))
        assert is_steady(rig)
    assert source.num_opened == 1
    assert len(rig.messages(EventKind.SOURCE_FROZEN)) == 1


def test_a_blocked_read_holds_up_neither_a_switch_nor_the_end() -> None:
    release = threading.Event()
    source = blocking(release)
    rig = Rig(source)
    rig.sources["new"] = FakeSource(level=lambda index: 90)
    try:
        with rig.playing(params=UNGATED) as engine:
            assert source.is_blocked.wait(PATIENCE_S)
            engine.set_source("new")
            rig.clock.run_until(lambda: rig.sink.levels[-1:] == [painted(90)])
            assert is_steady(rig)
            assert source.num_closed == 0  # still in its driver's hands
            release_later = threading.Timer(0.05, release.set)
            release_later.start()
        assert rig.messages(EventKind.STAGE_FAILED) == []
        assert source.num_closed == 1
    finally:
        release.set()
        release_later.join()


def test_a_driver_that_never_comes_back_is_left_behind_at_the_end() -> None:
    release = threading.Event()
    source = blocking(release)
    rig = Rig(source)
    with rig.playing(params=UNGATED):
        assert source.is_blocked.wait(PATIENCE_S)
    assert source.num_closed == 0
    release.set()
    for thread in threading.enumerate():
        if thread.name == "source device":
            thread.join(PATIENCE_S)
    assert source.num_closed == 1


def test_an_opening_that_takes_for_ever_leaves_the_old_source_playing() -> None:
    rig = Rig()
    rig.sources["slow"] = slow = Scripted()
    slow.may_open.clear()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 3)
        engine.set_source("slow")
        assert slow.is_blocked.wait(PATIENCE_S)
        num_captured = engine.stats().captured
        rig.clock.run_until(lambda: engine.stats().captured > num_captured + 10)
        rig.clock.run_until(
            lambda: rig.has_happened(EventKind.SOURCE_FAILED), step_s=OPENING_S / 40
        )
        assert engine.stats().source.uri == "fake"
        assert condition(rig) is SourceCondition.PLAYING
        slow.may_open.set()
    assert "slow does not answer" in rig.messages(EventKind.SOURCE_FAILED)[0]


def test_a_first_source_that_does_not_answer_is_told_and_plays_when_it_does() -> None:
    slow = Scripted()
    slow.may_open.clear()
    rig = Rig(slow)
    with rig.playing(params=UNGATED):
        assert slow.is_blocked.wait(PATIENCE_S)
        rig.clock.run_until(lambda: condition(rig) is SourceCondition.LOST, step_s=OPENING_S / 40)
        slow.may_open.set()
        rig.clock.run_until(lambda: painted(50) in rig.sink.levels)
    assert slow.num_opened == slow.num_closed == 1


def test_the_same_camera_chosen_again_is_closed_before_it_is_opened() -> None:
    source = Scripted()
    order: list[str] = []
    opening, closing = source.open, source.close
    source.open = lambda: (order.append("open"), opening())[1]  # type: ignore[method-assign]
    source.close = lambda: (order.append("close"), closing())[0]  # type: ignore[method-assign]
    rig = Rig(source)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 3)
        engine.set_source("fake")
        rig.clock.run_until(lambda: source.num_opened == 2)
        num_captured = engine.stats().captured
        rig.clock.run_until(lambda: engine.stats().captured > num_captured + 3)
    assert order == ["open", "close", "open", "close"]


def test_a_camera_that_this_show_holds_under_another_name_is_taken_over() -> None:
    rig = Rig()
    held = SourceInUseHere("The camera Stage is still held by Reverie itself.")
    rig.sources["again"] = Scripted(lambda: iter([held]), lambda: endless(90))
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 3)
        engine.set_source("again")
        rig.clock.run_until(lambda: rig.sink.levels[-1:] == [painted(90)])
        assert engine.stats().source.uri == "again"
    assert rig.messages(EventKind.SOURCE_FAILED) == []


def test_choosing_a_source_again_does_not_wait_for_another_one_that_hangs() -> None:
    release = threading.Event()
    source = blocking(release)
    rig = Rig(source)
    rig.sources["new"] = new = Scripted()
    with rig.playing(params=UNGATED) as engine:
        assert source.is_blocked.wait(PATIENCE_S)
        for num_opened in (1, 2):
            engine.set_source("new")
            rig.clock.run_until(lambda wanted=num_opened: new.num_opened == wanted)
        num_captured = engine.stats().captured
        rig.clock.run_until(lambda: engine.stats().captured > num_captured + 3)
        assert source.num_closed == 0
        release.set()


def test_a_bug_in_a_source_is_a_loss_like_any_other() -> None:
    rig = Rig(Scripted(script(50, 5, ZeroDivisionError("division by zero"))))
    with rig.playing(params=UNGATED):
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_BACK))
        assert is_steady(rig)
    assert rig.messages(EventKind.SOURCE_FAILED) == ["The source fake failed: division by zero."]


def test_pictures_of_another_size_are_shown_and_told() -> None:
    wide = Capture(grey(60, 32), 0.3)
    rig = Rig(Scripted(lambda: endless(60, *[60] * 4, wide)))
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.NOTICE))
        info = engine.stats().source.info
        assert info is not None
        assert info.width_px in (16, 32)
    assert rig.messages(EventKind.NOTICE)[0] == "The pictures from webcam Stage are 32×32 now."


@pytest.mark.parametrize("time_s", [math.nan, -1e9, 1e9, math.inf])
def test_a_time_that_makes_no_sense_holds_nothing_up(time_s: float) -> None:
    odd = Capture(grey(60), time_s)
    rig = Rig(Scripted(lambda: endless(60, *[60] * 4, odd)))
    start_s = rig.clock.now_s()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 20)
        assert is_steady(rig)
    assert rig.clock.now_s() - start_s < 3.0


def test_after_an_hour_of_sleep_the_show_plays_on_at_once() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 5)
        rig.clock.advance(3600.0)
        awake_s = rig.clock.now_s()
        num_captured = engine.stats().captured
        rig.clock.run_until(lambda: engine.stats().captured > num_captured + 10)
        assert rig.clock.now_s() - awake_s < 1.0
        assert condition(rig) is SourceCondition.PLAYING


def test_in_real_time_a_source_that_ends_begins_again() -> None:
    source = Scripted(lambda: iter([50, 50, 50, Capture(grey(51), 0.2)]))
    source.read = _ending(source.read)  # type: ignore[method-assign]
    rig = Rig(source)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: source.num_opened == 2)
        assert engine.is_running
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_BACK))


def _ending(read: Callable[[], Capture | None]) -> Callable[[], Capture | None]:
    def read_or_end() -> Capture | None:
        try:
            return read()
        except StopIteration:
            return None

    return read_or_end


def test_a_live_source_that_is_lost_can_be_replaced_and_its_loss_is_forgotten() -> None:
    rig = Rig(LiveSource())  # gives no picture, and says so
    rig.sources["new"] = FakeSource()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: condition(rig) is SourceCondition.LOST)
        engine.set_source("new")
        rig.clock.run_until(lambda: engine.stats().source.uri == "new")
        assert engine.stats().source.message == ""
    assert rig.messages(EventKind.SOURCE_BACK) == []


def test_a_limit_of_time_ends_a_show_whose_source_never_came() -> None:
    rig = Rig(FakeSource(refusals=10_000))
    with rig.playing(params=UNGATED, max_seconds_s=5.0) as engine:
        rig.clock.run_until(lambda: not engine.is_running)
        assert engine.stats().captured == 0
