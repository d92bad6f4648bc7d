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
from engine.sources.demo_face import (
    ASPECT,
    BLINK_STEPS,
    HAIR,
    HEIGHT_PX,
    SKIN,
    SPAN_DEG,
    WIDTH_PX,
    smooth,
    unrolled_face,
)

Floats = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]

COAT: Colour = (36, 92, 116)
SCARF: Colour = (206, 62, 72)
THREAD: Colour = (190, 110, 40)  # added to the coat
HEAD_HEIGHT = 0.47  # of the picture
LIGHT_SCALE = 150  # a light factor of 1 as uint8


@dataclass(frozen=True, slots=True)
class Pose:
    """One moment of the figure. yaw, tilt in degrees; eyes 0 closed … 1 open; lift in heads."""

    yaw_deg: float
    tilt_deg: float
    lift: float
    eyes: float


@dataclass(frozen=True, slots=True)
class Sprite:
    """A cut-out: premultiplied RGBA uint8, and which of its pixels is the head's centre."""

    rgba: Image
    anchor_x_px: int
    anchor_y_px: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A sprite and where its anchor lies in the picture."""

    sprite: Sprite
    x_px: int
    y_px: int


@dataclass(frozen=True, slots=True)
class HeadSurface:
    """The head at one size, upright. All arrays (S, S[, 3])."""

    azimuth_px: Floats  # where on the unrolled face each pixel looks at yaw 0
    height_px: Floats
    light: Image  # RGB factors times LIGHT_SCALE
    rim: Image  # RGB to add
    alpha: Image  # (S, S, 3)


def paint_figure(image: Image, pose: Pose) -> None:
    """Draw the bust in the middle of `image`, in place."""
    height_px, width_px = image.shape[:2]
    size_px = round(HEAD_HEIGHT / 2 * min(height_px, 1.1 * width_px))
    rest = (0.53 * width_px, 0.435 * height_px)
    moved = (rest[0], rest[1] + pose.lift * size_px)
    _blend(image, _turned(_back_hair(size_px), moved, 0.6 * pose.tilt_deg))
    shoulders = _shoulders(size_px, height_px - round(rest[1]))
    _blend(image, Placed(shoulders, round(rest[0]), round(rest[1])))
    _blend(image, _turned(_head(size_px, pose), moved, pose.tilt_deg))


def _half_width(v: Floats) -> Floats:
    """Half width of the head (in half widths) at height v: -1 crown … 1 chin."""
    round_part = np.sqrt(np.clip(1 - np.abs(v) ** 2.45, 0, 1))
    return (round_part * (1 - 0.17 * smooth(v, 0.05, 1.0))).astype(np.float32)


@lru_cache(maxsize=4)
def _surface(size_px: int) -> HeadSurface:
    half_px = size_px + 3
    axis = np.arange(-half_px, half_px + 1, dtype=np.float32) / size_px
    v = np.repeat(axis[:, None], len(axis), axis=1)
    x = np.tile(axis / ASPECT, (len(axis), 1))
    width = _half_width(v)
    sine = np.clip(x / np.maximum(width, 1e-3), -1, 1)
    azimuth_deg = np.degrees(np.arcsin(sine))
    light, rim = _light(sine, v)
    return HeadSurface(
        azimuth_px=(azimuth_deg / SPAN_DEG + 0.5) * (WIDTH_PX - 1),
        height_px=(v + 1) / 2 * (HEIGHT_PX - 1),
        light=np.rint(np.clip(light * LIGHT_SCALE, 0, 255)).astype(np.uint8),
        rim=np.rint(rim).astype(np.uint8),
        alpha=_head_mask(half_px, size_px),
    )


def _head_mask(half_px: int, size_px: int) -> Image:
    """The head's outline (S, S, 3), each pixel averaged over 4 × 4 places."""
    places = (np.arange(4 * (2 * half_px + 1), dtype=np.float32) + 0.5) / 4 - 0.5 - half_px
    v = places[:, None] / size_px
    inside = (np.abs(places[None] / size_px / ASPECT) < _half_width(v)) & (np.abs(v) < 1)
    size = (2 * half_px + 1, 2 * half_px + 1)
    mask = cv2.resize(inside.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)
    return cast("Image", cv2.cvtColor(mask, cv2.COLOR_GRAY2RGB))


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
    edge = 0.35 * (1 - np.clip(normal_z, 0, 1)) ** 4
    rim_left = (edge * (sine < 0))[..., None] * np.array([150, 92, 40], np.float32)
    rim_right = (edge * (sine > 0))[..., None] * np.array([70, 50, 110], np.float32)
    return light.astype(np.float32), (rim_left + rim_right).astype(np.float32)


