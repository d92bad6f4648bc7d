"""Small video files with known pictures at known times, and reading them back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engine.sources.pattern import paint_pattern, read_pattern
from engine.sources.video_file import VideoFileSource

TIMES_S = [0.0, 0.1, 0.15, 0.4, 0.5, 0.9]


def write_video(
    path: Path,
    images: list[np.ndarray],
    times_s: list[float],
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    image_format: str = "rgb24",
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options or {})
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, 1000)
        for image, time_s in zip(images, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format=image_format)
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame.reformat(format=pix_fmt)))
        container.mux(stream.encode(None))
    return path


def patterns(times_s: list[float], width_px: int = 256, height_px: int = 256) -> list[np.ndarray]:
    return [paint_pattern(n, t, width_px, height_px) for n, t in enumerate(times_s)]


def read_all(source: VideoFileSource, limit: int = 100) -> list[tuple[int, float]]:
    """(sequence in the picture, time on the timeline) up to the end."""
    seen: list[tuple[int, float]] = []
    while len(seen) < limit and (capture := source.read()) is not None:
        assert capture.image.dtype == np.uint8
        seen.append((read_pattern(capture.image).sequence, capture.time_s))
    return seen
