"""LoRAs added, changed and taken out while the show runs, on a clock in the test's hand."""

from __future__ import annotations

from dataclasses import replace

from engine.api import Engine, EventKind, LoraSpec, StreamParams
from engine.pipeline import Makers
from engine.renderer import RenderSpec
from tests.support.fakes import FakeRenderer
from tests.support.rig import SPEC, Rig

INK, GLOW = LoraSpec("ink.safetensors", 0.5), LoraSpec("glow.safetensors")
LISTS = ((), (INK,), (INK, GLOW), (replace(INK, scale=2.0), GLOW), (GLOW,))
UNGATED = StreamParams(similarity_filter=False)
TICK_S = 1 / 60


def with_loras(loras: tuple[LoraSpec, ...]) -> RenderSpec:
    return replace(SPEC, loras=loras)


def rig_of(renderers: dict[RenderSpec, FakeRenderer]) -> Rig:
    """A rig whose renderers are told apart by the whole spec, LoRAs and weights included."""
    rig = Rig(renderer=renderers[SPEC])
    makers = Makers(
        renderer=lambda spec: renderers[spec],
        source=lambda uri, *size, loops: rig.sources[uri],
        sink=lambda uri: rig.sinks[uri],
    )
    rig.engine = Engine(rig.clock, makers=makers)
    return rig


def test_every_change_of_the_list_is_swapped_in_without_a_gap() -> None:
    renderers = {
        with_loras(loras): FakeRenderer(shift=30 * index) for index, loras in enumerate(LISTS)
    }
    rig = rig_of(renderers)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 5)
        for spec in list(renderers)[1:]:
            engine.load(spec)
            rig.clock.run_until(lambda seen=renderers[spec].seen: len(seen) > 5)
        longest_gap_ms = engine.stats().longest_gap_ms
    assert longest_gap_ms < 1.26 * TICK_S * 1e3
    assert [renderer.num_closed for renderer in renderers.values()] == [1] * len(LISTS)
    assert len(rig.messages(EventKind.MODEL_READY)) == len(LISTS)


def test_a_lora_that_does_not_fit_is_told_and_the_old_look_plays_on() -> None:
    renderers = {SPEC: FakeRenderer(), with_loras((INK,)): FakeRenderer(refuses=True)}
    rig = rig_of(renderers)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 2)
        engine.load(with_loras((INK,)))
        rig.clock.run_until(lambda: rig.has_happened(EventKind.MODEL_FAILED))
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 5)
    assert renderers[SPEC].num_closed == 1


def test_a_newer_weight_replaces_one_that_is_not_ready_yet() -> None:
    half, full = with_loras((INK,)), with_loras((replace(INK, scale=1.0),))
    renderers = {SPEC: FakeRenderer(), half: FakeRenderer(), full: FakeRenderer(shift=30)}
    renderers[half].may_prepare.clear()
    rig = rig_of(renderers)
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 2)
        engine.load(half)
        assert renderers[half].is_preparing.wait(20.0)
        engine.load(full)
        renderers[half].may_prepare.set()
        rig.clock.run_until(lambda: len(renderers[full].seen) > 3)
    assert renderers[half].seen == []
