"""A show that is recorded live and painted again offline: the same pictures from the same input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.api import EventKind, OutputState, PanicName, PreviewWish, ShowSpec, StreamParams
from engine.frame import Frame, Image
from engine.recording.show_folder import load_timeline
from engine.recording.timeline import Timeline
from engine.replay import Wishes, replay_show
from engine.sinks.show_recorder import ShowSink
from engine.sources.base import Capture
from engine.sources.recorded_show import RecordedShowSource
from tests.support.fakes import SIZE_PX, FakeRenderer, FakeSink, FakeSource, LiveSource
from tests.support.manual_clock import PATIENCE_S
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)


class NoiseSource(FakeSource):
    """Pictures that no lossy codec would give back."""

    def read(self) -> Capture | None:
        capture = super().read()
        if capture is None:
            return None
        rng = np.random.default_rng(int(capture.image[0, 0, 0]))
        return Capture(rng.integers(0, 256, (SIZE_PX, SIZE_PX, 3), np.uint8), capture.time_s)


class KeepingRenderer(FakeRenderer):
    """Remembers every input, as it came; what it makes depends on the parameters."""

    def __init__(self, num_steps: int = 1) -> None:
        super().__init__(num_steps)
        self.inputs: list[Image] = []
        self.made: list[Image] = []

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        self.inputs.append(frame.image)
        self.num_steps = params.num_inference_steps
        shifted = frame.with_image(frame.image + np.uint8(params.seed % 256))
        return super().render(shifted, params)


def inputs_of(rig: Rig) -> list[Image]:
    assert isinstance(rig.renderer, KeepingRenderer)
    return rig.renderer.inputs


class Recording:
    """A show on fakes that is recorded from its first tick on.

    inputs, params, shown: what went into the model and came out until it was told to stop. A tick
    that ends later may or may not be recorded.
    """

    def __init__(self, folder: Path, source: FakeSource | None = None) -> None:
        self.folder = folder / "show.reverie"
        self.inputs: list[Image] = []
        self.params: list[StreamParams] = []
        self.shown: list[Image] = []
        self.rig = Rig(source or NoiseSource(), renderer=KeepingRenderer())
        self.rig.sinks["show"] = ShowSink(self.folder)

    def play(
        self,
        changes: Sequence[Mapping[str, Any]],
        previews: Sequence[PreviewWish] = (),
        **show: Any,
    ) -> Recording:
        """A tick, a change of the parameters, a tick, and so on."""
        self.rig.renderer.may_prepare.clear()
        wishes = {"sinks": ("fake", "show"), "params": UNGATED, "waits_for_model": True, **show}
        with self.rig.playing(**wishes) as engine:
            self.rig.clock.run_until(lambda: engine.stats().sinks[1].is_open)
            self.rig.renderer.may_prepare.set()
            engine.wish_previews(previews)
            for change in changes:
                self.until_more_is_painted()
                if panic := change.get("panic"):
                    engine.panic(panic)
                elif output := change.get("output"):
                    engine.set_output(output)
                else:
                    engine.update(change)
            for _ in range(4):
                self.until_more_is_painted()
            self.note_what_was_played()
        return self

    def note_what_was_played(self) -> None:
        self.shown = distinct(images(self.rig))
        self.params = list(self.rig.renderer.params)
        self.inputs = list(inputs_of(self.rig))

    def until_more_is_painted(self) -> None:
        seen = len(inputs_of(self.rig))
        self.rig.clock.run_until(lambda: len(inputs_of(self.rig)) > seen)

    @property
    def timeline(self) -> Timeline:
        _, timeline, problems = load_timeline(self.folder)
        assert problems == []
        return timeline


def replay(folder: Path, wishes: Wishes | None = None) -> tuple[Rig, list[str]]:
    """Returns: the rig with all that came to its renderer and sink, and the notes."""
    show, notes = replay_show(folder, wishes or Wishes())
    rig = Rig(RecordedShowSource(folder, loops=False), renderer=KeepingRenderer())
    rig.sources[show.source] = rig.sources["fake"]
    rig.sinks[show.sinks[0]] = rig.sink
    rig.renderers[show.render.model] = rig.renderer
    play_out(rig, show)
    return rig, notes


def play_out(rig: Rig, show: ShowSpec) -> None:
    rig.engine.start(show)
    assert rig.engine.wait(PATIENCE_S), "the replay did not end"
    rig.engine.stop(PATIENCE_S)


def images(rig: Rig) -> list[Image]:
    return [frame.image for frame, _ in rig.sink.written]


def distinct(pictures: Sequence[Image]) -> list[Image]:
    """Without the repetitions of a steady output."""
    kept: list[Image] = []
    for image in pictures:
        if not kept or not np.array_equal(image, kept[-1]):
            kept.append(image)
    return kept


def assert_begins_with(whole: Sequence[Image], beginning: Sequence[Image]) -> None:
    assert len(whole) >= len(beginning) > 0
    for one, other in zip(whole, beginning, strict=False):
        np.testing.assert_array_equal(one, other)


def assert_shows(whole: Sequence[Image], shown: Sequence[Image]) -> None:
    """All that was shown is there, in order; on a busy machine not all that is there was shown."""
    assert len(shown) > 0
    coming = iter(whole)
    for number, image in enumerate(shown):
        is_there = any(np.array_equal(image, each) for each in coming)
        assert is_there, f"picture {number} of those that were shown is missing"


PLAYED: list[dict[str, Any]] = [
    {"strength": 0.9},
    {"seed": 7, "prompt": "neon city::0.7 | ink"},
    {"dry_wet": 0.5},
    {"feedback": 0.6, "feedback_zoom": 1.1},
    {"smoothing": 0.5, "brightness": 0.1},
    {"seed": 30},
    {"mirror": "kaleidoscope", "rotate_deg": 20.0},
    {"feedback": 0.0, "vignette": 0.5},
]


@pytest.mark.parametrize("num_steps", [1, 3])
def test_the_model_gets_the_same_pictures_with_the_same_parameters_again(
    tmp_path: Path, num_steps: int
) -> None:
    params = StreamParams(similarity_filter=False, num_inference_steps=num_steps)
    live = Recording(tmp_path).play(PLAYED, params=params)
    again, notes = replay(tmp_path / "show.reverie")
    assert notes == []
    assert again.renderer.params[: len(live.params)] == live.params
    assert_begins_with(inputs_of(again), live.inputs)


def test_the_pictures_that_come_out_are_those_that_were_shown(tmp_path: Path) -> None:
    live = Recording(tmp_path).play(PLAYED)
    again, _ = replay(tmp_path / "show.reverie")
    assert_shows(images(again), live.shown)


def test_previews_beside_the_show_leave_it_and_its_replay_as_they_are(tmp_path: Path) -> None:
    looks = [
        PreviewWish("night", StreamParams(prompt="night", num_inference_steps=4, feedback=0.8)),
        PreviewWish("ink", StreamParams(prompt="ink", smoothing=0.9, zoom=2.0)),
    ]
    live = Recording(tmp_path).play(PLAYED * 6, previews=looks)
    assert {params.prompt for params in live.rig.renderer.previewed} == {"night", "ink"}
    again, notes = replay(tmp_path / "show.reverie")
    assert notes == []
    assert again.renderer.previewed == []
    assert again.renderer.params[: len(live.params)] == live.params
    assert_begins_with(inputs_of(again), live.inputs)
    assert_shows(images(again), live.shown)


def test_a_change_of_the_number_of_steps_is_done_again_too(tmp_path: Path) -> None:
    changes = [{"num_inference_steps": n} for n in (1, 4, 4, 4, 4, 2, 2, 1, 1)]
    live = Recording(tmp_path).play(changes)
    again, _ = replay(tmp_path / "show.reverie")
    assert_begins_with(inputs_of(again), live.inputs)
    assert again.renderer.params[: len(live.params)] == live.params


def test_a_picture_stands_at_the_time_at_which_the_model_got_it(tmp_path: Path) -> None:
    recording = Recording(tmp_path).play(PLAYED)
    again, _ = replay(recording.folder)
    assert again.sink.times_s == [tick.time_s for tick in recording.timeline.ticks]


def test_what_the_filter_skipped_is_skipped_again_while_smoothing_goes_on(tmp_path: Path) -> None:
    still = FakeSource(level=lambda index: 80 + index // 12 * 60)
    params = StreamParams(similarity_threshold=0.9, max_skips=50, smoothing=0.6)
    live = Recording(tmp_path, still).play([{}] * 8, params=params)
    assert live.rig.engine.stats().skipped > 5
    again, _ = replay(tmp_path / "show.reverie")
    assert_begins_with(inputs_of(again), live.inputs)
    assert_shows(images(again), live.shown)


def test_a_picture_that_was_painted_again_without_a_new_one_is_again(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    rig = recording.rig
    rig.sources["fake"] = camera = LiveSource()
    with rig.playing(sinks=("fake", "show"), params=UNGATED, waits_for_model=True) as engine:
        rig.clock.run_until(lambda: engine.stats().sinks[1].is_open)
        camera.shoot(90)
        rig.clock.run_until(lambda: len(inputs_of(rig)) == 1)
        for number in (1, 2):
            engine.update({"seed": 10 + number})
            rig.clock.run_until(lambda number=number: len(inputs_of(rig)) > number)
        recording.note_what_was_played()
    assert [tick.picture for tick in recording.timeline.ticks[:3]] == [0, 0, 0]
    assert {tick.sequence for tick in recording.timeline.ticks} == {0}
    again, _ = replay(recording.folder)
    assert_begins_with(inputs_of(again), recording.inputs)


def test_a_reset_begins_the_feedback_anew_again(tmp_path: Path) -> None:
    params = StreamParams(similarity_filter=False, feedback=0.8)
    changes = [{}, {"seed": 3}, {"panic": PanicName.RESET}, {}, {"seed": 4}]
    live = Recording(tmp_path).play(changes, params=params)
    again, _ = replay(tmp_path / "show.reverie")
    assert_begins_with(inputs_of(again), live.inputs)


def test_blackout_is_part_of_the_show(tmp_path: Path) -> None:
    dark, light = {"output": OutputState.BLACKOUT}, {"output": OutputState.LIVE}
    params = StreamParams(similarity_filter=False, blackout_fade_s=0.0)
    recording = Recording(tmp_path).play([{}, dark, {}, {}, light, {}], params=params)
    is_dark = [tick.output is OutputState.BLACKOUT for tick in recording.timeline.ticks]
    assert any(is_dark)
    assert not all(is_dark)
    again, _ = replay(recording.folder)
    assert [not image.any() for image in images(again)] == is_dark


def test_other_steps_finish_every_picture_before_the_next_one(tmp_path: Path) -> None:
    recording = Recording(tmp_path).play(PLAYED)
    again, _ = replay(recording.folder, Wishes(params={"num_inference_steps": "4"}))
    assert {params.num_inference_steps for params in again.renderer.params} == {4}
    ticks = recording.timeline.ticks
    assert [p.strength for p in again.renderer.params] == [t.params.strength for t in ticks]
    assert_begins_with(images(again), images(replay(recording.folder)[0]))


def test_a_steady_rate_shows_at_every_moment_what_was_there(tmp_path: Path) -> None:
    recording = Recording(tmp_path).play(PLAYED)
    own, _ = replay(recording.folder)
    steady, _ = replay(recording.folder, Wishes(fps_hz=50.0))
    assert np.diff(steady.sink.times_s) == pytest.approx(1 / 50)
    times_s = np.array(own.sink.times_s)
    for image, time_s in zip(images(steady)[:-1], steady.sink.times_s, strict=False):
        shown = images(own)[int(np.searchsorted(times_s, time_s + 0.002, side="right")) - 1]
        np.testing.assert_array_equal(image, shown)


def test_a_replay_may_end_early(tmp_path: Path) -> None:
    recording = Recording(tmp_path).play(PLAYED)
    again, _ = replay(recording.folder, Wishes(max_frames=3))
    assert len(again.sink.written) == 3


def test_another_model_begins_a_folder_of_its_own(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    rig = recording.rig
    rig.renderers["other"] = other = KeepingRenderer()
    with rig.playing(sinks=("fake", "show"), params=UNGATED) as engine:
        recording.until_more_is_painted()
        spec = replay_spec = rig.engine._running().show.render
        engine.load(type(spec)(model="other", width_px=SIZE_PX, height_px=SIZE_PX))
        rig.clock.run_until(lambda: len(other.inputs) > 3)
        played = list(other.inputs)
    first = load_timeline(recording.folder)[1]
    second = load_timeline(tmp_path / "show-2.reverie")[1]
    assert first.header.render.spec == replay_spec
    assert second.header.render.model == "other"
    again, _ = replay(tmp_path / "show-2.reverie")
    assert_begins_with(inputs_of(again), played)


def test_a_recorder_that_is_too_slow_says_which_ticks_it_has_not(tmp_path: Path) -> None:
    class SlowSink(ShowSink):
        def write(self, frame: Frame, presented_s: float) -> None:
            gate.may_write.wait(PATIENCE_S)
            super().write(frame, presented_s)

    gate = FakeSink()
    gate.may_write.clear()
    recording = Recording(tmp_path)
    recording.rig.sinks["show"] = sink = SlowSink(recording.folder)
    sink.tap._most = 4
    with recording.rig.playing(sinks=("fake", "show"), params=UNGATED) as engine:
        recording.rig.clock.run_until(lambda: engine.stats().sinks[1].is_open)
        for _ in range(12):
            recording.until_more_is_painted()
        gate.may_write.set()
        for _ in range(6):
            recording.until_more_is_painted()
        assert len(recording.rig.sink.written) > 12  # nobody else waited for it
    timeline = recording.timeline
    assert timeline.num_lost > 0
    live_sequences = recording.rig.renderer.seen
    for before, tick in pairwise(timeline.ticks):
        assert tick.sequence - before.sequence == 1 + tick.lost
    assert timeline.ticks[-1].sequence <= live_sequences[-1]
    _, notes = replay(recording.folder)
    assert any("too slow for" in note for note in notes)


def test_a_full_disk_ends_the_recording_and_not_the_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = Recording(tmp_path)
    rig = recording.rig
    with rig.playing(sinks=("fake", "show"), params=UNGATED) as engine:
        rig.clock.run_until(lambda: engine.stats().sinks[1].is_open)
        recording.until_more_is_painted()
        rig.clock.run_until(lambda: (recording.folder / "timeline.jsonl").exists())

        def full(self: object, tick: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("engine.recording.timeline_writer.TimelineWriter.add", full)
        rig.clock.run_until(lambda: rig.has_happened(EventKind.SINK_FAILED))
        written = len(rig.sink.written)
        for _ in range(5):
            recording.until_more_is_painted()
        assert len(rig.sink.written) > written
    (sentence,) = [m for m in rig.messages(EventKind.SINK_FAILED) if "timeline" not in m]
    assert "the disk is full; free some space" in sentence
    assert "what was recorded until then is kept" in sentence


def test_two_replays_are_equal_bit_for_bit(tmp_path: Path) -> None:
    recording = Recording(tmp_path).play(PLAYED)
    (one, _), (other, _) = replay(recording.folder), replay(recording.folder)
    assert one.sink.times_s == other.sink.times_s
    assert_begins_with(images(one), images(other))
