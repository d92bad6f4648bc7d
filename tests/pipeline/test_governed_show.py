"""A rate is held by painting less than was set: real threads, and a model that takes its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from engine.api import Engine, EventKind, RenderSpec, StreamParams
from engine.enums import LossReason
from engine.errors import ModelLoadError, RendererLost
from engine.frame import Frame
from engine.renderer import OnProgress, Renderer, RenderInfo
from tests.support.fakes import PATIENCE_S, FakeRenderer, FakeSource
from tests.support.manual_clock import ManualClock
from tests.support.rig import Rig

FULL_PX = 256
SPEC = RenderSpec(model="fake", width_px=FULL_PX, height_px=FULL_PX)
# Powers of two: times on the test's clock are exact. Two steps take just the time there is.
TARGET_HZ = 8.0
STEP_S = 1 / 16
CLOCK_STEP_S = 1 / 32
NO_SHORTCUTS = dict.fromkeys(("token_merging", "feature_reuse"), "the fake model can't")


class Machine:
    """What a tick costs on it, whichever renderer asks. painted: the size and steps of every one.

    step_s: per step, of a picture at full size; a smaller one costs less where it `counts_area`.
    has_shortcuts: the model makes use of token merging and the like, though nothing gets faster.
    """

    def __init__(self, clock: ManualClock, step_s: float, counts_area: bool) -> None:
        self.clock = clock
        self.step_s = step_s
        self.counts_area = counts_area
        self.has_shortcuts = False
        self.unavailable_px: frozenset[int] = frozenset()
        self.prepared_px: list[int] = []
        self.painted: list[tuple[int, int]] = []
        self.loss: RendererLost | None = None
        self.may_resize = threading.Event()
        self.may_resize.set()
        self.is_over = threading.Event()  # nobody moves the clock on any more

    def tick_s(self, size_px: int, num_steps: int) -> float:
        share = (size_px / FULL_PX) ** 2 if self.counts_area else 1.0
        return self.step_s * num_steps * share


class CostlyRenderer(FakeRenderer):
    """Takes its time on a machine."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        self._machine.prepared_px.append(spec.width_px)
        if spec.width_px < FULL_PX:
            self._machine.may_resize.wait(PATIENCE_S)
        if spec.width_px in self._machine.unavailable_px:
            raise ModelLoadError("The machine has no memory for it.")
        self.size_px = spec.width_px
        info = super().prepare(spec, on_progress)
        return info if self._machine.has_shortcuts else replace(info, inert=NO_SHORTCUTS)

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        machine, num_steps = self._machine, params.num_inference_steps
        if machine.loss is not None:
            loss, machine.loss = machine.loss, None
            raise loss
        machine.painted.append((self.size_px, num_steps))
        due_s = machine.clock.now_s() + machine.tick_s(self.size_px, num_steps)
        machine.clock.wait_until(due_s, machine.is_over)
        return super().render(frame, params)


class NewEachTime(dict[str, Renderer]):
    """Every request for a model gets a renderer of its own."""

    def __init__(self, make: Callable[[], Renderer]) -> None:
        super().__init__()
        self._make = make

    def __getitem__(self, model: str) -> Renderer:
        return self._make()


class Governed:
    """A show on a machine, which the test speeds up and slows down."""

    def __init__(
        self, step_s: float = STEP_S, counts_area: bool = False, source_fps_hz: float = TARGET_HZ
    ) -> None:
        self.rig = Rig(FakeSource(fps_hz=source_fps_hz))
        self.machine = Machine(self.rig.clock, step_s, counts_area)
        self.rig.renderers = NewEachTime(lambda: CostlyRenderer(self.machine))

    @contextmanager
    def playing(self, num_steps: int = 4, target_fps_hz: float = TARGET_HZ) -> Iterator[Engine]:
        params = StreamParams(similarity_filter=False, num_inference_steps=num_steps)
        with self.rig.playing(
            params=params, render=SPEC, output_fps_hz=16.0, target_fps_hz=target_fps_hz
        ) as engine:
            try:
                yield engine
            finally:
                self.machine.is_over.set()
                self.machine.may_resize.set()

    def run_until(self, is_reached: Callable[[], bool]) -> None:
        self.rig.clock.run_until(is_reached, CLOCK_STEP_S)

    def run_for(self, seconds: float) -> None:
        end_s = self.rig.clock.now_s() + seconds
        self.run_until(lambda: self.rig.clock.now_s() >= end_s)

    def run_until_painted(self, size_px: int, num_steps: int) -> None:
        self.run_until(lambda: self.machine.painted[-1:] == [(size_px, num_steps)])

    @property
    def steps_painted(self) -> set[int]:
        return {num_steps for _, num_steps in self.machine.painted}


