"""The demo scene's performer: a softly lit bust whose head turns, tilts and blinks.

The head is a surface of revolution: a face painted once on the unrolled surface (azimuth across,
height down) is wrapped on it by one remap, so that turning costs the same as standing still.
Colours are RGB. Any thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.frame import Image

Floats = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]

SKIN: Colour = (236, 184, 152)
HAIR: Colour = (74, 36, 44)
LIPS: Colour = (190, 78, 88)
IRIS: Colour = (58, 120, 128)
COAT: Colour = (36, 92, 116)
SCARF: Colour = (206, 62, 72)

SKIN_WIDTH_PX, SKIN_HEIGHT_PX = 720, 400
SPAN_DEG = 260.0  # of azimuth on the unrolled surface, centred on the nose
ASPECT = 0.76  # half width over half height of the head
BLINK_STEPS = 5


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of the figure. yaw, tilt in degrees; eyes 0 closed … 1 open; lift in heads."""

    yaw_deg: float
    tilt_deg: float
    lift: float
    eyes: float


@dataclass(frozen=True, slots=True)
class HeadSurface:
    """The head at one size, upright. All arrays (S, S[, 3])."""

    azimuth_px: Floats  # where on the unrolled face each pixel looks at yaw 0
    height_px: Floats
    light: Floats  # RGB factors
    rim: Floats  # RGB to add
    alpha: Floats


def paint_figure(image: Image, pose: Pose) -> None:
    """Draw the bust in the middle of `image`, in place."""
    height_px, width_px = image.shape[:2]
    head_px = 0.235 * min(height_px, 1.1 * width_px)  # half the head's height
    centre = (0.53 * width_px, 0.435 * height_px + pose.lift * head_px)
    size_px = round(head_px)
    _blend(image, _back_hair(size_px), centre, 0.6 * pose.tilt_deg)
    _blend(
        image, _shoulders(size_px), (centre[0], 0.435 * height_px + 0.4 * pose.lift * head_px), 0
    )
    _blend(image, _head(size_px, pose), centre, pose.tilt_deg)


