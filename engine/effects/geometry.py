"""Where the pixels of a turned, zoomed, moved or folded picture come from. Pure.

A `Placement` is a 2×3 matrix that takes a pixel of the new picture to its place in the old one;
pixel centres lie on whole numbers, x to the right, y down.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.effect_params import EffectParams
from engine.enums import Mirror

Placement = NDArray[np.float64]  # (2, 3)
PlaceMap = NDArray[np.float32]  # (H, W, 2): x and y

NUM_FOLDS = 6
_SIGNS = {Mirror.HORIZONTAL: (-1.0, 1.0), Mirror.VERTICAL: (1.0, -1.0)}


def placement(
    size_px: tuple[int, int],
    rotate_deg: float,
    zoom: float,
    shift: tuple[float, float],
    mirror: Mirror = Mirror.OFF,
) -> Placement:
    """Mirror, turn counter-clockwise, enlarge, all around the middle; then move.

    size_px: width, height. shift: in widths and heights, right and down. zoom: above 0.
    """
    size, middle = np.array(size_px, dtype=np.float64), _middle(size_px)
    angle = math.radians(rotate_deg)
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    turn = np.array([[cos, -sin], [sin, cos]])
    linear = np.array(_SIGNS.get(mirror, (1.0, 1.0)))[:, None] * turn
    offset = middle - linear @ (middle + size * np.array(shift))
    return np.column_stack([linear, offset])


def input_placement(params: EffectParams, size_px: tuple[int, int]) -> Placement | None:
    """Of what the model sees; None where every pixel stays where it is."""
    if params.mirror is Mirror.OFF and is_in_place(params):
        return None
    shift = (params.pan_x, params.pan_y)
    return placement(size_px, params.rotate_deg, params.zoom, shift, params.mirror)


def is_in_place(params: EffectParams) -> bool:
    """Whether what the model sees is neither turned nor zoomed nor moved."""
    values = (params.rotate_deg, params.zoom, params.pan_x, params.pan_y)
    return values == (0.0, 1.0, 0.0, 0.0)


def feedback_placement(params: EffectParams, size_px: tuple[int, int]) -> Placement | None:
    """Of the last picture within the next input; None where every pixel stays."""
    shift = (params.feedback_shift_x, params.feedback_shift_y)
    values = (params.feedback_rotate_deg, params.feedback_zoom, shift)
    return None if values == (0.0, 1.0, (0.0, 0.0)) else placement(size_px, *values)


def folded(size_px: tuple[int, int]) -> PlaceMap:
    """A kaleidoscope: every pixel's place within the wedge around the line straight up.

    Each pixel keeps its distance from the middle; its angle is folded to at most half a sector.
    """
    (mid_x, mid_y), sector = _middle(size_px), 2.0 * math.pi / NUM_FOLDS
    x, y = np.arange(size_px[0])[None, :] - mid_x, np.arange(size_px[1])[:, None] - mid_y
    radius, angle = np.hypot(x, y), np.arctan2(x, -y)  # from straight up, clockwise
    turned = np.abs((angle + sector / 2.0) % sector - sector / 2.0)
    places = (mid_x + radius * np.sin(turned), mid_y - radius * np.cos(turned))
    return np.stack(places, axis=-1).astype(np.float32)


def _middle(size_px: tuple[int, int]) -> NDArray[np.float64]:
    return (np.array(size_px, dtype=np.float64) - 1.0) / 2.0
