"""The face of the demo scene's performer, painted on the unrolled surface of the head.

Azimuth runs across, height down; `u` is the arc from the nose and `v` the height (-1 crown …
1 chin), both in half heights of the head. Colours are RGB. Any thread.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.frame import Image

Floats = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]

SKIN: Colour = (236, 184, 152)
HAIR: Colour = (74, 36, 44)
LIPS: Colour = (190, 78, 88)
IRIS: Colour = (58, 120, 128)

WIDTH_PX, HEIGHT_PX = 720, 400
SPAN_DEG = 260.0  # of azimuth on the unrolled surface, centred on the nose
ASPECT = 0.76  # half width over half height of the head
BLINK_STEPS = 5


@lru_cache(maxsize=BLINK_STEPS)
def unrolled_face(blink_step: int) -> Image:
    """The whole unrolled face with the eyes at one of BLINK_STEPS positions, 0 = closed."""
    u, v = _unrolled_grid()
    paint = _bare_face().copy()
    openness = blink_step / (BLINK_STEPS - 1)
    for side in (-1, 1):
        _paint_eye(paint, u - side * 0.30, v - 0.035, side, openness)
    return np.clip(paint, 0, 255).astype(np.uint8)


def smooth(values: Floats, low: float, high: float) -> Floats:
    """Smoothstep from 0 at `low` to 1 at `high` (which may be below `low`)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _mix(paint: Floats, colour: Colour, amount: Floats) -> None:
    """Lay `colour` over `paint` (H, W, 3) by `amount` (H, W), in place."""
    paint += amount[..., None] * (np.array(colour, np.float32) - paint)


def _spot(u: Floats, v: Floats, place: tuple[float, float], size: tuple[float, float]) -> Floats:
    """A Gaussian blot; u in head half-heights along the surface."""
    return np.exp(-(((u - place[0]) / size[0]) ** 2) - ((v - place[1]) / size[1]) ** 2)


def _unrolled_grid() -> tuple[Floats, Floats]:
    u_deg = np.linspace(-SPAN_DEG / 2, SPAN_DEG / 2, WIDTH_PX, dtype=np.float32)
    v = np.linspace(-1, 1, HEIGHT_PX, dtype=np.float32)
    u = np.radians(u_deg) * ASPECT
    return np.tile(u, (HEIGHT_PX, 1)), np.repeat(v[:, None], WIDTH_PX, axis=1)


@lru_cache(maxsize=1)
def _bare_face() -> Floats:
    """Skin, brows, nose, mouth and hair without the eyes; unrolled, float32."""
    u, v = _unrolled_grid()
    paint = np.empty((*u.shape, 3), np.float32)
    paint[:] = SKIN
    for side in (-1, 1):
        _mix(paint, (226, 118, 108), 0.42 * _spot(u, v, (side * 0.40, 0.36), (0.20, 0.17)))
        _mix(paint, (150, 92, 92), 0.50 * _spot(u, v, (side * 0.30, 0.00), (0.20, 0.10)))
    _paint_nose(paint, u, v)
    _paint_mouth(paint, u, v)
    _paint_brows(paint, u, v)
    _paint_hair(paint, u, v)
    return paint


def _paint_nose(paint: Floats, u: Floats, v: Floats) -> None:
    _mix(paint, (255, 226, 200), 0.55 * _spot(u, v, (-0.012, 0.15), (0.035, 0.22)))
    _mix(paint, (160, 92, 84), 0.42 * _spot(u, v, (0.085, 0.20), (0.045, 0.20)))
    _mix(paint, (255, 236, 214), 0.70 * _spot(u, v, (-0.015, 0.325), (0.045, 0.04)))
    _mix(paint, (150, 80, 76), 0.55 * _spot(u, v, (0.0, 0.415), (0.12, 0.035)))
    for side in (-1, 1):
        _mix(paint, (92, 38, 40), 0.70 * _spot(u, v, (side * 0.055, 0.40), (0.024, 0.018)))