def _head(size_px: int, pose: Pose) -> Sprite:
    """The turned head, upright."""
    surface = _surface(size_px)
    turn_px = pose.yaw_deg / SPAN_DEG * (WIDTH_PX - 1)
    face = unrolled_face(round(pose.eyes * (BLINK_STEPS - 1)))
    skin = cv2.remap(face, surface.azimuth_px - turn_px, surface.height_px, cv2.INTER_LINEAR)
    lit = cv2.add(cv2.multiply(skin, surface.light, scale=1 / LIGHT_SCALE), surface.rim)
    lit = cv2.multiply(lit, surface.alpha, scale=1 / 255)
    rgba = cv2.merge([*cv2.split(lit), surface.alpha[..., 0]])
    centre_px = surface.alpha.shape[0] // 2
    return Sprite(cast("Image", rgba), centre_px, centre_px)


def _premultiplied(colour: Floats, alpha: Floats) -> Floats:
    """RGBA 0-255 from RGB 0-255 and alpha 0-1."""
    return np.dstack([np.clip(colour, 0, 255) * alpha[..., None], 255 * alpha])


def _sprite_grid(size_px: int, box: tuple[float, float, float, float]) -> tuple[Floats, Floats]:
    """x and y in head half-heights over a box (left, top, right, bottom) around the anchor."""
    left, top, right, bottom = (round(side * size_px) for side in box)
    x = np.arange(left, right + 1, dtype=np.float32) / size_px
    y = np.arange(top, bottom + 1, dtype=np.float32) / size_px
    return np.tile(x, (len(y), 1)), np.repeat(y[:, None], len(x), axis=1)


def _sprite(rgba: Floats, size_px: int, box: tuple[float, float, float, float]) -> Sprite:
    pixels = np.rint(rgba).astype(np.uint8)
    return Sprite(pixels, -round(box[0] * size_px), -round(box[1] * size_px))


@lru_cache(maxsize=4)
def _back_hair(size_px: int) -> Sprite:
    """Shoulder-length hair behind the head."""
    box = (-1.2, -1.2, 1.2, 1.6)
    x, y = _sprite_grid(size_px, box)
    crown = 0.84 * np.sqrt(np.clip(1 - (np.minimum(y, 0.0) / 1.05) ** 2, 0, 1))
    fall = crown + 0.12 * smooth(y, 0.0, 0.9) - 0.34 * smooth(y, 1.0, 1.5)
    fall += 0.025 * np.sin(5 * y + 2 * np.sign(x)) * smooth(y, -0.6, 0.2)
    alpha = np.clip((fall - np.abs(x)) * size_px + 0.5, 0, 1) * smooth(y, 1.46, 1.36)
    alpha *= y > -1.05
    strands = 0.5 + 0.3 * np.sin(46 * x + 3 * np.sin(3 * y)) + 0.2 * np.sin(121 * x + 4 * y)
    shade = 0.45 + 0.45 * strands + 0.35 * smooth(y, -0.3, -1.0)
    colour = np.array(HAIR, np.float32) * shade[..., None]
    edge = np.clip(np.abs(x) / np.maximum(fall, 1e-3), 0, 1) ** 8
    warm = (edge * (x < 0))[..., None] * np.array([170, 96, 46], np.float32)
    cool = (edge * (x > 0))[..., None] * np.array([76, 50, 104], np.float32)
    return _sprite(_premultiplied(colour + warm + cool, alpha), size_px, box)


@lru_cache(maxsize=4)
def _shoulders(size_px: int, down_to_px: int) -> Sprite:
    """Neck, scarf and coat, down to so far below the head's centre."""
    box = (-1.8, 0.5, 1.8, max(1.0, down_to_px / size_px))
    x, y = _sprite_grid(size_px, box)
    rgba = np.zeros((*x.shape, 4), np.float32)
    for colour, alpha in (
        (_neck(x, y), smooth(y, 0.55, 0.6) * (np.abs(x) < 0.36)),
        (_coat(x, y), _coat_mask(x, y, size_px)),
        (_scarf(x, y), _scarf_mask(x, y, size_px)),
    ):
        rgba *= 1 - alpha[..., None]
        rgba += _premultiplied(colour, alpha)
    return _sprite(rgba, size_px, box)


