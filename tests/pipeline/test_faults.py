"""What breaks, breaks alone, and says so."""

from __future__ import annotations

import pytest

from engine.api import EventKind, StreamParams
from engine.frame import Frame
from tests.support.fakes import FakeRenderer, FakeSink, FakeSource, painted
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
TICK_MS = 1e3 / 60


def test_a_lost_source_is_held_told_and_opened_again() -> None:
    source = FakeSource(fails_at=8)
    rig = Rig(source)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_FAILED))
        assert not engine.stats().source.is_ok
        assert engine.stats().source.message == "The fake source is gone; plug it in again."
        rig.clock.run_until(lambda: engine.stats().captured > 20)
        assert engine.stats().source.is_ok
        assert engine.stats().longest_gap_ms < 1.26 * TICK_MS
    assert source.num_opened == 2
    assert rig.sink.sequences == sorted(rig.sink.sequences)


def test_a_source_that_is_missing_at_the_start_is_tried_again_and_told_once() -> None:
    rig = Rig(FakeSource(refusals=3))
    start_s = rig.clock.now_s()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 0)
    assert rig.clock.now_s() - start_s >= 0.5 + 1.0 + 2.0
    assert len(rig.messages(EventKind.SOURCE_FAILED)) == 1


def test_the_source_can_be_switched_while_running_without_a_gap() -> None:
    old = FakeSource(level=lambda index: 10)
    rig = Rig(old)
    rig.sources["new"] = FakeSource(level=lambda index: 50)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: painted(10) in rig.sink.levels)
        engine.set_source("new")
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(50))
        assert engine.stats().source.uri == "new"
        assert engine.stats().longest_gap_ms < 1.26 * TICK_MS
    assert old.num_closed == 1
    assert rig.sink.sequences == sorted(rig.sink.sequences)


def test_a_source_that_cannot_be_opened_leaves_the_old_one_playing() -> None:
    rig = Rig()
    rig.sources["absent"] = FakeSource(refusals=1)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 3)
        engine.set_source("absent")
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_FAILED))
        num_captured = engine.stats().captured
        rig.clock.run_until(lambda: engine.stats().captured > num_captured + 5)
        assert engine.stats().source.uri == "fake"
        assert engine.stats().source.is_ok


def test_a_lost_source_can_be_replaced_at_once() -> None:
    rig = Rig(FakeSource(refusals=1000))
    rig.sources["new"] = FakeSource()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_FAILED))
        engine.set_source("new")
        rig.clock.run_until(lambda: engine.stats().captured > 3)


def test_a_sink_that_cannot_open_is_told_and_the_show_runs_on() -> None:
    rig = Rig()
    rig.sinks["absent"] = FakeSink(refuses=True)
    with rig.playing(sinks=("absent", "fake"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: len(rig.sink.written) > 10)
        states = {state.uri: state for state in engine.stats().sinks}
    assert not states["absent"].is_open
    assert states["absent"].message == "The fake sink is not installed; install it."
    assert states["fake"].is_open
    assert rig.messages(EventKind.SINK_FAILED) == ["The fake sink is not installed; install it."]


@pytest.mark.parametrize("is_realtime", [True, False])
@pytest.mark.parametrize("error", [None, RuntimeError("a bug")])
def test_a_sink_that_fails_is_closed_alone(is_realtime: bool, error: Exception | None) -> None:
    failing = FakeSink(fails_at=5, error=error)
    rig = Rig()
    rig.sinks["failing"] = failing
    show = {"sinks": ("failing", "fake"), "params": UNGATED, "waits_for_model": True}
    with rig.playing(is_realtime=is_realtime, max_frames=40, **show) as engine:
        rig.clock.run_until(lambda: engine.wait(0.0))
    assert len(failing.written) == 5
    assert failing.num_closed == (failing.num_opened if is_realtime else 1)
    assert rig.sink.sequences[-1] == 39
    assert len(rig.messages(EventKind.SINK_FAILED)) == 1


def test_a_stalled_sink_holds_up_nobody() -> None:
    stalled = FakeSink()
    stalled.may_write.clear()
    rig = Rig()
    rig.sinks["stalled"] = stalled
    with rig.playing(sinks=("stalled", "fake"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: len(rig.sink.written) > 60)
        dropped = {state.uri: state.dropped for state in engine.stats().sinks}
        assert dropped["stalled"] > 40
        stalled.may_write.set()


def test_sinks_come_and_go_while_the_show_runs() -> None:
    rig = Rig()
    rig.sinks["second"] = second = FakeSink()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: len(rig.sink.written) > 3)
        engine.add_sink("second")
        rig.clock.run_until(lambda: len(second.written) > 3)
        engine.remove_sink("second")
        rig.clock.run_until(lambda: second.num_closed == 1)
        num_written = len(second.written)
        num_first = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_first + 10)
        assert len(second.written) == num_written
        assert [state.uri for state in engine.stats().sinks] == ["fake"]


def test_a_failed_sink_can_be_added_anew() -> None:
    rig = Rig()
    rig.sinks["fake"] = FakeSink(refuses=True)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_FAILED))
        rig.sinks["fake"] = FakeSink()
        engine.add_sink("fake")
        rig.clock.run_until(lambda: bool(rig.sink.written))
        assert [state.is_open for state in engine.stats().sinks] == [True]


def test_a_model_that_wrongly_raises_while_loading_is_told_like_any_other() -> None:
    class Broken(FakeRenderer):
        def prepare(self, spec: object, on_progress: object) -> object:  # type: ignore[override]
            raise RuntimeError("no kernel image")

    broken = Broken()
    rig = Rig(renderer=broken)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_FAILED))
        rig.clock.run_until(lambda: len(rig.sink.written) > 10)
        assert isinstance(engine.latest_output(), Frame)
    assert rig.messages(EventKind.MODEL_FAILED) == [
        "The model could not be made ready: no kernel image."
    ]
    assert broken.num_closed == 1