def _paint_mouth(paint: Floats, u: Floats, v: Floats) -> None:
    width = 0.225
    across = np.clip(1 - (u / width) ** 2, 0, 1)
    seam = 0.615 - 0.045 * (u / width) ** 2  # corners up: a slight smile
    upper = 0.055 * across**0.7 * (1 - 0.35 * np.exp(-((u / 0.04) ** 2)))
    lower = 0.075 * across**0.8
    inside = np.minimum(v - (seam - upper), (seam + lower) - v)
    lips = smooth(inside, -0.006, 0.014) * (np.abs(u) < width)
    _mix(paint, LIPS, 0.92 * lips)
    _mix(paint, (250, 168, 160), 0.5 * _spot(u, v, (-0.03, 0.655), (0.09, 0.018)) * lips)
    line = np.exp(-(((v - seam) / 0.012) ** 2)) * smooth(np.abs(u), width * 1.06, width * 0.9)
    _mix(paint, (96, 28, 40), 0.85 * line)
    _mix(paint, (168, 100, 92), 0.45 * _spot(u, v, (0.0, 0.755), (0.16, 0.035)))


def _paint_brows(paint: Floats, u: Floats, v: Floats) -> None:
    for side in (-1, 1):
        x = (side * u - 0.30) / 0.19
        arch = -0.185 - 0.045 * (1 - (x - 0.25) ** 2)
        thickness = 0.030 * np.clip(1.05 - 0.45 * (x + 0.4), 0.25, 1.2)
        shape = smooth(np.abs(v - arch) / thickness, 1.25, 0.5) * smooth(np.abs(x), 1.05, 0.8)
        _mix(paint, HAIR, 0.88 * shape)


def _paint_hair(paint: Floats, u: Floats, v: Floats) -> None:
    """A side-parted fringe, with strands that follow the head."""
    parting = u + 0.22
    hairline = -0.63 + 0.55 * np.abs(parting) ** 1.7 + 0.012 * np.sin(23 * u + 8 * u**2)
    sides = smooth(np.abs(u) - 0.5 * np.clip(v - 0.1, 0, 1) ** 1.5, 0.76, 0.84)
    above = smooth(v - hairline, 0.035, -0.03)
    shadow = smooth(v - hairline, 0.16, 0.0) * (1 - above)
    _mix(paint, (120, 66, 64), 0.45 * shadow)
    cover = np.maximum(above, sides)
    strands = 0.5 + 0.28 * np.sin(70 * parting + 5 * v) + 0.22 * np.sin(163 * parting - 9 * v + 1)
    sheen = np.exp(-(((v + 0.66 + 0.25 * u**2) / 0.13) ** 2))
    hair = np.array(HAIR, np.float32) * (0.72 + 0.5 * strands[..., None])
    hair += (sheen * (0.35 + 0.65 * strands))[..., None] * np.array([104, 60, 44], np.float32)
    paint += cover[..., None] * (hair - paint)


def _paint_eye(paint: Floats, x: Floats, y: Floats, side: int, openness: float) -> None:
    """One almond eye around (0, 0) of its own coordinates."""
    width = 0.165
    across = np.clip(1 - (x / width) ** 2, 0, 1)
    upper = -0.02 + (0.092 * openness) * across**0.75 - 0.02 * (1 - openness) * across
    lower = 0.02 + 0.040 * across
    slant = 0.06 * side * x
    inside = np.minimum(y + slant + upper, lower - y - slant)
    white = smooth(inside, -0.005, 0.012) * (np.abs(x) < width) * (openness > 0)
    distance = np.hypot(x, y + 0.006)
    _mix(paint, (240, 232, 228), white)
    _mix(paint, (20, 40, 52), white * smooth(distance, 0.090, 0.078))
    _mix(paint, IRIS, white * smooth(distance, 0.078, 0.060))
    _mix(paint, (12, 12, 18), white * smooth(distance, 0.040, 0.030))
    _mix(paint, (90, 60, 66), white * 0.5 * smooth(y + slant + upper, 0.04, 0.0))
    _mix(paint, (255, 255, 255), white * _spot(x, y, (-0.028, -0.032), (0.016, 0.018)))
    lash = np.exp(-(((y + slant + upper) / 0.017) ** 2)) * smooth(
        np.abs(x), width * 1.12, width * 0.9
    )
    _mix(paint, (44, 20, 28), 0.95 * lash)
    crease = np.exp(-(((y + slant + upper + 0.045) / 0.012) ** 2)) * across
    _mix(paint, (150, 90, 84), 0.5 * crease * openness)
