"""A video file keeps its own clock, form and colours, whatever they are."""

from __future__ import annotations

import gc
import struct
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources.pattern import read_pattern
from engine.sources.video_file import Timeline, VideoFileSource
from tests.support.clips import TIMES_S, patterns, read_all, write_video


@pytest.fixture
def clip(tmp_path) -> Path:
    return write_video(tmp_path / "clip.mp4", patterns(TIMES_S), TIMES_S)


def test_a_file_of_variable_rate_keeps_its_own_times(clip):
    source = VideoFileSource(clip, loops=False)
    info = source.open()
    assert (info.name, info.width_px, info.height_px) == ("file clip.mp4", 256, 256)
    assert "256×256 h264" in info.description
    seen = read_all(source)
    assert [sequence for sequence, _ in seen] == [0, 1, 2, 3, 4, 5]
    assert [time_s for _, time_s in seen] == pytest.approx(TIMES_S, abs=1e-3)
    source.close()


def test_a_loop_begins_again_and_its_timeline_goes_on_rising(clip):
    source = VideoFileSource(clip)
    source.open()
    seen = read_all(source, 15)
    assert [sequence for sequence, _ in seen] == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2]
    times_s = [time_s for _, time_s in seen]
    assert np.all(np.diff(times_s) > 0)
    assert np.diff(times_s[6:12]) == pytest.approx(np.diff(TIMES_S), abs=1e-3)
    source.close()


@pytest.mark.parametrize(
    ("time_s", "sequence"), [(0.0, 0), (0.12, 1), (0.4, 3), (0.6, 4), (9.0, 5)]
)
def test_seeking_shows_the_picture_that_is_on_screen_then(clip, time_s, sequence):
    source = VideoFileSource(clip)
    source.open()
    before_s = [source.read().time_s for _ in range(2)][-1]
    source.seek(time_s)
    shown = source.read()
    assert read_pattern(shown.image).sequence == sequence
    assert shown.time_s > before_s
    if sequence < 5:
        assert read_pattern(source.read().image).sequence == sequence + 1
    source.close()


def test_opening_again_starts_from_the_beginning(clip):
    source = VideoFileSource(clip)
    source.open()
    read_all(source, 3)
    source.open()
    assert read_all(source, 1) == [(0, 0.0)]
    source.close()


def test_odd_sizes_are_read_whole(tmp_path):
    images = patterns([0.0], 255, 253)
    path = write_video(tmp_path / "odd.mkv", images, [0.0], "ffv1", "yuv444p")
    source = VideoFileSource(path)
    source.open()
    assert source.read().image.shape == (253, 255, 3)
    source.close()


def test_ten_bit_video_becomes_eight_bit_rgb(tmp_path):
    image = np.empty((64, 64, 3), np.uint8)
    image[:] = (200, 60, 30)
    path = write_video(tmp_path / "ten.mp4", [image], [0.0], "libx264", "yuv420p10le")
    source = VideoFileSource(path)
    source.open()
    assert np.abs(source.read().image[32, 32].astype(int) - (200, 60, 30)).max() <= 4
    source.close()


def test_transparency_lies_on_black(tmp_path):
    image = np.zeros((32, 32, 4), np.uint8)
    image[:, :16] = (200, 100, 50, 255)
    image[:, 16:] = (200, 100, 50, 128)
    path = write_video(tmp_path / "alpha.mov", [image], [0.0], "qtrle", "argb", image_format="rgba")
    source = VideoFileSource(path)
    source.open()
    shown = source.read().image
    np.testing.assert_array_equal(shown[5, 5], [200, 100, 50])
    assert np.abs(shown[5, 25].astype(int) - (100, 50, 25)).max() <= 1
    source.close()


