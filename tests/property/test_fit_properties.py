from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.enums import FitMode
from engine.fit import fit, letterbox

sides = st.integers(1, 90)
modes = st.sampled_from(FitMode)


def noise(width_px: int, height_px: int) -> np.ndarray:
    rng = np.random.default_rng(width_px * 100 + height_px)
    return rng.integers(0, 256, (height_px, width_px, 3), np.uint8)


@given(width=sides, height=sides, to_width=sides, to_height=sides, mode=modes)
def test_any_picture_becomes_exactly_the_wanted_size(width, height, to_width, to_height, mode):
    fitted = fit(noise(width, height), to_width, to_height, mode)
    assert fitted.shape == (to_height, to_width, 3)
    assert fitted.dtype == np.uint8


@given(width=sides, height=sides, mode=modes)
def test_a_picture_that_already_fits_is_returned_untouched(width, height, mode):
    image = noise(width, height)
    image.flags.writeable = False
    assert fit(image, width, height, mode) is image


@given(width=sides, height=sides, to_width=sides, to_height=sides, mode=modes)
def test_a_given_buffer_holds_what_would_have_been_returned(
    width, height, to_width, to_height, mode
):
    image = noise(width, height)
    buffer = np.full((to_height, to_width, 3), 99, np.uint8)
    assert fit(image, to_width, to_height, mode, buffer) is buffer
    np.testing.assert_array_equal(buffer, fit(image, to_width, to_height, mode))


@given(width=sides, height=sides, to_width=sides, to_height=sides, level=st.integers(1, 255))
def test_a_crop_or_stretch_of_one_colour_is_that_colour(width, height, to_width, to_height, level):
    image = np.full((height, width, 3), level, np.uint8)
    for mode in (FitMode.CROP, FitMode.STRETCH):
        assert np.all(fit(image, to_width, to_height, mode) == level)


@given(width=sides, height=sides, to_width=sides, to_height=sides)
def test_a_letterbox_keeps_the_aspect_and_is_centred_on_black(width, height, to_width, to_height):
    boxed = letterbox(np.full((height, width, 3), 200, np.uint8), to_width, to_height)
    rows, columns = np.nonzero(boxed[..., 0])
    inner_height, inner_width = np.ptp(rows) + 1, np.ptp(columns) + 1
    scale = min(to_width / width, to_height / height)
    assert abs(inner_width - max(1, width * scale)) <= 0.5
    assert abs(inner_height - max(1, height * scale)) <= 0.5
    assert np.all(boxed[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == 200)
    assert 0 <= (to_width - 1 - columns.max()) - columns.min() <= 1
    assert 0 <= (to_height - 1 - rows.max()) - rows.min() <= 1
