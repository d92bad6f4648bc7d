"""However a show ends, every thread ends, every device is let go."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from engine.api import Engine, EventKind, ShowSpec, StreamParams
from tests.support.fakes import FakeRenderer, FakeSink, FakeSource
from tests.support.rig import SPEC, Rig

UNGATED = StreamParams(similarity_filter=False)


def test_stopping_closes_source_sinks_and_model_once() -> None:
    source = FakeSource()
    rig = Rig(source)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
    assert (source.num_closed, rig.sink.num_closed, rig.renderer.num_closed) == (1, 1, 1)
    assert rig.has_happened(EventKind.STOPPED)


def test_stopping_twice_or_before_the_start_is_harmless() -> None:
    rig = Rig()
    rig.engine.stop()
    with rig.playing():
        pass
    rig.engine.stop()
    assert not rig.engine.is_running


def test_a_show_can_be_stopped_at_once() -> None:
    for is_realtime in (True, False):
        rig = Rig()
        with rig.playing(is_realtime=is_realtime):
            pass
        assert rig.sink.num_closed == 1


def test_a_show_can_be_stopped_while_the_model_is_being_prepared() -> None:
    rig = Rig()
    rig.renderer.may_prepare.clear()
    with rig.playing() as engine:
        assert rig.renderer.is_preparing.wait(20.0)
        timer = threading.Timer(0.02, rig.renderer.may_prepare.set)
        timer.start()
        engine.stop()
        timer.join()
    assert rig.renderer.num_closed == 1
    assert rig.renderer.seen == []


def test_a_show_can_be_stopped_while_the_model_is_stalled() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
        rig.renderer.may_render.clear()
        rig.renderer.is_rendering.clear()
        rig.clock.run_until(rig.renderer.is_rendering.is_set)
    assert rig.renderer.num_closed == 1


def test_a_show_can_be_stopped_while_its_source_is_being_retried() -> None:
    rig = Rig(FakeSource(refusals=1000))
    with rig.playing():
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SOURCE_FAILED))


def test_a_thread_that_does_not_end_is_named() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
        rig.renderer.may_render.clear()
        rig.renderer.is_rendering.clear()
        rig.clock.run_until(rig.renderer.is_rendering.is_set)
        engine.stop(timeout_s=0.05)
        assert rig.messages(EventKind.STAGE_FAILED) == [
            "The thread render did not end within 0.05 s and was left behind."
        ]
        rig.renderer.may_render.set()
        assert wait_for_thread("render")


def wait_for_thread(name: str) -> bool:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(20.0)
            return not thread.is_alive()
    return True


def test_another_show_can_follow() -> None:
    rig = Rig()
    for _ in range(2):
        with rig.playing(params=UNGATED) as engine:
            rig.clock.run_until(lambda: engine.stats().rendered > 3)
    assert rig.renderer.num_closed == 2


def test_a_second_show_at_the_same_time_is_refused() -> None:
    rig = Rig()
    with rig.playing() as engine, pytest.raises(RuntimeError, match="stop it before"):
        engine.start(ShowSpec())


def test_commands_without_a_show_are_refused() -> None:
    with pytest.raises(RuntimeError, match="start one first"):
        Rig().engine.update({"strength": 0.5})


def test_an_unknown_source_or_sink_is_refused_before_any_thread_starts() -> None:
    engine = Engine()
    with pytest.raises(ValueError, match='"nowhere" is not a source'):
        engine.start(ShowSpec(source="nowhere", render=SPEC))
    with pytest.raises(ValueError, match='"nowhere" is not a sink'):
        engine.start(ShowSpec(source="pattern", sinks=("nowhere",), render=SPEC))
    assert not engine.is_running


def test_a_show_that_ended_by_itself_is_not_running_and_keeps_its_last_picture() -> None:
    rig = Rig()
    with rig.playing(is_realtime=False, max_frames=5, params=UNGATED) as engine:
        assert engine.wait(20.0)
        assert not engine.is_running
        output = engine.latest_output()
        assert output is not None
        assert output.sequence == 4


def test_a_sink_finishes_what_it_holds_when_the_show_is_stopped() -> None:
    slow = FakeSink()
    rig = Rig(FakeSource(num_pictures=3), sink=slow, renderer=FakeRenderer())
    slow.may_write.clear()
    with rig.playing(params=UNGATED, waits_for_model=True) as engine:
        rig.clock.run_until(lambda: engine.stats().unique >= 1)
        threading.Timer(0.02, slow.may_write.set).start()
        engine.stop()
    assert slow.written
    assert slow.num_closed == 1


def test_importing_the_facade_does_not_load_torch() -> None:
    code = "import sys, engine.api; sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
