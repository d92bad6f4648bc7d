"""Pictures of any size and aspect become exactly the wanted size. Pure; any thread."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from engine.enums import FitMode
from engine.frame import Image


def fit(
    image: Image, width_px: int, height_px: int, mode: FitMode, out: Image | None = None
) -> Image:
    """Make `image` (RGB uint8 HWC) exactly (height_px, width_px, 3).

    CROP cuts the longer side around the centre, FIT letterboxes in black, STRETCH ignores the
    aspect. Shrinking averages areas, enlarging interpolates linearly.
    out: a writable buffer of the wanted shape to fill; it is returned.
    Returns: the input itself, untouched, when it already has the size and no `out` is given.
    Errors: ValueError for an empty picture, size or a buffer of another shape.
    """
    _check(image, width_px, height_px, out)
    if image.shape[:2] == (height_px, width_px):
        return image if out is None else _copied(image, out)
    if mode is FitMode.FIT:
        return letterbox(image, width_px, height_px, out)
    part = image if mode is FitMode.STRETCH else _centre(image, width_px, height_px)
    return _resized(part, np.empty((height_px, width_px, 3), np.uint8) if out is None else out)


def letterbox(image: Image, width_px: int, height_px: int, out: Image | None = None) -> Image:
    """The whole picture, as large as it fits, centred on black; arguments as for `fit`."""
    _check(image, width_px, height_px, out)
    if out is None:
        out = np.empty((height_px, width_px, 3), np.uint8)
    source_height_px, source_width_px = image.shape[:2]
    scale = min(width_px / source_width_px, height_px / source_height_px)
    inner_width_px = min(width_px, max(1, round(source_width_px * scale)))
    inner_height_px = min(height_px, max(1, round(source_height_px * scale)))
    left, top = (width_px - inner_width_px) // 2, (height_px - inner_height_px) // 2
    out[:top] = out[top + inner_height_px :] = 0
    out[:, :left] = out[:, left + inner_width_px :] = 0
    _resized(image, out[top : top + inner_height_px, left : left + inner_width_px])
    return out


def _check(image: Image, width_px: int, height_px: int, out: Image | None) -> None:
    if min(image.shape[0], image.shape[1], width_px, height_px) < 1:
        raise ValueError(
            f"can't fit a picture of {image.shape[1]}×{image.shape[0]} to {width_px}×{height_px}"
        )
    if out is not None and out.shape != (height_px, width_px, 3):
        raise ValueError(f"the buffer is {out.shape}, wanted {(height_px, width_px, 3)}")


def _centre(image: Image, width_px: int, height_px: int) -> Image:
    """The largest centred part (a view) with the wanted aspect."""
    source_height_px, source_width_px = image.shape[:2]
    scale = max(width_px / source_width_px, height_px / source_height_px)
    part_width_px = min(source_width_px, max(1, round(width_px / scale)))
    part_height_px = min(source_height_px, max(1, round(height_px / scale)))
    left = (source_width_px - part_width_px) // 2
    top = (source_height_px - part_height_px) // 2
    return image[top : top + part_height_px, left : left + part_width_px]


def _resized(image: Image, out: Image) -> Image:
    """Resize into `out`, which may be a view of a larger buffer."""
    if image.shape == out.shape:
        return _copied(image, out)
    shrinks = out.shape[0] <= image.shape[0] and out.shape[1] <= image.shape[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    size = (out.shape[1], out.shape[0])
    result = cast("Image", cv2.resize(image, size, dst=out, interpolation=interpolation))
    if result is not out and not np.shares_memory(result, out):
        out[:] = result  # OpenCV declined the view
    return out


def _copied(image: Image, out: Image) -> Image:
    np.copyto(out, image)
    return out