def turned(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a display matrix (a, b, c, d) into the track header, as telephones do."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    a, b, c, d = (value * 0x10000 for value in matrix)
    data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "upright"),
    [
        ((1, 0, 0, 1), lambda image: image),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
        ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
        ((-1, 0, 0, 1), np.fliplr),  # a selfie
        ((1, 0, 0, -1), np.flipud),
        ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda image: np.rot90(image.transpose(1, 0, 2), 2)),
    ],
)
def test_a_file_from_a_turned_or_mirrored_telephone_is_upright(tmp_path, matrix, upright):
    image = np.zeros((64, 128, 3), np.uint8)
    image[:32, :64] = (230, 40, 40)
    image[32:, :64] = (40, 200, 60)
    path = turned(write_video(tmp_path / "phone.mp4", [image], [0.0]), matrix)
    source = VideoFileSource(path)
    info = source.open()
    shown = source.read().image
    expected = upright(image)
    assert shown.shape == expected.shape == (info.height_px, info.width_px, 3)
    assert np.abs(shown.astype(int) - expected).mean() < 6
    source.close()


def write_red(
    path: Path,
    side_px: int,
    kr: float,
    kb: float,
    tag: int,
    codec: str = "ffv1",
    width_px: int | None = None,
) -> Path:
    """Pure red in limited range by the textbook: ITU-R BT.601, 709, 2020 share the equations."""
    width_px = width_px or side_px
    luma, blue = 16 + 219 * kr, 128 - 224 * kr / (2 * (1 - kb))
    yuv = np.full((side_px * 3 // 2, width_px), round(luma), np.uint8)
    yuv[side_px : side_px * 5 // 4], yuv[side_px * 5 // 4 :] = round(blue), 240
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = width_px, side_px
        stream.pix_fmt, stream.codec_context.colorspace = "yuv420p", tag
        container.mux(stream.encode(av.VideoFrame.from_ndarray(yuv, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("side_px", "kr", "kb", "tag"),
    [
        (64, 0.299, 0.114, 2),  # untagged and small: BT.601
        (720, 0.2126, 0.0722, 2),  # untagged and large: BT.709
        (64, 0.2126, 0.0722, 1),
        (720, 0.299, 0.114, 6),
        (64, 0.2627, 0.0593, 9),
    ],
)
def test_each_colour_matrix_is_undone(tmp_path, side_px, kr, kb, tag):
    source = VideoFileSource(write_red(tmp_path / "red.mkv", side_px, kr, kb, tag))
    source.open()
    assert np.abs(source.read().image[32, 32].astype(int) - (255, 0, 0)).max() <= 3
    source.close()


def test_a_single_picture_is_held_without_decoding_it_again(tmp_path):
    path = write_video(tmp_path / "one.mp4", patterns([0.0]), [0.0])
    source = VideoFileSource(path)
    source.open()
    captures = [source.read() for _ in range(5)]
    assert all(later.time_s > earlier.time_s for earlier, later in pairwise(captures))
    assert captures[2].image is captures[4].image
    assert read_pattern(captures[4].image).sequence == 0
    source.close()
    source = VideoFileSource(path, loops=False)
    source.open()
    assert read_all(source) == [(0, 0.0)]


def test_8k_is_read_small_enough_to_keep_up(tmp_path):
    path = write_red(tmp_path / "8k.nut", 4320, 0.2126, 0.0722, 1, "rawvideo", width_px=7680)
    source = VideoFileSource(path)
    info = source.open()
    assert (info.width_px, info.height_px) == (1920, 1080)
    assert info.description == "7680×4320 rawvideo, as 1920×1080"
    shown = source.read().image
    assert shown.shape == (1080, 1920, 3)
    assert np.abs(shown.astype(int) - (255, 0, 0)).max() <= 3
    source.close()


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [
        ("ffv1", "gray"),
        ("ffv1", "gray16le"),
        ("ffv1", "yuv410p"),
        ("ffv1", "yuv422p10le"),
        ("ffv1", "yuv444p16le"),
        ("ffv1", "gbrp12le"),
        ("ffv1", "yuva420p"),
        ("rawvideo", "nv12"),
        ("rawvideo", "yuyv422"),
        ("rawvideo", "xyz12le"),
        ("png", "rgba64be"),
    ],
)
def test_unusual_pixel_formats_are_read(tmp_path, codec, pix_fmt):
    image = np.full((32, 32, 3), 120, np.uint8)
    source = VideoFileSource(write_video(tmp_path / "a.nut", [image], [0.0], codec, pix_fmt))
    source.open()
    assert np.abs(source.read().image.astype(int) - 120).max() <= 4
    source.close()


def test_a_file_that_changes_its_size_in_the_middle_is_followed(tmp_path):
    small = write_video(tmp_path / "a.ts", patterns([0.0], 128, 128), [0.0])
    large = write_video(tmp_path / "b.ts", patterns([1.0], 256, 192), [1.0])
    (tmp_path / "both.ts").write_bytes(small.read_bytes() + large.read_bytes())
    source = VideoFileSource(tmp_path / "both.ts", loops=False)
    source.open()
    shapes = []
    while (capture := source.read()) is not None:
        shapes.append(capture.image.shape[:2])
    assert shapes == [(128, 128), (192, 256)]
    source.close()


def test_a_file_that_grows_while_it_plays_shows_the_new_part_the_next_time(tmp_path):
    every_one_whole = {"g": "1"}
    path = tmp_path / "a.ts"
    whole = write_video(path, patterns(TIMES_S), TIMES_S, options=every_one_whole).read_bytes()
    part = tmp_path / "part.ts"
    part.write_bytes(whole[: len(whole) // 2 // 188 * 188])
    source = VideoFileSource(part)
    source.open()
    first = [sequence for sequence, _ in read_all(source, 5)]
    assert max(first) < 5
    part.write_bytes(whole)  # in place, as a recorder does
    assert 5 in [sequence for sequence, _ in read_all(source, 20)]
    source.close()


def test_times_before_zero_are_as_good_as_any(tmp_path):
    times_s = [-0.5, -0.4, 0.1, 0.2]
    path = write_video(tmp_path / "early.mkv", patterns(times_s), times_s, "ffv1", "yuv444p")
    source = VideoFileSource(path, loops=False)
    source.open()
    seen = [time_s for _, time_s in read_all(source)]
    assert np.diff(seen) == pytest.approx(np.diff(times_s), abs=2e-3)
    assert seen[0] == 0.0
    source.close()


@given(
    st.lists(
        st.one_of(st.none(), st.just("jump"), st.floats(-1e4, 1e4, allow_nan=False)), max_size=40
    )
)
def test_a_timeline_starts_at_zero_and_rises_whatever_the_file_says(stamps):
    timeline = Timeline(0.04)
    placed: list[float] = []
    for stamp in stamps:
        if stamp == "jump":
            timeline.jump()
        else:
            placed.append(timeline.place(stamp))
    assert placed[:1] in ([], [0.0])
    assert all(later > earlier for earlier, later in pairwise(placed))


@pytest.mark.parametrize("suffix", ["mkv", "avi", "mp4"])
def test_a_title_in_an_old_encoding_does_not_matter(tmp_path, suffix):
    path = tmp_path / f"clip.{suffix}"
    with av.open(str(path), "w") as container:
        container.metadata["title"] = "Cafe noir"
        stream = container.add_stream("mpeg4", 25)
        stream.width = stream.height = 64
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    path.write_bytes(path.read_bytes().replace(b"Cafe", b"Caf\xe9"))
    source = VideoFileSource(path)
    assert source.open().width_px == 64
    source.close()


def test_pictures_that_were_read_hold_no_memory_until_a_garbage_collection(clip):
    source = VideoFileSource(clip)
    source.open()
    gc.collect()
    gc.disable()
    try:
        for _ in range(40):
            source.read()
        held = sum(type(thing) is av.VideoFrame for thing in gc.get_objects())
    finally:
        gc.enable()
    source.close()
    assert held < 20  # what the decoder itself keeps
