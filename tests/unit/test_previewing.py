"""The previewer alone: when it paints aside, when it doesn't, and what it does with a failure."""

from __future__ import annotations

import numpy as np
import pytest

from engine.effects import Effects
from engine.enums import LossReason
from engine.errors import InvalidFrame, PromptError, RendererLost
from engine.events import EventLog
from engine.frame import Frame
from engine.latest import Latest
from engine.params import StreamParams
from engine.previewing import Previewer, PreviewWish
from engine.show import OutputState
from engine.stage import Surroundings
from engine.stats import Recorder
from tests.support.fakes import FakeRenderer, grey
from tests.support.manual_clock import JumpingClock

NIGHT, INK = StreamParams(prompt="night", seed=5), StreamParams(prompt="ink", seed=9)


class Desk:
    """A previewer, what it needs, and one input after the other."""

    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.output = Latest(OutputState.LIVE)
        self.renderer = FakeRenderer()
        around = Surroundings(self.clock, EventLog(self.clock), Recorder(self.clock))
        self.previewer = Previewer(self.lightened, self.output, around)
        self.num_steps_most = 4
        self.sequence = 0

    def lightened(self, params: StreamParams) -> StreamParams:
        steps = min(self.num_steps_most, params.num_inference_steps)
        return params.with_changes({"num_inference_steps": steps})

    def wish(self, *looks: StreamParams) -> None:
        self.previewer.wishes.value = tuple(PreviewWish(look.prompt, look) for look in looks)

    def play(self, seconds: float, level: int | None = None) -> list[str]:
        """Ticks at 60 Hz, ever brighter or of one level. Returns: the looks that were painted."""
        before = len(self.renderer.previewed)
        for _ in range(round(seconds * 60)):
            self.clock.advance(1 / 60)
            self.sequence += 1
            image = grey(self.sequence if level is None else level)
            frame = Frame(image, self.sequence, self.clock.now_s())
            self.previewer.paint_when_due(self.renderer, frame)
        return [params.prompt for params in self.renderer.previewed[before:]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_without_a_wish_nothing_is_asked_of_the_renderer(desk: Desk) -> None:
    assert desk.play(5.0) == []
    assert desk.renderer.announced == []


def test_the_looks_take_turns_twice_a_second_and_come_with_their_key(desk: Desk) -> None:
    desk.wish(NIGHT, INK)
    assert desk.play(0.1) == ["night"]
    preview = desk.previewer.newest.value
    assert preview is not None
    assert (preview.key, preview.frame.sequence) == ("night", 1)
    assert int(preview.frame.image[0, 0, 0]) == 1 + NIGHT.seed
    assert desk.play(0.3) == []
    assert desk.play(1.6) == ["ink", "night", "ink"]


def test_a_costly_picture_is_followed_by_a_pause_of_thirty_times_as_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint = desk.renderer.preview

    def slow(frame: Frame, params: StreamParams) -> Frame:
        desk.clock.advance(0.1)
        return paint(frame, params)

    monkeypatch.setattr(desk.renderer, "preview", slow)
    desk.wish(NIGHT)
    assert desk.play(2.9) == ["night"]
    assert desk.play(0.3) == ["night"]


@pytest.mark.parametrize("state", [s for s in OutputState if s is not OutputState.LIVE])
def test_only_a_live_output_leaves_time_for_it(desk: Desk, state: OutputState) -> None:
    desk.wish(NIGHT)
    desk.output.value = state
    assert desk.play(2.0) == []
    desk.output.value = OutputState.LIVE
    assert desk.play(0.1) == ["night"]


def test_words_that_are_not_ready_are_waited_for_in_the_background(desk: Desk) -> None:
    desk.wish(NIGHT)
    desk.renderer.knows_words.clear()
    assert desk.play(2.0) == []
    assert set(desk.renderer.announced) == {"night"}
    desk.renderer.knows_words.set()
    assert set(desk.play(0.6)) == {"night"}


def test_words_that_cannot_be_encoded_hold_up_nobody_else(desk: Desk) -> None:
    desk.wish(NIGHT, INK)
    desk.renderer.encoding_error = PromptError("It can't be encoded.")
    assert desk.play(1.1) == ["ink", "night"]


def test_a_bad_picture_is_dropped_and_the_next_look_is_painted(desk: Desk) -> None:
    desk.wish(NIGHT, INK)
    desk.renderer.preview_error = InvalidFrame("It held NaN.")
    assert desk.play(0.1) == ["night"]
    assert desk.previewer.newest.value is None
    desk.renderer.preview_error = None
    assert desk.play(0.6) == ["ink"]


def test_a_loss_is_passed_on_and_no_other_is_risked(desk: Desk) -> None:
    desk.wish(NIGHT)
    desk.renderer.preview_error = RendererLost("The worker is gone.", LossReason.CRASH)
    with pytest.raises(RendererLost):
        desk.play(0.1)
    desk.renderer.preview_error = None
    assert desk.play(10.0) == []


def test_a_look_is_previewed_as_the_governor_would_play_it(desk: Desk) -> None:
    desk.num_steps_most = 1
    desk.wish(NIGHT.with_changes({"num_inference_steps": 4}))
    desk.play(0.1)
    assert desk.renderer.previewed[0].num_inference_steps == 1


def test_its_own_effects_are_on_it_before_and_behind_the_model(desk: Desk) -> None:
    source = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    look = NIGHT.with_changes({"zoom": 1.5, "contrast": 1.4, "dry_wet": 0.6, "feedback": 0.5})
    desk.wish(look)
    desk.clock.advance(1.0)
    desk.previewer.paint_when_due(desk.renderer, Frame(source, 1, 0.0))
    effects = Effects()
    seen = effects.seen(Frame(source, 1, 0.0), look)
    effects.admit(seen)
    expected = effects.finish(FakeRenderer().preview(seen, look), look)
    preview = desk.previewer.newest.value
    assert preview is not None
    assert not np.array_equal(seen.image, source)
    assert np.array_equal(preview.frame.image, expected.image)


def test_a_still_scene_is_painted_once_by_each_look_and_anew_when_it_moves(desk: Desk) -> None:
    desk.wish(NIGHT, INK)
    assert desk.play(5.0, level=100) == ["night", "ink"]
    assert desk.play(1.1, level=101) == ["night", "ink"]
    stronger = INK.with_changes({"strength": 0.9})
    desk.wish(NIGHT, stronger)
    assert desk.play(2.0, level=101) == ["ink"]
