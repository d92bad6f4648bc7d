"""Looks that are off air are painted beside those on air, which don't notice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.api import EventKind, OutputState, Preset, PreviewWish, RenderSpec, StreamParams
from engine.diffusion.backbone import Rows
from engine.diffusion.fake import FakeBackbone
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.pictures import PictureOutput
from engine.diffusion.stream_batch import Finished, StreamBatch
from engine.enums import GuidanceMode, LossReason
from engine.errors import InvalidFrame, RendererLost
from engine.frame import Frame, Image
from tests import tiny_models
from tests.streams import flush, ticket
from tests.streams import frame as latent
from tests.support.fakes import SIZE_PX, FakeRenderer, FakeSource
from tests.support.manual_clock import ManualClock
from tests.support.rig import Rig

SIDE = 32
UNGATED = StreamParams(similarity_filter=False)
NIGHT = PreviewWish("night", StreamParams(prompt="night", seed=5))
INK = PreviewWish("ink", StreamParams(prompt="ink", seed=9))

# ---- in the show


def has_preview(rig: Rig, key: str) -> bool:
    preview = rig.engine.latest_preview()
    return preview is not None and preview.key == key


def test_looks_off_air_are_painted_in_turn_from_the_present_input() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        assert engine.latest_preview() is None
        engine.wish_previews([NIGHT, INK])
        for wish in (NIGHT, INK, NIGHT):
            rig.clock.run_until(lambda key=wish.key: has_preview(rig, key))
            preview = engine.latest_preview()
            assert preview is not None
            level = (preview.frame.sequence + wish.params.seed) % 256
            assert int(preview.frame.image[0, 0, 0]) == level
        assert engine.stats().longest_gap_ms < 1.26e3 / 60
        engine.wish_previews(())
        num_before = len(rig.renderer.previewed)
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 60)
        assert len(rig.renderer.previewed) == num_before


class SlowAside(FakeRenderer):
    """Takes so long for a preview, on the show's clock."""

    def __init__(self, preview_s: float) -> None:
        super().__init__()
        self.preview_s = preview_s
        self.clock: ManualClock | None = None
        self.begun_s: list[float] = []
        self.is_over = threading.Event()

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        assert self.clock is not None
        self.begun_s.append(self.clock.now_s())
        self.clock.wait_until(self.begun_s[-1] + self.preview_s, self.is_over)
        return super().preview(frame, params)


def test_a_slow_preview_leaves_no_gap_in_the_output_and_a_long_pause_behind_it() -> None:
    renderer = SlowAside(preview_s=0.05)
    rig = Rig(renderer=renderer)
    renderer.clock = rig.clock
    with rig.playing(params=UNGATED) as engine:
        engine.wish_previews([NIGHT, INK])
        rig.clock.run_until(lambda: len(renderer.begun_s) == 2)
        renderer.is_over.set()
        assert renderer.begun_s[1] - renderer.begun_s[0] >= 31 * renderer.preview_s
        assert engine.stats().longest_gap_ms < 1.26e3 / 60


def test_nothing_is_painted_aside_while_the_renderer_is_away_or_new() -> None:
    rig = Rig()
    rig.renderer.may_prepare.clear()
    with rig.playing(params=UNGATED) as engine:
        engine.wish_previews([NIGHT])
        rig.clock.run_until(lambda: len(rig.sink.written) > 60)
        assert rig.renderer.previewed == []
        rig.renderer.may_prepare.set()
        rig.clock.run_until(lambda: has_preview(rig, "night"))
        assert rig.renderer.seen


def test_nothing_is_painted_aside_while_the_output_is_frozen() -> None:
    rig = Rig()
    with rig.playing(params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().rendered > 3)
        engine.set_output(OutputState.FREEZE)
        engine.wish_previews([NIGHT])
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 60)
        assert rig.renderer.previewed == []


def test_a_renderer_that_a_preview_has_lost_comes_back_and_paints_no_other() -> None:
    rig = Rig()
    rig.renderer.preview_error = RendererLost("The fake worker crashed.", LossReason.CRASH)
    with rig.playing(params=UNGATED) as engine:
        engine.wish_previews([NIGHT])
        rig.clock.run_until(lambda: rig.has_happened(EventKind.RENDERER_BACK))
        assert rig.messages(EventKind.RENDERER_LOST)[0].startswith("The fake worker crashed.")
        num_rendered = engine.stats().rendered
        rig.clock.run_until(lambda: engine.stats().rendered > num_rendered + 60)
        assert len(rig.renderer.previewed) == 1
        (notice,) = rig.messages(EventKind.NOTICE)
        assert notice.startswith("There are no more previews in this show: the model was lost")
        assert engine.stats().longest_gap_ms < 2.01e3 / 60


def test_a_show_that_is_not_in_real_time_paints_nothing_aside() -> None:
    rig = Rig(FakeSource(num_pictures=20))
    with rig.playing(is_realtime=False, params=UNGATED) as engine:
        engine.wish_previews([NIGHT])
        assert engine.wait(20.0)
    assert rig.renderer.previewed == []
    assert len(rig.renderer.seen) == 20


def test_what_a_pad_would_play_is_known_before_it_is_pressed() -> None:
    rig = Rig()
    look = Preset(name="Ink", prompt="ink", params={"strength": 0.9})
    with rig.playing(params=UNGATED) as engine:
        engine.update({"seed": 77})
        expected = engine.performance.params_if_fired(look)
        assert (expected.prompt, expected.strength, expected.seed) == ("ink", 0.9, 77)
        a, b = engine.performance.looks_on_decks()
        assert engine.params in (a.params, b.params)


# ---- in the renderer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for kind in ("house", "sd1-lcm", "sdxl-lcm"):
        tiny_models.write(root / kind, kind)
    return root


