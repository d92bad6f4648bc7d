"""A sink that fails is tried again by itself, and nobody else notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.api import EventKind, StreamParams
from engine.errors import SinkError
from engine.frame import Frame
from engine.sink_stage import SLOW_WRITE_S, judged
from engine.stats import SinkState
from tests.support.fakes import FakeSink
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
FULL = SinkError("The fake disk is full; make room.")


class Moody(FakeSink):
    """Raises the next of `errors` at its sixth picture; then refuses to open so many times."""

    def __init__(self, *errors: Exception, refusals: int = 0) -> None:
        super().__init__()
        self.errors = list(errors)
        self.refusals_left = refusals
        self._num_since_open = 0

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        super().open(width_px, height_px, fps_hz)
        self._num_since_open = 0
        if self.num_opened > 1 and self.refusals_left:
            self.refusals_left -= 1
            raise SinkError("The fake device is taken; let it go.")

    def write(self, frame: Frame, presented_s: float) -> None:
        self._num_since_open += 1
        if self._num_since_open == 6 and self.errors:
            raise self.errors.pop(0)
        super().write(frame, presented_s)


def test_a_sink_that_fails_is_opened_again_and_told_once_each_way() -> None:
    rig = Rig()
    rig.sinks["moody"] = moody = Moody(FULL)
    with rig.playing(sinks=("moody", "fake"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_FAILED))
        failed_s = rig.clock.now_s()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_BACK))
        assert rig.clock.now_s() - failed_s >= 0.5 + 2.0
        state = engine.stats().sinks[0]
        assert (state.is_open, state.message) == (True, "")
        assert engine.stats().longest_gap_ms < 2.01e3 / 60
    assert moody.num_opened == moody.num_closed == 2
    assert rig.messages(EventKind.SINK_FAILED) == [str(FULL)]
    assert rig.messages(EventKind.SINK_BACK) == ["Pictures go to fake sink again."]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Moody(*[FULL] * 3),
        lambda: Moody(*[OSError("gone")] * 3),
        lambda: Moody(FULL, refusals=2),
    ],
)
def test_every_further_try_waits_longer_and_is_silent(make: Callable[[], Moody]) -> None:
    rig = Rig()
    rig.sinks["moody"] = make()
    with rig.playing(sinks=("moody", "fake"), params=UNGATED):
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_FAILED))
        failed_s = rig.clock.now_s()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_BACK))
        assert rig.clock.now_s() - failed_s >= 0.5 + 1.0 + 2.0
    assert len(rig.messages(EventKind.SINK_FAILED)) == 1
    assert len(rig.messages(EventKind.SINK_BACK)) == 1


def test_a_sink_that_waits_for_its_next_try_can_be_removed_or_stopped_at_once() -> None:
    rig = Rig()
    rig.sinks["absent"] = absent = Moody(FULL, refusals=1000)
    rig.sinks["lost"] = lost = Moody(FULL, refusals=1000)
    with rig.playing(sinks=("absent", "lost", "fake"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: len(rig.messages(EventKind.SINK_FAILED)) == 2)
        engine.remove_sink("absent")
        assert [state.uri for state in engine.stats().sinks] == ["lost", "fake"]
    assert absent.num_opened == absent.num_closed
    assert lost.num_opened == lost.num_closed


def test_a_write_that_takes_long_marks_the_sink_as_slow() -> None:
    state = SinkState("vcam", "virtual camera", is_open=True)
    assert judged(state, SLOW_WRITE_S / 2) is state
    slow = judged(state, 1.25)
    assert slow.is_slow
    assert slow.message == "The virtual camera is slow: it has taken 1.2 s for one picture."


def test_a_stalled_sink_is_seen_to_be_slow_while_it_stalls() -> None:
    stalled = FakeSink()
    stalled.may_write.clear()
    rig = Rig()
    rig.sinks["stalled"] = stalled
    with rig.playing(sinks=("stalled", "fake"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().sinks[0].is_slow)
        assert not engine.stats().sinks[1].is_slow
        stalled.may_write.set()
        rig.clock.run_until(lambda: not engine.stats().sinks[0].is_slow)
        gap = engine.stats().sinks[0].gap
        assert gap.p99_ms <= gap.max_ms


def test_the_report_tells_of_gaps_and_losses() -> None:
    rig = Rig()
    rig.sinks["moody"] = Moody(FULL)
    with rig.playing(sinks=("moody", "fake"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_BACK))
        report = engine.report()
    assert report["losses"]["sinks"] == {"lost": 1, "back": 1}  # type: ignore[index]
    assert set(report["sink_gap_ms"]) == {"moody", "fake"}  # type: ignore[arg-type]
    assert {"p50", "p95", "p99", "max", "count"} == set(report["output_lateness_ms"])  # type: ignore[arg-type]