def lowered(engine: Engine) -> str:
    return engine.stats().holding.lowered


def test_steps_are_taken_away_until_the_rate_is_held_and_the_performers_own_stay() -> None:
    show = Governed()
    with show.playing() as engine:
        show.run_until(lambda: engine.stats().holding.lowered == "2 of 4 steps")
        show.run_for(8.0)
        assert show.machine.painted[-1] == (FULL_PX, 2)
        assert engine.stats().holding.is_held
        assert engine.params.num_inference_steps == 4
        assert engine.stats().fps_unique_hz == pytest.approx(TARGET_HZ, rel=0.1)
    assert show.steps_painted == {4, 3, 2}
    assert show.rig.messages(EventKind.GOVERNED) == [
        "To hold 8 pictures a second: 3 of 4 steps.",
        "To hold 8 pictures a second: 2 of 4 steps.",
    ]


def test_the_steps_come_back_when_there_is_room() -> None:
    show = Governed()
    with show.playing() as engine:
        show.run_until(lambda: lowered(engine) == "2 of 4 steps")
        show.machine.step_s = STEP_S / 4
        show.run_until(lambda: lowered(engine) == "" and show.machine.painted[-1][1] == 4)
        assert engine.stats().holding.is_held
    assert show.rig.messages(EventKind.GOVERNED)[-1] == (
        "Everything is painted as set again; there is room for 8 pictures a second."
    )


def test_without_a_rate_to_hold_everything_is_painted_as_set() -> None:
    show = Governed()
    with show.playing(target_fps_hz=0.0):
        show.run_for(8.0)
    assert show.steps_painted == {4}
    assert show.rig.engine.report()["governor"] is None


def test_a_rate_can_be_asked_for_and_given_up_while_the_show_runs() -> None:
    show = Governed()
    with show.playing(target_fps_hz=0.0) as engine:
        show.run_until(lambda: engine.stats().rendered > 4)
        engine.hold_fps(TARGET_HZ)
        show.run_until(lambda: lowered(engine) == "2 of 4 steps")
        engine.hold_fps(0.0)
        show.run_until_painted(FULL_PX, 4)
        assert lowered(engine) == ""
        with pytest.raises(ValueError, match=r"from 1 to 240 Hz, or 0 for none, not 0\.5"):
            engine.hold_fps(0.5)


def test_what_the_performer_sets_lower_is_painted_as_set() -> None:
    show = Governed()
    with show.playing() as engine:
        show.run_until(lambda: lowered(engine) == "2 of 4 steps")
        engine.update({"num_inference_steps": 1})
        show.run_until_painted(FULL_PX, 1)
        assert lowered(engine) == ""
        engine.update({"num_inference_steps": 8})
        show.run_until_painted(FULL_PX, 2)
        assert lowered(engine) == "2 of 8 steps"


def test_no_more_is_wanted_than_the_source_gives() -> None:
    show = Governed(source_fps_hz=TARGET_HZ / 2)
    with show.playing():
        show.run_for(8.0)
    assert show.steps_painted == {4}


def test_the_report_says_what_was_held_with_what_and_how_often_it_moved() -> None:
    show = Governed()
    with show.playing() as engine:
        show.run_until(lambda: lowered(engine) == "2 of 4 steps")
        show.run_for(8.0)
    governor = show.rig.engine.report()["governor"]
    assert isinstance(governor, dict)
    assert governor["target_fps"] == TARGET_HZ
    assert governor["moves"] == 2
    assert list(governor["painted_s"]) == ["as set", "3 of 4 steps", "2 of 4 steps"]
    assert 0.0 < governor["held_share"] < 1.0


def test_after_the_steps_comes_what_else_the_model_makes_use_of() -> None:
    show = Governed(step_s=2 / TARGET_HZ)
    show.machine.has_shortcuts = True
    with show.playing(num_steps=2) as engine:
        show.run_until(lambda: lowered(engine) == "1 of 2 steps, 50% merged, 2× reused")
        assert (engine.params.token_merging, engine.params.feature_reuse) == (0.0, 0)


# ---- the size


def one_step_is_too_dear() -> Governed:
    """256 px take twice the time there is, 192 px a little more than that, 128 px half of it."""
    return Governed(step_s=2 / TARGET_HZ, counts_area=True)