def ready(folder: Path) -> StreamRenderer:
    renderer = StreamRenderer()
    renderer.prepare(RenderSpec(str(folder), SIDE, SIDE, "eager"), lambda progress: None)
    return renderer


@pytest.fixture(scope="module")
def renderer(models: Path) -> Iterator[StreamRenderer]:
    """One for the tests that leave it well."""
    renderer = ready(models / "sd1-lcm")
    yield renderer
    renderer.close()


def frame(sequence: int) -> Frame:
    source = np.random.default_rng(sequence)
    return Frame(source.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8), sequence, sequence / 30)


def alone(renderer: StreamRenderer, picture: Frame, params: StreamParams) -> Image:
    """Painted with nothing else in flight."""
    renderer.flush()
    finished = renderer.render(picture, params)
    return (finished or renderer.flush()[-1]).image


@pytest.mark.parametrize("mode", list(GuidanceMode))
@pytest.mark.parametrize("num_steps", [1, 3])
def test_a_preview_is_bit_for_bit_what_the_look_paints_alone(
    renderer: StreamRenderer, mode: GuidanceMode, num_steps: int
) -> None:
    live = StreamParams(prompt="a red fox", num_inference_steps=2)
    look = StreamParams(
        prompt="blue glass", num_inference_steps=num_steps, guidance_mode=mode, seed=9
    )
    expected = alone(renderer, frame(50), look)
    for index in range(3):
        renderer.render(frame(index), live)
    preview = renderer.preview(frame(50), look)
    assert (preview.sequence, preview.captured_s) == (50, frame(50).captured_s)
    assert np.array_equal(preview.image, expected)
    assert renderer.in_flight == 1


ON_AIR = {
    "plain": StreamParams(prompt="a red fox", num_inference_steps=3),
    "merging": StreamParams(prompt="a red fox", num_inference_steps=2, token_merging=0.5),
    "reusing": StreamParams(prompt="a red fox", num_inference_steps=2, feature_reuse=2),
    "guided": StreamParams(
        prompt="a red fox", num_inference_steps=2, guidance_mode=GuidanceMode.STEP_NEGATIVE
    ),
}
OFF_AIR = [
    StreamParams(prompt="blue glass", num_inference_steps=3, seed=5),
    StreamParams(prompt="ink", token_merging=0.75, guidance_mode=GuidanceMode.FULL),
    StreamParams(prompt="ink", feature_reuse=3, num_inference_steps=2),
]


def play(renderer: StreamRenderer, params: StreamParams, has_previews: bool) -> list[Image]:
    painted: list[Image] = []
    for index in range(6):
        finished = renderer.render(frame(index), params)
        painted += [] if finished is None else [finished.image]
        if has_previews:
            renderer.preview(frame(100 + index), OFF_AIR[index % len(OFF_AIR)])
    return painted + [finished.image for finished in renderer.flush()]


@pytest.mark.parametrize(
    ("kind", "look"),
    [("house", "plain"), ("house", "reusing"), ("house", "guided"), ("sdxl-lcm", "merging")],
)
def test_no_picture_on_air_is_another_for_the_previews_beside_it(
    models: Path, kind: str, look: str
) -> None:
    pictures = []
    for has_previews in (False, True):
        renderer = ready(models / kind)
        pictures.append(play(renderer, ON_AIR[look], has_previews))
        renderer.close()
    assert len(pictures[0]) == 6
    assert np.array_equal(pictures[0], pictures[1])


class OneMemory(FakeBackbone):
    """Gives the same memory at every call, as compiled graphs do."""

    def __init__(self) -> None:
        super().__init__()
        self._memory: dict[tuple[str, torch.Size], Tensor] = {}

    def encode(self, image: Tensor) -> Tensor:
        return self._again("encode", super().encode(image))

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        return self._again("denoise", super().denoise(x_t, rows))

    def _again(self, name: str, result: Tensor) -> Tensor:
        memory = self._memory.setdefault((name, result.shape), torch.empty_like(result))
        return memory.copy_(result)


@pytest.mark.parametrize("mode", list(GuidanceMode))
def test_nor_where_every_call_of_the_model_writes_to_the_same_memory(mode: GuidanceMode) -> None:
    def on_air(has_previews: bool) -> list[Tensor]:
        backbone = OneMemory()
        batch, aside = StreamBatch(backbone), StreamBatch(backbone)
        live, other = ticket(backbone, 3, mode), ticket(backbone, 2, mode, prompt="ink", seed=5)
        finished: list[Finished] = []
        for index in range(6):
            batch.admit(latent(index), live)
            finished += batch.tick()
            if has_previews:
                aside.admit(latent(50 + index), other)
                flush(aside)
        return [each.latent for each in finished + flush(batch)]

    for plain, beside in zip(on_air(False), on_air(True), strict=True):
        assert torch.equal(plain, beside)


def test_a_bad_preview_leaves_nothing_behind(
    renderer: StreamRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer.flush()
    expected = renderer.preview(frame(1), OFF_AIR[0]).image

    def refuse(*_: object) -> Image:
        raise InvalidFrame("It held NaN.")

    with monkeypatch.context() as patch:
        patch.setattr(PictureOutput, "fetch", refuse)
        with pytest.raises(InvalidFrame):
            renderer.preview(frame(2), OFF_AIR[0])
    assert np.array_equal(renderer.preview(frame(1), OFF_AIR[0]).image, expected)
    assert renderer.in_flight == 0


def test_a_picture_of_another_size_is_refused(renderer: StreamRenderer) -> None:
    with pytest.raises(ValueError, match="paints"):
        renderer.preview(Frame(np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8), 0, 0.0), OFF_AIR[0])
