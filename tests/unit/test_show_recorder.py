"""The folder of a recorded show, and what of it can be painted again."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import RecordingError, SinkError, SourceError
from engine.frame import Frame, Image
from engine.identity_renderer import IdentityRenderer
from engine.params import StreamParams
from engine.progress_line import clock_text, progress_line
from engine.recording.show_folder import load_timeline
from engine.recording.tap import Painting, Tap
from engine.renderer import LoraSpec, RenderSpec
from engine.replay import Wishes, replay_show
from engine.sinks.recorder import LOSSLESS, RecorderSink
from engine.sinks.show_recorder import ShowSink
from engine.sources.recorded_show import RecordedShowSource, num_pictures

SPEC = RenderSpec("identity", 32, 24, loras=(LoraSpec("ink"),))
INFO = IdentityRenderer().prepare(SPEC, lambda progress: None)


def noise(number: int) -> Image:
    return np.random.default_rng(number).integers(0, 256, (24, 32, 3), np.uint8)


def painting(number: int, spec: RenderSpec = SPEC, **changes: object) -> Painting:
    frame = Frame(noise(number), number, number / 30)
    params = StreamParams(strength=number % 10 / 10)
    return replace(Painting(frame, params, 50 + number / 30, spec, INFO), **changes)  # type: ignore[arg-type]


def record(sink: ShowSink, paintings: list[Painting]) -> None:
    sink.open(32, 24, 30.0)
    for each in paintings:
        sink.tap.note(each)
        sink.write(each.frame, each.time_s)
    sink.close()


def captures(folder: Path, loops: bool = False, most: int = 99) -> list[tuple[Image, float]]:
    source = RecordedShowSource(folder, loops)
    source.open()
    found: list[tuple[Image, float]] = []
    while len(found) < most and (capture := source.read()) is not None:
        assert capture.time_s is not None
        found.append((capture.image, capture.time_s))
    source.close()
    return found


def test_a_folder_holds_output_input_timeline_and_what_it_is(tmp_path: Path) -> None:
    sink = ShowSink(tmp_path / "friday")
    record(sink, [painting(n) for n in range(5)])
    folder = tmp_path / "friday.reverie"
    assert sink.name == "recording the show friday.reverie"
    names = ["input.mp4", "output.mp4", "show.json", "timeline.jsonl"]
    assert sorted(path.name for path in folder.iterdir()) == names
    about = json.loads((folder / "show.json").read_text())
    assert (about["has_ended"], about["paintings"], about["input_pictures"]) == (True, 5, 5)
    header = load_timeline(folder)[1].header
    assert header.render.spec == SPEC
    assert "python" in header.versions


def test_the_input_comes_back_bit_for_bit_at_its_own_times(tmp_path: Path) -> None:
    record(ShowSink(tmp_path / "a"), [painting(n) for n in range(40)])
    found = captures(tmp_path / "a.reverie")
    assert len(found) == 40
    for number, (image, time_s) in enumerate(found):
        np.testing.assert_array_equal(image, noise(number))
        assert time_s == pytest.approx(number / 30, abs=1e-6)


def test_the_source_begins_again_where_it_may(tmp_path: Path) -> None:
    record(ShowSink(tmp_path / "a"), [painting(n) for n in range(3)])
    found = captures(tmp_path / "a.reverie", loops=True, most=7)
    assert [time_s for _, time_s in found] == pytest.approx([n / 30 for n in range(7)], abs=1e-5)
    np.testing.assert_array_equal(found[4][0], noise(1))


def test_a_damaged_picture_is_covered_by_the_one_before_and_moves_no_other(tmp_path: Path) -> None:
    record(ShowSink(tmp_path / "a"), [painting(n) for n in range(6)])
    path = tmp_path / "a.reverie" / "input.mp4"
    path.unlink()
    sink = RecorderSink(path, LOSSLESS)
    sink.open(32, 24, 30.0)
    for number in (0, 1, 3, 4, 5):  # as if picture 2 could not be decoded
        sink.write(painting(number).frame, number / 30)
    sink.close()
    shown = [image for image, _ in captures(tmp_path / "a.reverie")]
    for image, number in zip(shown, (0, 1, 1, 3, 4, 5), strict=True):
        np.testing.assert_array_equal(image, noise(number))


def test_an_existing_folder_is_never_written_to(tmp_path: Path) -> None:
    for _ in range(2):
        record(ShowSink(tmp_path / "a.reverie"), [painting(0)])
    sink = ShowSink(tmp_path / "a.reverie")
    sink.open(32, 24, 30.0)
    assert sink.name == "recording the show a-3.reverie (a.reverie was there already)"
    sink.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.reverie", "a.reverie"]


def test_another_size_begins_another_folder(tmp_path: Path) -> None:
    larger = replace(SPEC, width_px=64)
    wide = Frame(np.zeros((24, 64, 3), np.uint8), 9, 0.0)
    record(ShowSink(tmp_path / "a"), [painting(0), painting(9, larger, frame=wide)])
    assert captures(tmp_path / "a-2.reverie")[0][0].shape == (24, 64, 3)
    assert load_timeline(tmp_path / "a.reverie")[1].header.render.width_px == 32


def test_a_folder_that_cannot_be_made_is_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="that folder does not exist; create it"):
        ShowSink(tmp_path / "missing" / "a").open(32, 24, 30.0)


def test_nothing_painted_leaves_no_timeline_that_could_mislead(tmp_path: Path) -> None:
    sink = ShowSink(tmp_path / "a")
    sink.open(32, 24, 30.0)
    sink.write(painting(0).frame, 0.0)
    sink.close()
    assert [path.name for path in (tmp_path / "a.reverie").iterdir()] == ["output.mp4"]
    with pytest.raises(RecordingError, match=r"has no timeline\.jsonl, without which"):
        load_timeline(tmp_path / "a.reverie")


def test_a_failure_of_the_input_closes_all_and_keeps_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = ShowSink(tmp_path / "a")
    sink.open(32, 24, 30.0)
    for number in range(3):
        sink.tap.note(painting(number))
        sink.write(painting(number).frame, number / 30)
    write = RecorderSink.write

    def full(self: RecorderSink, frame: Frame, presented_s: float) -> None:
        if self.path.name == "input.mp4":
            raise SinkError("The recording input.mp4 stopped: the disk is full.")
        write(self, frame, presented_s)

    monkeypatch.setattr(RecorderSink, "write", full)
    sink.tap.note(painting(3))
    with pytest.raises(SinkError, match="the disk is full"):
        sink.write(painting(3).frame, 3 / 30)
    sink.close()
    assert len(captures(tmp_path / "a.reverie")) == 3
    sink.tap.note(painting(4))
    assert sink.tap.fetch() == []  # nobody listens any more, and nothing piles up


KILLED = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.unit.test_show_recorder import ShowSink, painting
sink = ShowSink(Path(sys.argv[1]) / "a")
sink.open(32, 24, 30.0)
for number in range(300):
    sink.tap.note(painting(number))
    sink.write(painting(number).frame, number / 30)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_killed_program_leaves_a_show_that_can_be_painted_again(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", KILLED.format(root=root), str(tmp_path)], check=False)
    show, notes = replay_show(tmp_path / "a", Wishes())
    assert show.max_frames is not None
    assert show.max_frames > 200
    assert any("ends before the timeline, as after a crash" in note for note in notes)
    assert len(captures(tmp_path / "a.reverie", most=999)) == show.max_frames
    assert not json.loads((tmp_path / "a.reverie" / "show.json").read_text())["has_ended"]


# ---- the tap


def test_a_tap_takes_nothing_while_nobody_listens() -> None:
    tap = Tap()
    tap.note(painting(0))
    tap.open()
    assert tap.fetch() == []


def test_a_full_tap_loses_the_newest_and_the_next_one_says_how_many() -> None:
    tap = Tap(num_waiting=2)
    tap.open()
    for number in range(5):
        tap.note(painting(number))
    assert [p.frame.sequence for p in tap.fetch()] == [0, 1]
    tap.note(painting(5))
    tap.note(painting(6))
    assert [(p.frame.sequence, p.lost) for p in tap.close()] == [(5, 3), (6, 0)]


# ---- what is wished for


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    record(ShowSink(tmp_path / "a"), [painting(n) for n in range(5)])
    return tmp_path / "a.reverie"


def test_a_replay_is_as_it_was_where_nothing_else_is_said(recorded: Path) -> None:
    show, notes = replay_show(recorded, Wishes())
    assert notes == []
    assert show.render == SPEC
    assert show.sinks == (f"record:{recorded / 'replay.mp4'}",)
    assert (show.is_realtime, show.is_one_by_one, show.is_steady) == (False, False, False)
    assert show.max_frames == 5


def test_what_is_said_counts_more(recorded: Path, tmp_path: Path) -> None:
    wishes = Wishes(
        size_px=(768, 768), accelerator="eager", vae="own", params={"num_inference_steps": 4},
        out=tmp_path / "b.mp4", fps_hz=25.0, max_frames=3,
    )  # fmt: skip
    show, _ = replay_show(recorded, wishes)
    assert show.render == RenderSpec("identity", 768, 768, "eager", SPEC.loras, "own")
    assert show.sinks == (f"record:{tmp_path / 'b.mp4'}",)
    assert (show.is_one_by_one, show.is_steady, show.output_fps_hz) == (True, True, 25.0)
    assert show.max_frames == 3


def test_another_model_brings_its_own_size_and_no_foreign_loras(recorded: Path) -> None:
    show, _ = replay_show(recorded, Wishes(model="house"))
    assert show.render == RenderSpec("house", 256, 256)
    show, _ = replay_show(recorded, Wishes(model="house", size_px=(512, 512)))
    assert (show.render.width_px, show.render.height_px) == (512, 512)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("input.mp4", None, r"has no input\.mp4, without which"),
        ("timeline.jsonl", None, r"has no timeline\.jsonl, without which"),
        ("input.mp4", b"nonsense", "is damaged, cut off or not a video file"),
        ("input.mp4", b"", "is damaged, cut off or not a video file"),
        ("timeline.jsonl", b"nonsense", "is not the timeline of a recorded show"),
    ],
)
def test_what_is_missing_or_damaged_is_named(
    recorded: Path, name: str, content: bytes | None, reason: str
) -> None:
    (recorded / name).unlink()
    if content is not None:
        (recorded / name).write_bytes(content)
    with pytest.raises(RecordingError, match=reason):
        replay_show(recorded, Wishes())
    if name == "timeline.jsonl" or content is None:
        with pytest.raises(SourceError, match=reason):
            RecordedShowSource(recorded).open()


def test_a_show_is_found_without_its_suffix_and_what_is_none_is_told(
    recorded: Path, tmp_path: Path
) -> None:
    assert load_timeline(tmp_path / "a")[0] == recorded
    with pytest.raises(RecordingError, match="is not a recorded show; name a folder"):
        load_timeline(tmp_path / "b")
    with pytest.raises(RecordingError, match="is a file, not the folder of a recorded show"):
        load_timeline(recorded / "show.json")


def test_pictures_are_counted_without_decoding(recorded: Path) -> None:
    assert num_pictures(recorded / "input.mp4") == 5


# ---- the progress


def test_a_progress_line_says_how_far_how_fast_and_how_long() -> None:
    assert progress_line(0, 500, 0.0).endswith("]   0%  0 of 500 pictures  0.0/s  beginning")
    line = progress_line(250, 500, 5.0)
    assert line == "[############------------]  50%  250 of 500 pictures  5.0/s  0:50 left"
    assert "100%" in progress_line(500, 500, 5.0)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (65, "1:05"), (3723, "1:02:03")])
def test_a_time_is_written_as_a_clock_has_it(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text
