"""In real time: the output keeps its own rhythm, whatever happens before it."""

from __future__ import annotations

import pytest

from engine.api import EventKind, Frame, OutputState, RenderSpec, StreamParams
from engine.errors import PromptError
from engine.stats import Counter
from tests.support.fakes import SIZE_PX, FakeRenderer, FakeSource, LiveSource, painted
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
TICK_S = 1 / 60


def spec_of(model: str, size_px: int = SIZE_PX) -> RenderSpec:
    return RenderSpec(model=model, width_px=size_px, height_px=size_px)


def has_width(frame: Frame | None, width_px: int) -> bool:
    return frame is not None and frame.width_px == width_px


def is_steady(rig: Rig) -> bool:
    """Not one output tick was missed; the clock moves on by a quarter of a tick at a time."""
    return rig.engine.stats().longest_gap_ms < 1.26 * TICK_S * 1e3


def test_the_output_ticks_at_its_own_rate_and_repeats_what_is_not_new() -> None:
    rig = Rig(FakeSource(fps_hz=20.0))
    with rig.playing(params=UNGATED):
        rig.clock.run_until(lambda: len(rig.sink.written) >= 60)
    assert is_steady(rig)
    assert len(set(rig.sink.sequences)) < len(rig.sink.sequences)


def test_frames_never_go_back_in_time() -> None:
    rig = Rig(renderer=FakeRenderer(num_steps=3))
    with rig.playing(params=UNGATED):
        rig.clock.run_until(lambda: len(rig.sink.written) >= 60)
    assert rig.sink.sequences == sorted(rig.sink.sequences)


def test_until_the_model_is_ready_the_picture_is_the_input() -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    rig.renderer.may_prepare.clear()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: len(rig.sink.written) >= 10)
        assert set(rig.sink.levels) == {7}
        loading = engine.stats().loading
        assert loading is not None
        assert (loading.fraction, loading.message) == (0.5, "Half way")
        rig.renderer.may_prepare.set()
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(7))
        assert engine.stats().loading is None
        assert engine.stats().warm_up_s == 0.5
    assert is_steady(rig)


def test_a_stalled_model_leaves_no_gap_in_the_output() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 5)
        rig.renderer.may_render.clear()
        rig.renderer.is_rendering.clear()
        rig.clock.run_until(rig.renderer.is_rendering.is_set)
        num_before = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) >= num_before + 60)
        held = rig.sink.sequences[num_before + 5 :]
        assert len(set(held)) == 1
    assert is_steady(rig)


def test_a_model_that_breaks_leaves_no_gap_and_is_tried_again() -> None:
    rig = Rig(renderer=FakeRenderer(breaks_at=5))
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 15)
    assert is_steady(rig)
    assert rig.messages(EventKind.STAGE_FAILED) == [
        "The render stage failed: the fake driver crashed."
    ]


def test_invalid_frames_are_held_and_told_once_in_five_seconds() -> None:
    rig = Rig(renderer=FakeRenderer(invalid=frozenset(range(10, 200))))
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().invalid >= 60)
    assert is_steady(rig)
    assert len(rig.messages(EventKind.FRAME_INVALID)) == 1
    assert max(rig.sink.sequences) < 10


def test_another_model_is_prepared_while_the_old_look_plays_on_and_then_swapped_in() -> None:
    rig = Rig()
    rig.renderers["other"] = other = FakeRenderer(shift=50)
    other.may_prepare.clear()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 5)
        engine.load(spec_of("other"))
        assert other.is_preparing.wait(20.0)
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 5)
        assert rig.renderer.num_closed == 0
        other.may_prepare.set()
        rig.clock.run_until(lambda: len(other.seen) > 5)
        assert rig.renderer.num_closed == 1
        assert engine.render_info is not None
        assert engine.render_info.model_name == "other"
    assert other.num_closed == 1
    assert is_steady(rig)


def test_a_model_of_another_size_plays_and_the_sink_keeps_its_size() -> None:
    rig = Rig()
    rig.renderers["large"] = FakeRenderer(size_px=32)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 2)
        engine.load(spec_of("large", 32))
        rig.clock.run_until(lambda: has_width(engine.latest_output(), 32))
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 3)
    assert {frame.width_px for frame, _ in rig.sink.written} == {16}


