from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from engine.errors import SinkError
from engine.frame import Frame
from engine.sinks.recorder import LOSSLESS, Encoding, RecorderSink, encoder_threads
from engine.sources.pattern import paint_pattern, read_pattern
from engine.sources.video_file import VideoFileSource

ROOT = Path(__file__).parents[2]


def plain(level: int | tuple[int, int, int], width_px: int = 64, height_px: int = 48) -> Frame:
    image = np.empty((height_px, width_px, 3), np.uint8)
    image[:] = level
    return Frame(image, 0, 0.0)


def record(path: Path, frames: list[Frame], times_s: list[float]) -> RecorderSink:
    sink = RecorderSink(path)
    sink.open(frames[0].width_px, frames[0].height_px, 30.0)
    for frame, time_s in zip(frames, times_s, strict=True):
        sink.write(frame, time_s)
    sink.close()
    return sink


def played(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(f.time, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def test_pictures_play_at_the_times_at_which_they_were_presented(tmp_path):
    times_s = [0.0, 0.033, 0.1, 0.117, 0.9, 2.5, 2.51]
    frames = [Frame(paint_pattern(n, t, 256, 256), n, 0.0) for n, t in enumerate(times_s)]
    record(tmp_path / "a.mp4", frames, [1000.0 + t for t in times_s])
    pictures = played(tmp_path / "a.mp4")
    assert [time_s for time_s, _ in pictures] == pytest.approx(times_s, abs=1 / 90_000)
    assert [read_pattern(image).sequence for _, image in pictures] == list(range(7))


def test_times_that_repeat_or_go_back_still_give_a_rising_recording(tmp_path):
    record(tmp_path / "a.mp4", [plain(90)] * 5, [5.0, 5.0, 4.0, 5.1, 5.1])
    times_s = [time_s for time_s, _ in played(tmp_path / "a.mp4")]
    assert len(times_s) == 5
    assert np.all(np.diff(times_s) > 0)


def test_colours_come_back_and_are_tagged_as_bt709(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 60, 30), (128, 128, 128)]
    record(tmp_path / "a.mp4", [plain(c, 640, 360) for c in colours], [n / 30 for n in range(5)])
    with av.open(str(tmp_path / "a.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
        for frame, colour in zip(container.decode(video=0), colours, strict=True):
            image = frame.to_ndarray(format="rgb24", src_colorspace="ITU709")
            assert np.abs(image[180, 320].astype(int) - colour).max() <= 4


def test_an_odd_side_loses_its_last_line(tmp_path):
    record(tmp_path / "a.mp4", [plain(90, 65, 49)], [0.0])
    assert played(tmp_path / "a.mp4")[0][1].shape == (48, 64, 3)


def test_a_picture_of_another_size_is_letterboxed_into_the_recording(tmp_path):
    record(tmp_path / "a.mp4", [plain(200), plain(200, 64, 24)], [0.0, 0.1])
    wide = played(tmp_path / "a.mp4")[1][1]
    assert wide.shape == (48, 64, 3)
    assert wide[:8].max() < 40
    assert wide[18:30].min() > 160


def test_an_existing_file_is_never_overwritten_and_the_name_says_so(tmp_path):
    (tmp_path / "show.mp4").write_bytes(b"precious")
    (tmp_path / "show-2.mp4").write_bytes(b"too")
    sink = record(tmp_path / "show.mp4", [plain(9)], [0.0])
    assert (tmp_path / "show.mp4").read_bytes() == b"precious"
    assert len(played(tmp_path / "show-3.mp4")) == 1
    assert sink.name == "recording show-3.mp4 (show.mp4 was there already)"


def test_a_recording_without_pictures_leaves_no_file(tmp_path):
    sink = RecorderSink(tmp_path / "a.mp4")
    sink.open(64, 48, 30.0)
    sink.close()
    sink.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing/a.mp4", "that folder does not exist; create it or choose another"),
        ("file/a.mp4", "a part of that path is a file, not a folder"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows words these two alike")
def test_a_place_that_cannot_be_written_is_named_with_the_fix(tmp_path, path, reason):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SinkError, match=reason):
        RecorderSink(tmp_path / path).open(64, 48, 30.0)


def test_a_missing_encoder_is_named_and_leaves_no_file(tmp_path):
    sink = RecorderSink(tmp_path / "a.mp4", Encoding("libnone", "yuv420p", {}))
    with pytest.raises(SinkError, match="this build of PyAV has no x264; install the one from"):
        sink.open(64, 48, 30.0)
    assert list(tmp_path.iterdir()) == []


def test_a_lossless_recording_gives_every_picture_back_bit_for_bit(tmp_path):
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (40, 56, 3), np.uint8) for _ in range(9)]
    sink = RecorderSink(tmp_path / "a.mp4", LOSSLESS)
    sink.open(56, 40, 30.0)
    for number, image in enumerate(images):
        sink.write(Frame(image, number, 0.0), number / 7)
    sink.close()
    source = VideoFileSource(tmp_path / "a.mp4", loops=False)
    source.open()
    for number, image in enumerate(images):
        capture = source.read()
        assert capture is not None
        np.testing.assert_array_equal(capture.image, image)
        assert capture.time_s == pytest.approx(number / 7, abs=1e-5)
    source.close()


def test_the_encoder_leaves_most_cores_to_the_model():
    assert [encoder_threads(n) for n in (1, 2, 8, 16, 64)] == [1, 1, 2, 4, 4]


KILLED = """
import sys
from engine.frame import Frame
from engine.sinks import recorder
from engine.sinks.recorder import RecorderSink
from engine.sources.pattern import paint_pattern
sink = RecorderSink(sys.argv[1])
sink.open(256, 256, 30.0)
for n in range(150):
    sink.write(Frame(paint_pattern(n, n / 30, 256, 256), n, 0.0), n / 30)
print("written", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_a_recording_that_plays(tmp_path):
    path = tmp_path / "killed.mp4"
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.readline().strip() == b"written"
        child.kill()
    pictures = played(path)
    assert len(pictures) >= 100  # of 150: at most the last second and the encoder's look-ahead go
    assert [read_pattern(image).sequence for _, image in pictures] == list(range(len(pictures)))
    assert pictures[-1][0] == pytest.approx((len(pictures) - 1) / 30, abs=1e-4)


FULL_DISK = """
import resource, sys
import numpy as np
from engine.errors import SinkError
from engine.frame import Frame
from engine.sinks import recorder
from engine.sinks.recorder import RecorderSink
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
rng = np.random.default_rng(0)
sink = RecorderSink(sys.argv[1])
sink.open(128, 128, 30.0)
try:
    for n in range(600):
        sink.write(Frame(rng.integers(0, 256, (128, 128, 3), np.uint8), n, 0.0), n / 30)
except SinkError as error:
    sink.close()
    sys.stdout.write(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes to test with")
def test_a_full_disk_ends_the_recording_with_a_sentence_and_a_file_that_plays(tmp_path):
    path = tmp_path / "full.mp4"
    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], cwd=ROOT, capture_output=True, check=True
    )
    assert b"stopped: the file has grown larger than this disk allows" in child.stdout
    assert b"is kept" in child.stdout
    assert len(played_to_the_cut(path)) >= 20


def played_to_the_cut(path: Path) -> list[np.ndarray]:
    """What a tolerant player shows of a file whose end is missing."""
    pictures: list[np.ndarray] = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            try:
                pictures += [f.to_ndarray(format="rgb24") for f in packet.decode()]
            except av.error.InvalidDataError:
                break
    return pictures


def test_a_recording_goes_into_a_file_and_never_to_another_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sink = RecorderSink("udp:127.0.0.1.mp4")
    sink.open(64, 64, 25.0)
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] in (["udp:127.0.0.1.mp4"], [])
