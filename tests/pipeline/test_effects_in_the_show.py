"""Effects around the model in a whole show: with the gate, with panic, without new input."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.api import EventKind, OutputState, PanicName, Route, StreamParams
from engine.modulation import Lfo
from tests.support.fakes import FakeRenderer, FakeSource, LiveSource, painted
from tests.support.rig import Rig

BRIGHT = StreamParams(brightness=1.0, blackout_fade_s=0.0)


def still(num_pictures: int, level: int) -> FakeSource:
    return FakeSource(num_pictures, level=lambda index: level)


def test_feedback_brings_the_last_output_into_the_next_input_and_the_gate_rests_nothing() -> None:
    rig = Rig(still(8, 0))
    rig.play_out(params=StreamParams(feedback=0.5, similarity_threshold=0.5))
    assert rig.sink.levels[:4] == [100, 150, 175, 188]
    assert rig.sink.levels[-1] == pytest.approx(200, abs=2)
    assert rig.engine.stats().skipped == 0


def test_a_key_over_the_last_picture_is_never_at_rest_either() -> None:
    rig = Rig(still(40, 0))
    rig.play_out(params=StreamParams(key_background="previous", similarity_threshold=0.5))
    assert rig.engine.stats().skipped == 0


def test_without_feedback_the_model_rests_on_a_still_scene() -> None:
    rig = Rig(still(40, 0))
    rig.play_out(params=StreamParams(similarity_threshold=0.5))
    assert rig.engine.stats().skipped > 0


def test_what_happens_behind_the_model_is_done_to_the_mixed_picture() -> None:
    rig = Rig(FakeSource(6), renderer=FakeRenderer(num_steps=3))
    params = StreamParams(similarity_filter=False, dry_wet=0.5, brightness=0.2)
    rig.play_out(params=params)
    assert rig.sink.levels == [k + 50 + 51 for k in range(6)]


def test_smoothing_arrives_though_the_gate_rests_the_model() -> None:
    rig = Rig(FakeSource(80, level=lambda index: 0 if index < 20 else 90))
    rig.play_out(params=StreamParams(smoothing=0.8, similarity_threshold=0.9, max_skips=300))
    stats = rig.engine.stats()
    assert stats.skipped > 30
    levels = rig.sink.levels
    assert levels[:20] == [painted(0)] * 20
    assert levels == sorted(levels)
    assert len(set(levels)) > 8
    assert levels[-1] == painted(90)


def test_modulation_moves_an_effect_smoothly_at_every_frame() -> None:
    rig = Rig(still(30, 50))
    route = Route(parameter="brightness", signal=Lfo(rate_hz=1.0), amount=0.05)
    rig.play_out(params=StreamParams(similarity_threshold=0.5), modulation=(route,))
    levels = rig.sink.levels
    assert max(levels) - min(levels) > 40
    assert max(abs(b - a) for a, b in pairwise(levels)) <= 8


def test_two_runs_with_every_loop_closed_are_equal() -> None:
    def run() -> list[int]:
        rig = Rig(FakeSource(30, level=lambda index: index * 7 % 50), renderer=FakeRenderer(2))
        rig.play_out(params=StreamParams(feedback=0.4, smoothing=0.5, contrast=1.2))
        return rig.sink.levels

    assert run() == run()


def test_bypass_shows_the_camera_untouched() -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    with rig.playing(params=BRIGHT) as engine:
        rig.clock.run_until(lambda: 255 in rig.sink.levels)
        engine.set_output(OutputState.BYPASS)
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 3)
    assert set(rig.sink.levels[num_written + 1 :]) == {7}


def test_until_the_model_is_ready_the_camera_is_untouched_too() -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    rig.renderer.may_prepare.clear()
    with rig.playing(params=BRIGHT):
        rig.clock.run_until(lambda: len(rig.sink.written) >= 10)
        assert set(rig.sink.levels) == {7}


def test_smoothing_and_feedback_go_on_when_the_camera_gives_no_more() -> None:
    camera = LiveSource()
    rig = Rig(camera)
    with rig.playing(params=StreamParams(feedback=0.5, smoothing=0.5)):
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_READY))
        camera.shoot(0)
        rig.clock.run_until(lambda: rig.sink.levels[-1:] >= [195])
    assert set(rig.renderer.seen) == {0}


def test_reset_begins_feedback_anew() -> None:
    rig = Rig(FakeSource(level=lambda index: 0))
    with rig.playing(params=StreamParams(feedback=0.5)) as engine:
        rig.clock.run_until(lambda: rig.sink.levels[-1:] >= [195])
        num_written = len(rig.sink.written)
        engine.panic(PanicName.RESET)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 30)
    assert painted(0) in rig.sink.levels[num_written:]
