"""Damaged pictures and clips through the real sources: a picture, or one sentence."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SourceError
from engine.sources.image import LARGEST_SIDE_PX, ImageSource
from engine.sources.video_file import VideoFileSource
from tests.fuzz.harness import check_sentence, fuzzed, mutations

SIDE_PX = 32
PAINTED = np.random.default_rng(7).integers(0, 256, (SIDE_PX, SIDE_PX, 4), np.uint8)
STILLS = [
    cv2.imencode(suffix, PAINTED[..., :channels])[1].tobytes()
    for suffix in (".png", ".jpg", ".webp", ".bmp", ".tiff", ".gif")
    for channels in ((3, 4) if suffix in (".png", ".webp", ".tiff") else (3,))
]
MAX_READS = 12


def clip(container: str, codec: str, pixel_format: str) -> bytes:
    """Six tiny pictures."""
    stream_bytes = io.BytesIO()
    with av.open(stream_bytes, "w", format=container) as file:
        stream = file.add_stream(codec, 25)
        stream.width = stream.height = SIDE_PX
        stream.pix_fmt = pixel_format
        for index in range(6):
            image = np.roll(PAINTED[..., :3], index, axis=0)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            file.mux(stream.encode(frame.reformat(format=pixel_format)))
        file.mux(stream.encode(None))
    return stream_bytes.getvalue()


CLIPS = [
    clip("mp4", "libx264", "yuv420p"),
    clip("matroska", "mjpeg", "yuvj420p"),
    clip("avi", "mpeg4", "yuv420p"),
    clip("webm", "libvpx", "yuv420p"),
    clip("gif", "gif", "rgb8"),
]


def check_image(image: np.ndarray) -> None:
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert 1 <= min(image.shape[:2]) <= max(image.shape[:2]) <= LARGEST_SIDE_PX


@fuzzed
@given(content=st.binary(max_size=200) | mutations(STILLS))
@pytest.mark.filterwarnings("ignore")  # the reader of sizes remarks on damage; that isn't ours
def test_image_bytes(inbox: Path, content: bytes) -> None:
    (inbox / "picture").write_bytes(content)
    with closing(ImageSource(inbox / "picture")) as source:
        try:
            source.open()
            check_image(source.read().image)
        except SourceError as error:
            check_sentence(error)


@fuzzed
@given(content=st.binary(max_size=200) | mutations(CLIPS), seek_s=st.none() | st.floats(0.0, 100.0))
def test_video_bytes(inbox: Path, content: bytes, seek_s: float | None) -> None:
    (inbox / "clip").write_bytes(content)
    with closing(VideoFileSource(inbox / "clip")) as source:
        try:
            play(source, seek_s)
        except SourceError as error:
            check_sentence(error)


def play(source: VideoFileSource, seek_s: float | None) -> None:
    """Through the end and into the next round, with rising times."""
    source.open()
    last_s = -1.0
    for _ in range(MAX_READS):
        capture = source.read()
        assert capture is not None
        assert capture.time_s is not None
        assert capture.time_s > last_s
        last_s = capture.time_s
        check_image(capture.image)
    if seek_s is not None:
        source.seek(seek_s)
        source.read()
