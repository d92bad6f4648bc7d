from __future__ import annotations

import io

import av
import cv2
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.enums import FitMode
from engine.fit import fit
from engine.sources.pattern import PatternReading, paint_pattern, pattern_source, read_pattern

sequences = st.integers(0, 2**24 - 1)
times_ms = st.integers(0, 2**32 - 1)
widths, heights = st.integers(256, 1280), st.integers(256, 720)
quiet = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)


def through_h264(image: np.ndarray, crf: int) -> np.ndarray:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": str(crf)})
        stream.width, stream.height = image.shape[1], image.shape[0]
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@quiet
@given(sequence=sequences, time_ms=times_ms, width=widths, height=heights)
def test_what_is_painted_is_read_back_at_any_size(sequence, time_ms, width, height):
    image = paint_pattern(sequence, time_ms / 1000, width, height)
    assert image.shape == (height, width, 3)
    assert read_pattern(image) == PatternReading(sequence, time_ms / 1000)


@quiet
@given(
    sequence=sequences,
    width=widths,
    height=heights,
    mode=st.sampled_from([FitMode.FIT, FitMode.STRETCH]),
    quality=st.integers(30, 95),
)
def test_a_pattern_survives_resizing_letterboxing_and_jpeg(sequence, width, height, mode, quality):
    image = paint_pattern(sequence, sequence / 30, 1280, 720)
    reading = read_pattern(through_jpeg(fit(image, width, height, mode), quality))
    assert reading is not None
    assert reading.sequence == sequence


@quiet
@given(sequence=sequences, side=st.integers(256, 720))
def test_a_pattern_survives_the_crop_to_a_square(sequence, side):
    image = fit(paint_pattern(sequence, 1.0, 1280, 720), side, side, FitMode.CROP)
    assert read_pattern(image) == PatternReading(sequence, 1.0)


@settings(quiet, max_examples=10)
@given(sequence=sequences, half=st.integers(128, 300), crf=st.integers(18, 36))
def test_a_pattern_survives_h264(sequence, half, crf):
    image = fit(paint_pattern(sequence, 2.5, 1280, 720), 2 * half, 2 * half, FitMode.FIT)
    assert read_pattern(through_h264(image, crf)) == PatternReading(sequence, 2.5)


@quiet
@given(sequence=sequences, tilt=st.floats(-12, 12), gain=st.floats(0.45, 1.0))
def test_a_pattern_is_read_from_a_tilted_dim_film_of_a_screen(sequence, tilt, gain):
    turn = cv2.getRotationMatrix2D((640, 360), tilt, 0.7)
    filmed = cv2.warpAffine(
        paint_pattern(sequence, 3.0, 1280, 720), turn, (1280, 720), borderValue=(70, 60, 50)
    )
    filmed = cv2.GaussianBlur(np.clip(filmed * gain + 12, 0, 255).astype(np.uint8), (5, 5), 1.2)
    assert read_pattern(filmed) == PatternReading(sequence, 3.0)


@quiet
@given(seed=st.integers(0, 1000))
def test_nothing_is_read_from_noise(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (200, 300, 3), np.uint8)
    assert read_pattern(noise) is None


def test_a_source_counts_pictures_and_thirtieths_of_a_second():
    source = pattern_source(320, 240)
    source.open()
    captures = [source.read() for _ in range(4)]
    readings = [read_pattern(capture.image) for capture in captures]
    assert [reading.sequence for reading in readings] == [0, 1, 2, 3]
    assert [round(capture.time_s * 30) for capture in captures] == [0, 1, 2, 3]
    assert all(abs(r.time_s - c.time_s) < 1e-3 for r, c in zip(readings, captures, strict=True))


def test_two_pictures_differ_outside_the_code_too():
    first, second = (paint_pattern(n, n / 30, 640, 360) for n in (0, 10))
    changed = np.any(first != second, axis=2)
    assert changed[-40:].any()


def test_a_pattern_with_one_wrong_cell_is_not_misread():
    image = paint_pattern(5, 1.0, 1280, 720)
    reading = read_pattern(image)
    assert reading is not None
    middle = image[360 - 20 : 360 + 20, 640 - 20 : 640 + 20]
    middle[:] = 255 - middle
    assert read_pattern(image) in (None, reading)