def _smooth(values: Floats, low: float, high: float) -> Floats:
    """Smoothstep from 0 at `low` to 1 at `high` (which may be below `low`)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _mix(paint: Floats, colour: Colour, amount: Floats) -> None:
    """Lay `colour` over `paint` (H, W, 3) by `amount` (H, W), in place."""
    paint += amount[..., None] * (np.array(colour, np.float32) - paint)


def _spot(u: Floats, v: Floats, place: tuple[float, float], size: tuple[float, float]) -> Floats:
    """A Gaussian blot; u in head half-heights along the surface."""
    return np.exp(-(((u - place[0]) / size[0]) ** 2) - ((v - place[1]) / size[1]) ** 2)


def _half_width(v: Floats) -> Floats:
    """Half width of the head (in half widths) at height v: -1 crown … 1 chin."""
    round_part = np.sqrt(np.clip(1 - np.abs(v) ** 2.45, 0, 1))
    return (round_part * (1 - 0.17 * _smooth(v, 0.05, 1.0))).astype(np.float32)


def _unrolled_grid() -> tuple[Floats, Floats]:
    u_deg = np.linspace(-SPAN_DEG / 2, SPAN_DEG / 2, SKIN_WIDTH_PX, dtype=np.float32)
    v = np.linspace(-1, 1, SKIN_HEIGHT_PX, dtype=np.float32)
    u = np.radians(u_deg) * ASPECT
    return np.tile(u, (SKIN_HEIGHT_PX, 1)), np.repeat(v[:, None], SKIN_WIDTH_PX, axis=1)


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
    lips = _smooth(inside, -0.006, 0.014) * (np.abs(u) < width)
    _mix(paint, LIPS, 0.92 * lips)
    _mix(paint, (250, 168, 160), 0.5 * _spot(u, v, (-0.03, 0.655), (0.09, 0.018)) * lips)
    line = np.exp(-(((v - seam) / 0.012) ** 2)) * _smooth(np.abs(u), width * 1.06, width * 0.9)
    _mix(paint, (96, 28, 40), 0.85 * line)
    _mix(paint, (168, 100, 92), 0.45 * _spot(u, v, (0.0, 0.755), (0.16, 0.035)))


def _paint_brows(paint: Floats, u: Floats, v: Floats) -> None:
    for side in (-1, 1):
        x = (side * u - 0.30) / 0.19
        arch = -0.185 - 0.045 * (1 - (x - 0.25) ** 2)
        thickness = 0.030 * np.clip(1.05 - 0.45 * (x + 0.4), 0.25, 1.2)
        shape = _smooth(np.abs(v - arch) / thickness, 1.25, 0.5) * _smooth(np.abs(x), 1.05, 0.8)
        _mix(paint, HAIR, 0.88 * shape)


def _paint_hair(paint: Floats, u: Floats, v: Floats) -> None:
    """A side-parted fringe, with strands that follow the head."""
    parting = u + 0.22
    hairline = -0.63 + 0.55 * np.abs(parting) ** 1.7 + 0.02 * np.sin(30 * u)
    sides = _smooth(np.abs(u) - 0.5 * np.clip(v - 0.1, 0, 1) ** 1.5, 0.76, 0.84)
    above = _smooth(v - hairline, 0.02, -0.02)
    shadow = _smooth(v - hairline, 0.16, 0.0) * (1 - above)
    _mix(paint, (120, 66, 64), 0.45 * shadow)
    cover = np.maximum(above, sides)
    strands = 0.5 + 0.28 * np.sin(70 * parting + 5 * v) + 0.22 * np.sin(163 * parting - 9 * v + 1)
    sheen = np.exp(-(((v + 0.66 + 0.25 * u**2) / 0.13) ** 2))
    hair = np.array(HAIR, np.float32) * (0.72 + 0.5 * strands[..., None])
    hair += (sheen * (0.35 + 0.65 * strands))[..., None] * np.array([104, 60, 44], np.float32)
    paint += cover[..., None] * (hair - paint)


@lru_cache(maxsize=BLINK_STEPS)
def _face(blink_step: int) -> Image:
    """The whole unrolled face with the eyes at one of BLINK_STEPS positions, 0 = closed."""
    u, v = _unrolled_grid()
    paint = _bare_face().copy()
    openness = blink_step / (BLINK_STEPS - 1)
    for side in (-1, 1):
        _paint_eye(paint, u - side * 0.30, v - 0.035, side, openness)
    return np.clip(paint, 0, 255).astype(np.uint8)


def _paint_eye(paint: Floats, x: Floats, y: Floats, side: int, openness: float) -> None:
    """One almond eye around (0, 0) of its own coordinates."""
    width = 0.165
    across = np.clip(1 - (x / width) ** 2, 0, 1)
    upper = -0.02 + (0.092 * openness) * across**0.75 - 0.02 * (1 - openness) * across
    lower = 0.02 + 0.040 * across
    slant = 0.06 * side * x
    inside = np.minimum(y + slant + upper, lower - y - slant)
    white = _smooth(inside, -0.005, 0.012) * (np.abs(x) < width) * (openness > 0)
    distance = np.hypot(x, y + 0.006)
    _mix(paint, (240, 232, 228), white)
    _mix(paint, (20, 40, 52), white * _smooth(distance, 0.090, 0.078))
    _mix(paint, IRIS, white * _smooth(distance, 0.078, 0.060))
    _mix(paint, (12, 12, 18), white * _smooth(distance, 0.040, 0.030))
    _mix(paint, (90, 60, 66), white * 0.5 * _smooth(y + slant + upper, 0.04, 0.0))
    _mix(paint, (255, 255, 255), white * _spot(x, y, (-0.028, -0.032), (0.016, 0.018)))
    lash = np.exp(-(((y + slant + upper) / 0.017) ** 2)) * _smooth(
        np.abs(x), width * 1.12, width * 0.9
    )
    _mix(paint, (44, 20, 28), 0.95 * lash)
    crease = np.exp(-(((y + slant + upper + 0.045) / 0.012) ** 2)) * across
    _mix(paint, (150, 90, 84), 0.5 * crease * openness)


@lru_cache(maxsize=4)
def _surface(size_px: int) -> HeadSurface:
    half_px = size_px + 3
    axis = np.arange(-half_px, half_px + 1, dtype=np.float32) / size_px
    v = np.repeat(axis[:, None], len(axis), axis=1)
    x = np.tile(axis / ASPECT, (len(axis), 1))
    width = _half_width(v)
    sine = np.clip(x / np.maximum(width, 1e-3), -1, 1)
    azimuth_deg = np.degrees(np.arcsin(sine))
    alpha = np.clip((width - np.abs(x)) * size_px * ASPECT + 0.5, 0, 1)
    alpha *= np.abs(v) < 1
    light, rim = _light(sine, v)
    return HeadSurface(
        azimuth_px=(azimuth_deg / SPAN_DEG + 0.5) * (SKIN_WIDTH_PX - 1),
        height_px=(v + 1) / 2 * (SKIN_HEIGHT_PX - 1),
        light=light,
        rim=rim,
        alpha=alpha,
    )


def _light(sine: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Warm key from the upper left, cool fill from the right, sunset behind."""
    slope = np.clip(v, -1, 1) ** 3
    scale = 1 / np.sqrt(1 + slope**2)
    normal_x, normal_y = sine * scale, slope * scale
    normal_z = np.sqrt(np.clip(1 - sine**2, 0, 1)) * scale
    key = np.clip(-0.62 * normal_x - 0.38 * normal_y + 0.69 * normal_z, 0, 1)
    fill = np.clip(0.80 * normal_x + 0.60 * normal_z, 0, 1)
    light = 0.26 + key[..., None] * np.array([0.84, 0.77, 0.68], np.float32)
    light = light + fill[..., None] * np.array([0.20, 0.20, 0.36], np.float32)
    edge = (1 - np.clip(normal_z, 0, 1)) ** 4
    rim_left = (edge * (sine < 0))[..., None] * np.array([150, 92, 40], np.float32)
    rim_right = (edge * (sine > 0))[..., None] * np.array([70, 50, 110], np.float32)
    return light.astype(np.float32), (rim_left + rim_right).astype(np.float32)