def test_a_model_that_cannot_load_is_told_and_the_old_look_plays_on() -> None:
    rig = Rig()
    rig.renderers["absent"] = absent = FakeRenderer(refuses=True)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 2)
        engine.load(spec_of("absent"))
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_FAILED))
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 3)
    assert rig.messages(EventKind.MODEL_FAILED) == ["The fake model is not there; download it."]
    assert absent.num_closed == 1


def test_loading_can_be_cancelled() -> None:
    rig = Rig()
    rig.renderers["slow"] = slow = FakeRenderer()
    slow.may_prepare.clear()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 2)
        engine.load(spec_of("slow"))
        assert slow.is_preparing.wait(20.0)
        engine.cancel_load()
        slow.may_prepare.set()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_CANCELLED))
        assert engine.stats().loading is None
    assert slow.seen == []
    assert slow.num_closed == 1


def test_a_newer_wish_replaces_the_one_being_prepared() -> None:
    rig = Rig()
    rig.renderers["first"] = first = FakeRenderer()
    rig.renderers["second"] = second = FakeRenderer()
    first.may_prepare.clear()
    with rig.playing(params=UNGATED) as engine:
        engine.load(spec_of("first"))
        assert first.is_preparing.wait(20.0)
        engine.load(spec_of("second"))
        first.may_prepare.set()
        rig.clock.run_until(lambda: bool(second.seen))
    assert first.seen == []


def test_a_change_of_parameters_reaches_the_next_tick_whole() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: bool(rig.renderer.params))
        engine.update({"strength": 0.25, "prompt": "ink"})
        rig.clock.run_until(lambda: rig.renderer.params[-1].prompt == "ink")
        assert rig.renderer.params[-1].strength == 0.25
        with pytest.raises(ValueError, match="strength is a number from 0 to 1"):
            engine.update({"prompt": "neon", "strength": 3})
        assert engine.params.prompt == "ink"


def test_the_models_defaults_fill_what_the_user_left_alone() -> None:
    rig = Rig(renderer=FakeRenderer(defaults={"strength": 0.4, "guidance_scale": 3.0}))
    with rig.playing(params=UNGATED.with_changes({"strength": 0.9})) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_READY))
        assert engine.params.strength == 0.9
        assert engine.params.guidance_scale == 3.0


def test_a_changed_prompt_repaints_the_last_picture_of_a_camera_that_gives_no_more() -> None:
    camera = LiveSource()
    rig = Rig(camera)
    with rig.playing() as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_READY))
        camera.shoot(9)
        rig.clock.run_until(lambda: len(rig.renderer.seen) >= 1)
        engine.update({"prompt": "ink"})
        rig.clock.run_until(lambda: rig.renderer.params[-1].prompt == "ink")
    assert set(rig.renderer.seen) == {0}


def test_a_still_scene_shows_its_final_picture_though_the_gate_rests_the_model() -> None:
    camera = LiveSource()
    rig = Rig(camera, renderer=FakeRenderer(num_steps=4))
    gated = StreamParams(num_inference_steps=4, similarity_threshold=0.9, max_skips=300)
    with rig.playing(params=gated) as engine:
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_READY))
        for _ in range(12):
            shoot_and_wait(rig, camera, 10)
        assert engine.stats().is_skipping
        shoot_and_wait(rig, camera, 150)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(150))


def shoot_and_wait(rig: Rig, camera: LiveSource, level: int) -> None:
    num_captured = rig.engine.stats().captured
    camera.shoot(level)
    rig.clock.run_until(lambda: handled(rig) > num_captured)


def handled(rig: Rig) -> int:
    stats = rig.engine.stats()
    return min(stats.captured, len(rig.renderer.seen) + stats.skipped)


def test_every_captured_picture_is_accounted_for() -> None:
    rig = Rig(FakeSource(fps_hz=200.0))
    with rig.playing(waits_for_model=True, max_frames=100, params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.wait(0.0))
        stats = engine.stats()
    assert stats.captured == 100
    assert stats.rendered + stats.dropped == 100