def _neck(x: Floats, y: Floats) -> Floats:
    shade = np.clip(0.80 - 0.75 * x, 0.3, 1) * (0.42 + 0.45 * smooth(y, 0.85, 1.3))
    return shade[..., None] * np.array(SKIN, np.float32)


def _coat_mask(x: Floats, y: Floats, size_px: int) -> Floats:
    top = 1.24 + 0.42 * smooth(np.abs(x), 0.25, 1.25) + 1.6 * smooth(np.abs(x), 1.2, 1.9) ** 2
    return np.clip((y - top) * size_px + 0.5, 0, 1) * np.clip((1.72 - np.abs(x)) * size_px, 0, 1)


def _coat(x: Floats, y: Floats) -> Floats:
    """Folded cloth with an embroidered band that follows the shoulders."""
    fold = 0.88 + 0.10 * np.sin(9 * x + 3 * y) + 0.07 * np.sin(23 * x - 5 * y)
    side = np.clip(0.92 - 0.34 * x, 0.4, 1.4)
    rim = np.exp(-(((np.abs(x) - 1.5) / 0.25) ** 2))[..., None] * np.array([46, 22, 30], np.float32)
    band = y - 1.58 - 0.16 * np.cos(1.6 * x)
    stitches = smooth(np.abs(np.sin(20 * x) * np.cos(22 * band)), 0.42, 0.62)
    seams = smooth(np.abs(np.abs(band) - 0.115), 0.018, 0.008)
    gold = np.maximum(stitches * smooth(np.abs(band), 0.085, 0.07), seams)
    cloth = np.array(COAT, np.float32) + gold[..., None] * np.array(THREAD, np.float32)
    return (fold * side)[..., None] * cloth + rim


def _scarf_mask(x: Floats, y: Floats, size_px: int) -> Floats:
    middle = 1.22 + 0.16 * np.sqrt(np.clip(1 - (x / 0.62) ** 2, 0, 1))
    inside = 0.20 - np.abs(y - middle) - 0.05 * (x / 0.6) ** 4
    return np.clip(inside * size_px + 0.5, 0, 1) * np.clip((0.62 - np.abs(x)) * size_px, 0, 1)


def _scarf(x: Floats, y: Floats) -> Floats:
    fold = 0.80 + 0.26 * np.sin(21 * (y + 0.35 * x**2) + 1.5 * x)
    side = np.clip(0.98 - 0.45 * x, 0.4, 1.4)
    return (fold * side)[..., None] * np.array(SCARF, np.float32)


def _turned(sprite: Sprite, place_px: tuple[float, float], tilt_deg: float) -> Placed:
    """A sprite tilted around its anchor and moved by the fraction of a pixel."""
    x_px, y_px = int(place_px[0]), int(place_px[1])
    turn = cv2.getRotationMatrix2D((sprite.anchor_x_px, sprite.anchor_y_px), tilt_deg, 1.0)
    turn[:, 2] += place_px[0] - x_px, place_px[1] - y_px
    size = (sprite.rgba.shape[1], sprite.rgba.shape[0])
    rgba = cast("Image", cv2.warpAffine(sprite.rgba, turn, size))
    return Placed(Sprite(rgba, sprite.anchor_x_px, sprite.anchor_y_px), x_px, y_px)


def _blend(image: Image, placed: Placed) -> None:
    """Lay a sprite on `image`, clipped at the borders, in place."""
    rgba = placed.sprite.rgba
    left = placed.x_px - placed.sprite.anchor_x_px
    top = placed.y_px - placed.sprite.anchor_y_px
    rows = slice(max(0, top), min(image.shape[0], top + rgba.shape[0]))
    columns = slice(max(0, left), min(image.shape[1], left + rgba.shape[1]))
    part = rgba[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    red, green, blue, alpha = cv2.split(part)
    kept = cv2.bitwise_not(cv2.merge([alpha, alpha, alpha]))
    under = cv2.multiply(image[rows, columns], kept, scale=1 / 255)
    image[rows, columns] = cv2.add(under, cv2.merge([red, green, blue]))
