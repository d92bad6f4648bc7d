"""What can be seen of a damaged video file is seen; what cannot be played says why."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources.video_file import VideoFileSource
from tests.support.clips import TIMES_S, patterns, read_all, write_video


@pytest.fixture
def clip(tmp_path) -> Path:
    return write_video(tmp_path / "clip.mp4", patterns(TIMES_S), TIMES_S)


def test_a_file_cut_off_in_the_middle_plays_up_to_the_cut(tmp_path):
    times_s = [n / 30 for n in range(90)]
    options = {"movflags": "frag_keyframe+empty_moov", "g": "10"}
    path = tmp_path / "cut.mp4"
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=30, options={"g": "10", "bf": "0"})
        stream.width = stream.height = 256
        for image in patterns(times_s):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = VideoFileSource(path)
    source.open()
    seen = [sequence for sequence, _ in read_all(source, 100)]
    length = seen.index(0, 1)
    assert 20 < length < 70
    assert seen[:length] == list(range(length))
    source.close()


def test_damaged_pictures_are_jumped_over_and_the_rest_keeps_its_times(tmp_path):
    times_s = [n / 30 for n in range(30)]
    path = write_video(tmp_path / "scratched.mkv", patterns(times_s), times_s, "mjpeg", "yuvj420p")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for packet in packets[10:15]:
        start = data.index(bytes(packet))
        data[start : start + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    source = VideoFileSource(path, loops=False)
    source.open()
    seen = read_all(source)
    assert [sequence for sequence, _ in seen] == [*range(10), *range(15, 30)]
    assert [time_s for _, time_s in seen] == pytest.approx(times_s[:10] + times_s[15:], abs=2e-3)
    source.close()


def test_scrambled_h264_plays_on_without_its_damaged_pictures(clip):
    data = bytearray(clip.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 3
    data[middle : middle + 400] = bytes(400)
    clip.write_bytes(data)
    source = VideoFileSource(clip)
    source.open()
    assert all(source.read() is not None for _ in range(12))
    source.close()


@pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be deleted there")
def test_a_file_that_disappears_plays_on_and_is_missed_when_it_is_opened_again(clip):
    source = VideoFileSource(clip)
    source.open()
    clip.unlink()
    assert [sequence for sequence, _ in read_all(source, 8)] == [0, 1, 2, 3, 4, 5, 0, 1]
    with pytest.raises(SourceError, match=r"There is no file .*; check the path"):
        source.open()


def all_damaged(path: Path) -> None:
    write_video(path, patterns(TIMES_S), TIMES_S)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("not a video")


def headless(path: Path) -> None:
    write_video(path, patterns(TIMES_S), TIMES_S)
    path.write_bytes(path.read_bytes()[:2000])  # the index at the end is gone


def hollow(path: Path) -> None:
    with av.open(str(path), "w", options={"movflags": "empty_moov+frag_keyframe"}) as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width = stream.height = 64
        container.start_encoding()


def sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        silence = av.AudioFrame.from_ndarray(
            np.zeros((2, 4096), np.float32), format="fltp", layout="stereo"
        )
        silence.rate = 48000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (None, "There is no file .*; check the path"),
        (Path.mkdir, "is a folder|damaged, cut off or not a video"),
        (empty, "damaged, cut off or not a video file; choose another file"),
        (text, "damaged, cut off or not a video file"),
        (headless, "damaged, cut off or not a video file"),
        (hollow, "holds no picture that can be decoded"),
        (all_damaged, "holds no picture that can be decoded: it is empty, cut off or damaged"),
        (sound_only, "holds no video"),
    ],
)
def test_a_file_that_cannot_be_played_says_why(tmp_path, make, sentence):
    path = tmp_path / "bad.mp4"
    if make is not None:
        make(path)
    with pytest.raises(SourceError, match=sentence):
        VideoFileSource(path).open()


@pytest.mark.parametrize(
    "form", ["concat:{}", "subfile,,start,0,end,0,,:{}", "http://localhost/{}"]
)
def test_a_name_is_a_file_and_never_another_protocol(clip, form):
    source = VideoFileSource(form.format(clip))
    with pytest.raises(SourceError, match="There is no file"):
        source.open()