def _head(size_px: int, pose: Pose) -> Floats:
    """The turned head as premultiplied RGBA float32 0-255."""
    surface = _surface(size_px)
    turn_px = pose.yaw_deg / SPAN_DEG * (SKIN_WIDTH_PX - 1)
    face = _face(round(pose.eyes * (BLINK_STEPS - 1)))
    skin = cv2.remap(face, surface.azimuth_px - turn_px, surface.height_px, cv2.INTER_LINEAR)
    lit = np.clip(skin * surface.light + surface.rim, 0, 255)
    return _premultiplied(lit, surface.alpha)


def _premultiplied(colour: Floats, alpha: Floats) -> Floats:
    rgba = np.empty((*alpha.shape, 4), np.float32)
    np.multiply(colour, alpha[..., None], out=rgba[..., :3])
    rgba[..., 3] = 255 * alpha
    return rgba


@lru_cache(maxsize=4)
def _back_hair(size_px: int) -> Floats:
    """Shoulder-length hair behind the head, premultiplied RGBA."""
    half_px = round(1.75 * size_px)
    axis = np.arange(-half_px, half_px + 1, dtype=np.float32) / size_px
    x, y = np.tile(axis, (len(axis), 1)), np.repeat(axis[:, None], len(axis), axis=1)
    crown = 0.86 * np.sqrt(np.clip(1 - (np.minimum(y, 0.0) / 1.07) ** 2, 0, 1))
    fall = crown + 0.10 * _smooth(y, 0.0, 0.9) - 0.34 * _smooth(y, 1.0, 1.5)
    fall += 0.025 * np.sin(5 * y + 2 * np.sign(x))
    alpha = np.clip((fall - np.abs(x)) * size_px + 0.5, 0, 1) * _smooth(y, 1.46, 1.36)
    alpha *= y > -1.07
    strands = 0.5 + 0.3 * np.sin(46 * x + 3 * np.sin(3 * y)) + 0.2 * np.sin(121 * x + 4 * y)
    colour = np.array(HAIR, np.float32) * (0.45 + 0.45 * strands[..., None])
    edge = np.clip(np.abs(x) / np.maximum(fall, 1e-3), 0, 1) ** 8
    warm = (edge * (x < 0))[..., None] * np.array([170, 96, 46], np.float32)
    cool = (edge * (x > 0))[..., None] * np.array([76, 50, 104], np.float32)
    return _premultiplied(np.clip(colour + warm + cool, 0, 255), alpha)


