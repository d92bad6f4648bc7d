"""A renderer may be lost at any time: the show goes on, and comes back with the same look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.api import EventKind, OutputState, RenderSpec, StreamParams
from engine.enums import LossReason
from engine.errors import ModelLoadError, OutOfMemoryError, RendererLost
from tests.support.fakes import FakeRenderer, FakeSink, FakeSource, painted
from tests.support.mortal import Mortal
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
TICK_MS = 1e3 / 60
MEMORY = OutOfMemoryError("The fake card is full; take less.")
CRASH = RendererLost("The fake worker crashed.", LossReason.CRASH)


def is_steady(rig: Rig) -> bool:
    """The promise: never more than two periods, however busy the machine that tests it."""
    return rig.engine.stats().longest_gap_ms < 2.01 * TICK_MS


def lose(rig: Rig, kind: EventKind = EventKind.RENDERER_LOST) -> float:
    """Play until it has happened; returns the time."""
    rig.clock.run_until(lambda: rig.has_happened(kind))
    return rig.clock.now_s()


@pytest.mark.parametrize("error", [CRASH, MEMORY, RuntimeError("a bug"), MemoryError()])
def test_a_lost_renderer_is_told_closed_and_made_anew(error: Exception) -> None:
    rig = Rig(renderer=Mortal(error))
    with rig.playing(params=UNGATED) as engine:
        lost_s = lose(rig)
        rig.clock.run_until(lambda: rig.has_happened(EventKind.RENDERER_BACK))
        assert 0.5 <= rig.clock.now_s() - lost_s < 1.0
        assert rig.renderer.num_closed == 1
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 5)
    assert is_steady(rig)
    assert len(rig.messages(EventKind.RENDERER_LOST)) == 1
    assert rig.messages(EventKind.RENDERER_BACK) == ["fake paints again."]
    assert len(rig.messages(EventKind.MODEL_READY)) == 1


def test_the_sentence_of_the_loss_is_passed_on() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    with rig.playing(params=UNGATED):
        lose(rig)
    assert rig.messages(EventKind.RENDERER_LOST) == [
        "The fake worker crashed. The last picture is held while fake is made anew."
    ]


def test_the_last_good_picture_is_held_meanwhile() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    with rig.playing(params=UNGATED):
        lose(rig)
        num_written = len(rig.sink.written) + 2
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 20)
        held = rig.sink.written[num_written : num_written + 20]
        assert len({frame.sequence for frame, _ in held}) == 1
        assert held[0][0].image[0, 0, 0] == painted(held[0][0].sequence)


def test_it_comes_back_with_the_same_look() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: bool(rig.renderer.params))
        engine.update({"prompt": "ink", "guidance_scale": 2.5})
        before = engine.params
        lose(rig, EventKind.RENDERER_BACK)
        assert engine.params == before
        assert rig.renderer.params[-1] == before
        assert before.strength == 0.4


def test_after_a_loss_no_accelerator_is_tried_that_may_have_been_its_reason() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    with rig.playing(params=UNGATED):
        lose(rig, EventKind.RENDERER_BACK)
    specs: list[RenderSpec] = rig.renderer.specs  # type: ignore[attr-defined]
    assert [spec.tries_unproven for spec in specs] == [True, False]


def test_a_replacement_that_cannot_be_made_is_tried_again_and_told_once() -> None:
    refusals = tuple(ModelLoadError("The fake file is locked.") for _ in range(3))
    rig = Rig(renderer=Mortal(CRASH, refusals=refusals))
    with rig.playing(params=UNGATED):
        lost_s = lose(rig)
        rig.clock.run_until(lambda: rig.has_happened(EventKind.RENDERER_BACK))
        assert rig.clock.now_s() - lost_s >= 0.5 + 1.0 + 2.0 + 4.0
    assert rig.messages(EventKind.RENDERER_LOST)[1:] == [
        "The fake file is locked. It is tried again; the show goes on."
    ]
    assert rig.messages(EventKind.MODEL_FAILED) == []
    assert is_steady(rig)


def test_a_model_that_is_chosen_meanwhile_plays_instead() -> None:
    refusals = tuple(ModelLoadError("The fake file is locked.") for _ in range(100))
    rig = Rig(renderer=Mortal(CRASH, refusals=refusals))
    rig.renderers["other"] = other = FakeRenderer(shift=50)
    with rig.playing(params=UNGATED) as engine:
        lose(rig)
        engine.load(RenderSpec("other", 16, 16))
        rig.clock.run_until(lambda: len(other.seen) > 5)
        start_s = rig.clock.now_s()
        rig.clock.run_until(lambda: rig.clock.now_s() - start_s > 6.0, step_s=1 / 60)
        assert engine.render_info is not None
        assert engine.render_info.model_name == "other"
        assert other.num_closed == 0
    assert rig.has_happened(EventKind.RENDERER_BACK)


def test_a_model_that_is_chosen_meanwhile_and_cannot_load_leaves_the_lost_one_due() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    rig.renderers["absent"] = FakeRenderer(refuses=True)
    with rig.playing(params=UNGATED) as engine:
        lose(rig)
        engine.load(RenderSpec("absent", 16, 16))
        rig.clock.run_until(lambda: rig.has_happened(EventKind.RENDERER_BACK))
        assert engine.render_info is not None
        assert engine.render_info.model_name == "fake"
    assert rig.messages(EventKind.MODEL_FAILED) == ["The fake model is not there; download it."]


def test_cancelling_a_load_does_not_cancel_the_recovery() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    with rig.playing(params=UNGATED) as engine:
        lose(rig)
        engine.cancel_load()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.RENDERER_BACK))


def test_a_lost_renderer_that_cannot_even_be_closed_is_replaced() -> None:
    class Stuck(Mortal):
        def close(self) -> None:
            super().close()
            if self.num_closed == 1:
                raise RuntimeError("the device is gone")

    rig = Rig(renderer=Stuck(CRASH))
    with rig.playing(params=UNGATED):
        lose(rig, EventKind.RENDERER_BACK)
    assert rig.renderer.num_closed == 2


def test_a_show_can_be_stopped_while_its_renderer_is_lost() -> None:
    rig = Rig(renderer=Mortal(CRASH))
    with rig.playing(params=UNGATED):
        lose(rig)
    assert rig.renderer.num_closed == 1


def test_memory_that_runs_out_twice_leads_to_a_proposal() -> None:
    rig = Rig(renderer=Mortal(MEMORY, MEMORY, MEMORY))
    spec = RenderSpec("fake", 256, 256)
    with rig.playing(params=UNGATED, render=spec) as engine:
        lose(rig, EventKind.DEGRADE_PROPOSED)
        proposal = engine.stats().proposal
        assert proposal is not None
        assert proposal.spec == RenderSpec("fake", 192, 192)
        rig.clock.run_until(lambda: len(rig.messages(EventKind.RENDERER_LOST)) >= 3)
        rig.clock.run_until(lambda: len(rig.messages(EventKind.RENDERER_BACK)) >= 3)
        engine.load(proposal.spec)
        wanted = replace(proposal.spec, swaps_up=True, tries_unproven=True)  # as in live shows
        rig.clock.run_until(lambda: rig.renderer.specs[-1] == wanted)  # type: ignore[attr-defined]
        rig.clock.run_until(lambda: engine.stats().proposal is None)
    assert rig.messages(EventKind.DEGRADE_PROPOSED) == [
        "fake runs out of memory; 192×192 with 1 step would need less."
    ]


def test_a_show_that_may_takes_less_by_itself() -> None:
    rig = Rig(renderer=Mortal(MEMORY, MEMORY))
    spec = RenderSpec("fake", 256, 256)
    with rig.playing(params=UNGATED, render=spec, auto_degrade=True) as engine:
        lose(rig, EventKind.DEGRADED)
        rig.clock.run_until(lambda: len(rig.messages(EventKind.RENDERER_BACK)) >= 2)
        assert engine.stats().proposal is None
    assert [s.width_px for s in rig.renderer.specs] == [256, 256, 192]  # type: ignore[attr-defined]
    assert rig.messages(EventKind.DEGRADED) == [
        "fake ran out of memory; it goes on at 192×192 with 1 step."
    ]


def test_at_the_smallest_size_fewer_steps_are_taken() -> None:
    rig = Rig(renderer=Mortal(MEMORY, MEMORY))
    params = UNGATED.with_changes({"num_inference_steps": 4})
    with rig.playing(params=params, auto_degrade=True) as engine:
        lose(rig, EventKind.DEGRADED)
        assert engine.params.num_inference_steps == 2
        rig.clock.run_until(lambda: rig.renderer.params[-1].num_inference_steps == 2)


@pytest.mark.parametrize("error", [CRASH, MEMORY])
def test_offline_a_lost_renderer_ends_the_run_with_its_sentence(error: Exception) -> None:
    rig = Rig(FakeSource(num_pictures=10), renderer=Mortal(error))
    rig.play_out(params=UNGATED)
    assert rig.sink.sequences == [0, 1, 2, 3, 4]
    assert rig.messages(EventKind.STAGE_FAILED) == [str(error)]
    assert rig.messages(EventKind.RENDERER_LOST) == []


# ---- what the audience sees meanwhile


def gone_for_good() -> Rig:
    refusals = tuple(ModelLoadError("The fake file is locked.") for _ in range(1000))
    return Rig(FakeSource(level=lambda index: 7), renderer=Mortal(CRASH, refusals=refusals))


def test_after_the_chosen_time_the_picture_fades_to_the_input_and_back() -> None:
    rig = gone_for_good()
    with rig.playing(params=UNGATED.with_changes({"bypass_after_s": 1.0})) as engine:
        lost_s = lose(rig)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 7)
        assert 1.4 < rig.sink.times_s[-1] - lost_s < 1.7
        during = [level for level, at_s in zip(rig.sink.levels, rig.sink.times_s, strict=True)
                  if lost_s < at_s]  # fmt: skip
        assert during == sorted(during, reverse=True)
        assert len(set(during)) > 10
        assert engine.stats().bypass_amount == pytest.approx(1.0)
        rig.renderer.refusals.clear()  # type: ignore[attr-defined]
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(7))
        assert engine.stats().bypass_amount == 0.0
    assert is_steady(rig)


def test_sixty_seconds_mean_for_ever() -> None:
    rig = gone_for_good()
    with rig.playing(params=UNGATED.with_changes({"bypass_after_s": 60.0})):
        lost_s = lose(rig)
        num_written = len(rig.sink.written) + 1
        rig.clock.run_until(lambda: rig.clock.now_s() - lost_s > 70.0, step_s=1 / 8)
        assert set(rig.sink.levels[num_written:]) == {painted(7)}


def test_a_model_that_stalls_is_bypassed_as_well() -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
        rig.renderer.may_render.clear()
        start_s = rig.clock.now_s()
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 7)
        assert 3.0 < rig.clock.now_s() - start_s < 4.0
        rig.renderer.may_render.set()
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(7))
    assert is_steady(rig)


def test_a_model_that_the_gate_rests_is_not_bypassed() -> None:
    rig = Rig(FakeSource(level=lambda index: 80))
    gated = StreamParams(similarity_threshold=0.9, max_skips=300, bypass_after_s=0.5)
    with rig.playing(params=gated) as engine:
        rig.clock.run_until(lambda: engine.stats().is_skipping)
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 120)
        assert set(rig.sink.levels[num_written:]) == {painted(80)}


@pytest.mark.parametrize("trouble", ["stalled", "lost", "loading"])
@pytest.mark.parametrize(
    ("state", "level"),
    [(OutputState.BLACKOUT, 0), (OutputState.BYPASS, 7), (OutputState.FREEZE, -1)],
)
def test_a_panic_state_acts_on_the_next_output_in_any_trouble(
    trouble: str, state: OutputState, level: int
) -> None:
    rig = gone_for_good()
    if trouble == "loading":
        rig.renderer.may_prepare.clear()
    params = UNGATED.with_changes({"bypass_after_s": 60.0, "blackout_fade_s": 0.0})
    with rig.playing(params=params) as engine:
        if trouble == "lost":
            lose(rig)
        elif trouble == "stalled":
            rig.clock.run_until(lambda: engine.stats().rendered > 3)
            rig.renderer.may_render.clear()
        rig.clock.run_until(lambda: len(rig.sink.written) > 3)
        engine.set_output(state)
        num_written = len(rig.sink.written)
        rig.clock.run_until(lambda: len(rig.sink.written) > num_written + 10)
        shown = rig.sink.written[num_written + 1 :]
        assert len({int(frame.image[0, 0, 0]) for frame, _ in shown}) == 1
        if state is OutputState.FREEZE:
            assert len({frame.sequence for frame, _ in shown}) == 1
        else:
            assert shown[0][0].image[0, 0, 0] == level
    assert is_steady(rig)


def test_a_sink_that_is_watched_gets_a_calm_picture_before_there_is_any() -> None:
    watched, recording = FakeSink(wants_standby=True), FakeSink()
    rig = Rig(FakeSource(refusals=3), sink=watched)
    rig.sinks["recording"] = recording
    with rig.playing(sinks=("fake", "recording"), params=UNGATED, waits_for_model=True) as engine:
        rig.clock.run_until(lambda: engine.stats().unique > 3)
        output = engine.latest_output()
    assert output is not None
    first, first_s = watched.written[0]
    assert (first.width_px, first.height_px, first.sequence) == (16, 16, -1)
    assert 0 < int(first.image.max()) < 40
    assert first_s < recording.times_s[0] - 3.0
    assert recording.sequences[0] == 0
    gaps_s = [after - before for before, after in zip(watched.times_s, watched.times_s[1:])]  # noqa: B905
    assert max(gaps_s) < 2 / 60


def test_inputs_that_were_never_painted_count_apart_and_not_for_latency() -> None:
    rig = Rig()
    rig.renderer.may_prepare.clear()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: len(rig.sink.written) >= 30)
        report = engine.report()
        assert report["latency_ms"]["count"] == 0  # type: ignore[index]
        assert report["frames"]["unique"] == 0  # type: ignore[index]
        assert report["frames"]["unpainted"] > 5  # type: ignore[index]
