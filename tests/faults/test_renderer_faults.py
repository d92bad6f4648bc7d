"""A model may crash, hang, run out of memory or paint nonsense: nothing goes black."""

from __future__ import annotations

from itertools import count

import pytest

from engine.api import EventKind, RenderSpec
from engine.diffusion.faults import explain
from engine.enums import LossReason
from engine.errors import (
    AcceleratorError,
    EngineError,
    ModelLoadError,
    OutOfMemoryError,
    PromptError,
    RendererLost,
)
from engine.params import StreamParams
from engine.picture import Picture
from engine.renderer import OnProgress, RenderInfo
from engine.similarity import SimilarityGate
from tests.faults.harness import Show, fault, paints_again, wait_for
from tests.support.fakes import FakeRenderer, FakeSource, painted
from tests.support.mortal import Mortal
from tests.support.rig import Rig

LARGE = RenderSpec("fake", 256, 256)
MEMORY = OutOfMemoryError("The fake card is full; take less.")
LOCKED = ModelLoadError("The fake file is locked; close what uses it.")
LOST = RendererLost("The fake worker crashed.", LossReason.CRASH)
DEVICE = explain(RuntimeError("CUDA error: an illegal memory access was encountered"), LARGE)


@pytest.mark.parametrize(
    "error",
    [
        fault("renderer crashes", LOST),
        fault("renderer raises a bug", KeyError("colour")),
        fault("memory runs out while painting", MEMORY),
        fault("memory short while painting", MemoryError()),
        fault("graphics device lost", DEVICE),
    ],
)
def test_a_lost_renderer_is_made_anew_with_the_same_look(show: Show, error: Exception) -> None:
    rig = Rig(renderer=Mortal(error))
    is_foreseen = isinstance(error, EngineError)
    told = () if is_foreseen else (EventKind.STAGE_FAILED,)
    with show.struck(rig, EventKind.RENDERER_LOST, *told) as engine:
        engine.update({"prompt": "ink"})
        before = engine.params
        wait_for(rig, EventKind.RENDERER_BACK)
        paints_again(rig)
        assert rig.renderer.params[-1] == before
    assert rig.renderer.num_closed == 2


@pytest.mark.fault("renderer can't be made anew")
def test_a_renderer_that_cannot_be_made_anew_is_tried_again_and_told_once(show: Show) -> None:
    rig = Rig(renderer=Mortal(LOST, refusals=[LOCKED] * 3))
    with show.struck(rig, EventKind.RENDERER_LOST):
        wait_for(rig, EventKind.RENDERER_BACK)
        paints_again(rig)
    assert len(rig.messages(EventKind.RENDERER_LOST)) == 2


@pytest.mark.fault("memory runs out again")
def test_when_memory_runs_out_again_a_smaller_size_is_offered(show: Show) -> None:
    rig = Rig(renderer=Mortal(MEMORY, MEMORY))
    told = (EventKind.RENDERER_LOST, EventKind.DEGRADE_PROPOSED)
    with show.struck(rig, *told, render=LARGE) as engine:
        wait_for(rig, EventKind.DEGRADE_PROPOSED)
        proposal = engine.stats().proposal
        assert proposal is not None
        rig.clock.run_until(lambda: len(rig.messages(EventKind.RENDERER_BACK)) == 2)
        engine.load(proposal.spec)
        rig.clock.run_until(lambda: engine.stats().proposal is None)
        paints_again(rig)


@pytest.mark.fault("memory runs out again, unattended")
def test_unattended_the_smaller_size_is_taken(show: Show) -> None:
    renderer = Mortal(MEMORY, MEMORY)
    rig = Rig(renderer=renderer)
    told = (EventKind.RENDERER_LOST, EventKind.DEGRADED)
    with show.struck(rig, *told, render=LARGE, auto_degrade=True):
        wait_for(rig, EventKind.DEGRADED)
        rig.clock.run_until(lambda: len(rig.messages(EventKind.RENDERER_BACK)) == 2)
        paints_again(rig)
    assert [spec.width_px for spec in renderer.specs] == [256, 256, 192]


@pytest.mark.fault("renderer hangs")
def test_a_renderer_that_hangs_is_bypassed_until_it_paints_again(show: Show) -> None:
    rig = Rig(FakeSource(level=lambda index: 7))
    with show.struck(rig) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
        rig.renderer.may_render.clear()
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 7)
        rig.renderer.may_render.set()
        rig.clock.run_until(lambda: rig.sink.levels[-1] == painted(7))


class Unready(FakeRenderer):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        fault("model missing", ModelLoadError("There is no such model; choose another.")),
        fault("model raises a bug while loading", ZeroDivisionError("division by zero")),
        fault("accelerator fails to build", AcceleratorError("OpenVINO can't compile the model.")),
        fault("memory short while loading", MemoryError()),
    ],
)
def test_a_model_that_cannot_be_had_leaves_the_old_look_playing(
    show: Show, error: Exception
) -> None:
    rig = Rig()
    rig.renderers["other"] = other = Unready(error)
    with show.struck(rig, EventKind.MODEL_FAILED) as engine:
        wait_for(rig, EventKind.MODEL_READY)
        engine.load(RenderSpec("other", 16, 16))
        wait_for(rig, EventKind.MODEL_FAILED)
        paints_again(rig)
        assert engine.render_info is not None
        assert engine.render_info.model_name == "fake"
    assert other.num_closed == 1


@pytest.mark.fault("decoded picture holds NaN")
def test_a_picture_of_nan_is_never_shown(show: Show) -> None:
    invalid = frozenset({9, 11})
    rig = Rig(renderer=FakeRenderer(invalid=invalid))
    with show.struck(rig, EventKind.FRAME_INVALID):
        wait_for(rig, EventKind.FRAME_INVALID)
        paints_again(rig)
    shown = {frame.sequence for frame, _ in rig.sink.written if frame.image[0, 0, 0] >= 100}
    assert shown.isdisjoint(invalid)


@pytest.mark.fault("prompt can't be encoded")
def test_words_that_cannot_be_encoded_leave_those_before_playing(show: Show) -> None:
    rig = Rig()
    with show.struck(rig, EventKind.NOTICE) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
        rig.renderer.encoding_error = PromptError("These words can't be encoded; try others.")
        engine.update({"prompt": "unspeakable"})
        wait_for(rig, EventKind.NOTICE)
        paints_again(rig)
        engine.update({"prompt": "ink"})
        rig.clock.run_until(lambda: rig.renderer.params[-1].prompt == "ink")


# ---- the stages around it


def fails_at(number: int, wrapped: object) -> object:
    """As `wrapped`, but for one call."""
    calls = count(1)

    def call(*args: object, **kwargs: object) -> object:
        if next(calls) == number:
            raise RuntimeError("a bug")
        return wrapped(*args, **kwargs)  # type: ignore[operator]

    return call


@pytest.mark.parametrize(
    ("part", "method"),
    [
        fault("gate fails", SimilarityGate, "admit"),
        fault("presenter fails", Picture, "show"),
    ],
)
def test_a_bug_in_a_stage_costs_one_tick(
    show: Show, monkeypatch: pytest.MonkeyPatch, part: type, method: str
) -> None:
    monkeypatch.setattr(part, method, fails_at(20, getattr(part, method)))
    rig = Rig()
    with show.struck(rig, EventKind.STAGE_FAILED, params=StreamParams()):
        wait_for(rig, EventKind.STAGE_FAILED)
        paints_again(rig)
