"""Sources and sinks come, go and fail alone while a show runs; see tests/faults for more."""

from __future__ import annotations

import pytest

from engine.api import EventKind, StreamParams
from tests.support.fakes import FakeSink, FakeSource, painted
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
TICK_MS = 1e3 / 60


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


def test_a_lost_source_can_be_replaced_at_once() -> None:
    rig = Rig(FakeSource(refusals=1000))
    rig.sources["new"] = FakeSource()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_FAILED))
        engine.set_source("new")
        rig.clock.run_until(lambda: engine.stats().captured > 3)


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
