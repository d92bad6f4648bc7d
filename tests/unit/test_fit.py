from __future__ import annotations

import numpy as np
import pytest

from engine.enums import FitMode
from engine.fit import fit, letterbox


def ramp(width_px: int, height_px: int) -> np.ndarray:
    """Red counts columns, green counts rows."""
    rows, columns = np.mgrid[:height_px, :width_px]
    return np.dstack([columns, rows, np.zeros_like(rows)]).astype(np.uint8)


def test_a_crop_takes_the_centred_square_of_a_wide_picture():
    np.testing.assert_array_equal(
        fit(ramp(160, 90), 90, 90, FitMode.CROP), ramp(160, 90)[:, 35:125]
    )


def test_a_crop_takes_the_middle_rows_of_a_tall_picture():
    np.testing.assert_array_equal(fit(ramp(60, 100), 60, 40, FitMode.CROP), ramp(60, 100)[30:70])


def test_halving_averages_two_by_two_areas():
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    means = image.reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
    halved = fit(image, 48, 32, FitMode.STRETCH)
    assert np.abs(halved - means).max() <= 0.51


def test_enlarging_interpolates_between_neighbours():
    image = np.array([[[0, 0, 0], [100, 100, 100]]], np.uint8)
    row = fit(image, 4, 1, FitMode.STRETCH)[0, :, 0]
    np.testing.assert_array_equal(row, [0, 25, 75, 100])


def test_a_letterbox_into_a_used_buffer_leaves_nothing_of_what_was_there():
    buffer = np.full((90, 160, 3), 77, np.uint8)
    boxed = letterbox(np.full((50, 50, 3), 200, np.uint8), 160, 90, buffer)
    assert set(np.unique(boxed)) == {0, 200}
    assert np.all(boxed[:, 35:125] == 200)


def test_an_empty_picture_is_refused():
    with pytest.raises(ValueError, match="0×5 to 8×8"):
        fit(np.zeros((5, 0, 3), np.uint8), 8, 8, FitMode.CROP)


def test_a_buffer_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="wanted \\(8, 8, 3\\)"):
        fit(ramp(4, 4), 8, 8, FitMode.CROP, np.zeros((8, 9, 3), np.uint8))