def test_where_one_step_is_too_dear_the_picture_gets_smaller_without_a_gap() -> None:
    show = one_step_is_too_dear()
    show.machine.may_resize.clear()
    with show.playing(num_steps=1) as engine:
        show.run_until(lambda: 192 in show.machine.prepared_px)
        num_painted = len(show.machine.painted)
        show.run_until(lambda: len(show.machine.painted) > num_painted + 3)
        assert show.machine.painted[-1] == (FULL_PX, 1)
        assert engine.stats().loading is None
        show.machine.may_resize.set()
        show.run_until_painted(128, 1)
        assert lowered(engine) == "128×128"
        assert engine.playing_render == engine.wanted_render == SPEC
        assert engine.stats().longest_gap_ms < 1.6 / 16.0 * 1e3
    assert show.machine.prepared_px == [256, 192, 128]
    assert show.rig.messages(EventKind.MODEL_READY) == ["fake plays on nowhere."]
    assert show.rig.messages(EventKind.GOVERNED) == [
        "To hold 8 pictures a second: 192×192.",
        "To hold 8 pictures a second: 128×128.",
    ]


def test_the_size_comes_back_after_long_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.governor.RESIZE_UP_AFTER_S", 6.0)
    monkeypatch.setattr("engine.governor.RESIZE_DOWN_AFTER_S", 2.0)
    show = one_step_is_too_dear()
    with show.playing(num_steps=1) as engine:
        show.run_until_painted(128, 1)
        show.machine.step_s = 0.25 / TARGET_HZ
        show.run_until_painted(FULL_PX, 1)
        assert lowered(engine) == ""
    assert show.machine.prepared_px == [256, 192, 128, 192, 256]


def test_without_a_rate_to_hold_the_size_comes_back_at_once() -> None:
    show = one_step_is_too_dear()
    with show.playing(num_steps=1) as engine:
        show.run_until_painted(192, 1)
        engine.hold_fps(0.0)
        show.run_until_painted(FULL_PX, 1)


def test_a_size_that_is_being_prepared_is_dropped_when_no_rate_is_to_be_held() -> None:
    show = one_step_is_too_dear()
    show.machine.may_resize.clear()
    with show.playing(num_steps=1) as engine:
        show.run_until(lambda: 192 in show.machine.prepared_px)
        engine.hold_fps(0.0)
        num_painted = len(show.machine.painted)
        show.run_until(lambda: len(show.machine.painted) > num_painted + 2)
        show.machine.may_resize.set()
        show.run_for(4.0)
    assert {size_px for size_px, _ in show.machine.painted} == {FULL_PX}
    assert show.machine.prepared_px == [256, 192]


def test_a_size_that_cannot_be_had_is_told_and_not_asked_for_again() -> None:
    show = one_step_is_too_dear()
    show.machine.unavailable_px = frozenset({192})
    with show.playing(num_steps=1):
        show.run_until(lambda: show.rig.has_happened(EventKind.GOVERNED))
        show.run_for(12.0)
    assert show.machine.prepared_px == [256, 192]
    assert {size_px for size_px, _ in show.machine.painted} == {FULL_PX}
    assert show.rig.messages(EventKind.GOVERNED) == [
        "The picture can't be painted at 192×192 just now: The machine has no memory for it."
    ]


def test_another_model_comes_in_its_own_size_also_while_a_size_is_being_prepared() -> None:
    show = one_step_is_too_dear()
    show.machine.may_resize.clear()
    other = RenderSpec(model="other", width_px=FULL_PX, height_px=FULL_PX)
    with show.playing(num_steps=1) as engine:
        show.run_until(lambda: 192 in show.machine.prepared_px)
        show.machine.step_s = STEP_S
        engine.load(other)
        show.machine.may_resize.set()
        show.run_until(lambda: engine.playing_render == other)
        show.run_for(4.0)
        assert engine.render_info is not None
        assert (engine.render_info.model_name, engine.render_info.width_px) == ("other", FULL_PX)
    assert show.machine.prepared_px == [256, 192, 256]


def test_a_smaller_model_that_is_lost_comes_back_as_small() -> None:
    show = one_step_is_too_dear()
    with show.playing(num_steps=1) as engine:
        show.run_until_painted(128, 1)
        show.machine.loss = RendererLost("The fake driver is gone.", LossReason.CRASH)
        show.run_until(lambda: show.rig.has_happened(EventKind.RENDERER_BACK))
        assert lowered(engine) == "128×128"
    assert show.machine.prepared_px == [256, 192, 128, 128]