@pytest.mark.parametrize(
    ("state", "level"),
    [(OutputState.BLACKOUT, 0), (OutputState.BYPASS, 7), (OutputState.LIVE, painted(7))],
)
def test_a_panic_state_acts_on_the_next_output(state: OutputState, level: int) -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    with rig.playing(params=UNGATED.with_changes({"blackout_fade_s": 0.0})) as engine:
        rig.clock.run_until(lambda: painted(7) in rig.sink.levels)
        engine.set_output(state)
        assert engine.stats().output is state
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 3)
    assert set(rig.sink.levels[num_written + 1 :]) == {level}
    assert is_steady(rig)


def test_freeze_holds_the_picture_of_its_moment() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().unique > 5)
        engine.set_output(OutputState.FREEZE)
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 30)
        assert len(set(rig.sink.sequences[num_written + 1 :])) == 1
        engine.set_output(OutputState.LIVE)
        rig.clock.run_until(lambda: rig.sink.sequences[-1] > rig.sink.sequences[num_written + 2])


def test_bypass_shows_the_newest_input_while_the_model_is_stalled() -> None:
    rig = Rig()
    rig.renderer.may_render.clear()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(rig.renderer.is_rendering.is_set)
        engine.set_output(OutputState.BYPASS)
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 30)
        assert len(set(rig.sink.sequences[num_written + 1 :])) > 10


def test_latency_is_measured_once_for_every_new_picture() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().unique >= 20)
        stats, report = engine.stats(), engine.report()
    latency = report["latency_ms"]
    assert isinstance(latency, dict)
    assert latency["count"] >= stats.unique
    assert 0.0 <= stats.latency_p50_ms <= stats.latency_p95_ms <= stats.latency_max_ms < 200.0
    assert Counter.UNIQUE in report["frames"]  # type: ignore[operator]


def test_new_words_never_delay_a_tick_and_the_old_look_is_painted_meanwhile() -> None:
    rig = Rig()
    with rig.playing(params=StreamParams(prompt="neon", similarity_filter=False)) as engine:
        rig.clock.run_until(lambda: len(rig.renderer.params) > 0)
        rig.renderer.knows_words.clear()
        engine.update({"prompt": "gold", "guidance_scale": 2.0})
        rig.clock.run_until(lambda: rig.renderer.params[-1].guidance_scale == 2.0)
        count = len(rig.renderer.params)
        rig.clock.run_until(lambda: len(rig.renderer.params) > count + 10)
        assert {params.prompt for params in rig.renderer.params} == {"neon"}
        rig.renderer.knows_words.set()
        rig.clock.run_until(lambda: rig.renderer.params[-1].prompt == "gold")
    assert is_steady(rig)


def test_new_words_are_painted_though_the_scene_stands_still() -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    with rig.playing(params=StreamParams(prompt="neon", max_skips=300)) as engine:
        rig.clock.run_until(lambda: engine.stats().skipped > 20)
        rig.renderer.knows_words.clear()
        engine.update({"prompt": "gold"})
        rig.clock.run_until(lambda: "gold" in rig.renderer.announced)
        rig.renderer.knows_words.set()
        skipped = engine.stats().skipped
        rig.clock.run_until(lambda: rig.renderer.params[-1].prompt == "gold")
        assert engine.stats().skipped < skipped + 100


def test_words_that_cannot_be_encoded_are_an_event_and_the_old_look_plays_on() -> None:
    rig = Rig()
    with rig.playing(params=StreamParams(prompt="neon", similarity_filter=False)) as engine:
        rig.clock.run_until(lambda: len(rig.renderer.params) > 0)
        rig.renderer.encoding_error = PromptError("The prompt can't be encoded.")
        engine.update({"prompt": "gold"})
        rig.clock.run_until(lambda: rig.has_happened(EventKind.NOTICE))
        count = len(rig.renderer.params)
        rig.clock.run_until(lambda: len(rig.renderer.params) > count + 10)
        assert rig.renderer.params[-1].prompt == "neon"
    assert rig.messages(EventKind.NOTICE) == ["The prompt can't be encoded."]
    assert not rig.messages(EventKind.RENDERER_LOST)


def test_offline_words_are_never_announced_so_every_frame_has_its_own() -> None:
    rig = Rig(FakeSource(num_pictures=5))
    rig.play_out(params=StreamParams(prompt="neon", similarity_filter=False))
    assert rig.renderer.announced == []