@lru_cache(maxsize=4)
def _shoulders(size_px: int) -> Floats:
    """Neck, scarf and coat, premultiplied RGBA; its centre is the head's."""
    half_px = round(2.6 * size_px)
    axis = np.arange(-half_px, half_px + 1, dtype=np.float32) / size_px
    x, y = np.tile(axis, (len(axis), 1)), np.repeat(axis[:, None], len(axis), axis=1)
    rgba = np.zeros((*x.shape, 4), np.float32)
    _over(rgba, _neck(x, y), _smooth(y, 0.55, 0.6) * (np.abs(x) < 0.36), size_px)
    _over(rgba, _coat(x, y), _coat_mask(x, y, size_px), size_px)
    _over(rgba, _scarf(x, y), _scarf_mask(x, y, size_px), size_px)
    return rgba


def _over(rgba: Floats, colour: Floats, alpha: Floats, size_px: int) -> None:
    layer = _premultiplied(np.clip(colour, 0, 255), np.asarray(alpha, np.float32))
    rgba *= 1 - layer[..., 3:] / 255
    rgba += layer


def _neck(x: Floats, y: Floats) -> Floats:
    shade = np.clip(0.80 - 0.75 * x, 0.3, 1) * (0.42 + 0.45 * _smooth(y, 0.85, 1.3))
    return shade[..., None] * np.array(SKIN, np.float32)


def _coat_mask(x: Floats, y: Floats, size_px: int) -> Floats:
    top = 1.24 + 0.42 * _smooth(np.abs(x), 0.25, 1.25) + 1.6 * _smooth(np.abs(x), 1.2, 1.9) ** 2
    return np.clip((y - top) * size_px + 0.5, 0, 1) * np.clip((1.72 - np.abs(x)) * size_px, 0, 1)


def _coat(x: Floats, y: Floats) -> Floats:
    fold = 0.88 + 0.10 * np.sin(9 * x + 3 * y) + 0.07 * np.sin(23 * x - 5 * y)
    side = np.clip(0.92 - 0.34 * x, 0.4, 1.4)
    rim = np.exp(-(((np.abs(x) - 1.5) / 0.25) ** 2))[..., None] * np.array([46, 22, 30], np.float32)
    return (fold * side)[..., None] * np.array(COAT, np.float32) + rim


def _scarf_mask(x: Floats, y: Floats, size_px: int) -> Floats:
    middle = 1.22 + 0.16 * np.sqrt(np.clip(1 - (x / 0.62) ** 2, 0, 1))
    inside = 0.20 - np.abs(y - middle) - 0.05 * (x / 0.6) ** 4
    return np.clip(inside * size_px + 0.5, 0, 1) * np.clip((0.62 - np.abs(x)) * size_px, 0, 1)


def _scarf(x: Floats, y: Floats) -> Floats:
    fold = 0.80 + 0.26 * np.sin(21 * (y + 0.35 * x**2) + 1.5 * x)
    side = np.clip(0.98 - 0.45 * x, 0.4, 1.4)
    return (fold * side)[..., None] * np.array(SCARF, np.float32)


def _blend(image: Image, sprite: Floats, centre: tuple[float, float], tilt_deg: float) -> None:
    """Lay a premultiplied RGBA sprite on `image`, turned, at a sub-pixel place, in place."""
    half_px = sprite.shape[0] // 2
    left, top = int(centre[0]) - half_px, int(centre[1]) - half_px
    turn = cv2.getRotationMatrix2D((half_px, half_px), tilt_deg, 1.0)
    rows = slice(max(0, top), min(image.shape[0], top + sprite.shape[0] + 1))
    columns = slice(max(0, left), min(image.shape[1], left + sprite.shape[1] + 1))
    turn[0, 2] += centre[0] % 1 + left - columns.start
    turn[1, 2] += centre[1] % 1 + top - rows.start
    size = (columns.stop - columns.start, rows.stop - rows.start)
    moved = cast("Floats", cv2.warpAffine(sprite, turn, size))
    target = image[rows, columns]
    kept = target * (1 - moved[..., 3:] * (1 / 255))
    target[:] = np.clip(kept + moved[..., :3], 0, 255).astype(np.uint8)
