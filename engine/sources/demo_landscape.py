"""The demo scene's dusk: sky, sun, hills, drifting lanterns and their reflection in a lake.

Everything that never moves is painted once per size and cached; a frame costs a copy, a few small
sprites and one remap of the lake. All pictures are RGB uint8 HWC unless stated. Any thread.
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

HORIZON = 0.64  # of the height, from the top
SUN = (0.24, 0.495)  # of the width and the height
SKY_STOPS: tuple[tuple[float, Colour], ...] = (
    (0.00, (27, 27, 72)),
    (0.30, (74, 54, 122)),
    (0.55, (164, 84, 132)),
    (0.78, (238, 132, 104)),
    (1.00, (255, 206, 138)),
)
# Far to near: base line and height of the crest (of the horizon), colour at crest and at foot.
HILLS: tuple[tuple[float, float, Colour, Colour], ...] = (
    (0.82, 0.13, (150, 92, 140), (222, 132, 128)),
    (0.90, 0.11, (104, 72, 128), (170, 100, 128)),
    (0.965, 0.08, (60, 62, 104), (96, 84, 118)),
)
LANTERN_COLOURS: tuple[Colour, ...] = ((255, 176, 84), (255, 140, 92), (255, 206, 120))
BOKEH_COLOURS: tuple[Colour, ...] = ((255, 150, 90), (110, 170, 255), (255, 110, 150))
NUM_STARS = 70
NUM_LANTERNS = 9
NUM_BOKEH = 6
SEED = 20


@dataclass(frozen=True, slots=True)
class Lake:
    """What the reflection needs, for one size. Maps are (rows, W) float32 in pixels."""

    top_px: int
    mirror_x: Floats
    mirror_y: Floats
    sway_px: Floats  # (rows, 1): ripples grow towards the viewer
    phase: Floats  # (rows, 1)
    tint: Image


def paint_landscape(scene_s: float, width_px: int, height_px: int) -> Image:
    """The whole backdrop at one moment of the scene; a new array."""
    image = _still_backdrop(width_px, height_px).copy()
    _add_lanterns(image, scene_s)
    _reflect(image, _lake(width_px, height_px), scene_s)
    return image


def add_bokeh(image: Image, scene_s: float) -> None:
    """Large out-of-focus lights in front of everything, in place."""
    height_px, width_px = image.shape[:2]
    for index in range(NUM_BOKEH):
        colour = BOKEH_COLOURS[index % len(BOKEH_COLOURS)]
        radius_px = max(2, round(height_px * (0.022 + 0.02 * (index * 37 % 5) / 4)))
        drift = (index * 0.6180 + scene_s * (0.010 + 0.004 * (index % 3))) % 1.2 - 0.1
        rise = 0.93 - 0.13 * ((index * 53) % 7) / 6 + 0.015 * np.sin(0.5 * scene_s + index)
        _add_sprite(image, _disc(radius_px, colour), drift * width_px, rise * height_px, 0.24)


def _gradient(stops: tuple[tuple[float, Colour], ...], positions: Floats) -> Floats:
    """Colours (…, 3) of a piecewise linear gradient at `positions` 0…1."""
    places = [place for place, _ in stops]
    channels = [np.interp(positions, places, [c[i] for _, c in stops]) for i in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _soft_noise(rng: np.random.Generator, rows: int, columns: int, size: tuple[int, int]) -> Floats:
    """Smooth noise 0…1 of `size` (width, height) from a coarse random grid."""
    grid = rng.random((rows, columns), np.float32)
    smooth = cast("Floats", cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC))
    return np.clip(smooth, 0, 1)


@lru_cache(maxsize=4)
def _still_backdrop(width_px: int, height_px: int) -> Image:
    horizon_px = round(HORIZON * height_px)
    rng = np.random.default_rng(SEED)
    sky = _sky(rng, width_px, height_px, horizon_px)
    for base, crest, top, foot in HILLS:
        _paint_hill(sky, rng, base * horizon_px, crest * horizon_px, top, foot)
    image = np.zeros((height_px, width_px, 3), np.uint8)
    image[:horizon_px] = np.clip(sky, 0, 255).astype(np.uint8)
    return image


def _sky(rng: np.random.Generator, width_px: int, height_px: int, horizon_px: int) -> Floats:
    rows = np.linspace(0, 1, horizon_px, dtype=np.float32)
    sky = np.repeat(_gradient(SKY_STOPS, rows)[:, None], width_px, axis=1)
    fade = rows[:, None]
    clouds = sum(
        _soft_noise(rng, 7 * scale, 2 * scale, (width_px, horizon_px)) / scale
        for scale in (1, 2, 4)
    )
    bank = np.clip((clouds - 0.85) * 1.6, 0, 1) * np.clip(1.5 * fade, 0, 1) * (1.15 - fade)
    sky += bank[..., None] * np.array([96, 34, 30], np.float32)
    _add_stars(sky, rng, horizon_px)
    _add_sun(sky, width_px, height_px)
    return sky


def _add_stars(sky: Floats, rng: np.random.Generator, horizon_px: int) -> None:
    """Soft points, never smaller than a pixel: in small pictures they get dim, not hard."""
    width_px = sky.shape[1]
    stars: list[list[float]] = rng.random((NUM_STARS, 3)).tolist()
    for x, y, light in stars:
        x_px, y_px = x * width_px, y**1.6 * 0.55 * horizon_px
        wanted_px = horizon_px * (0.0022 + 0.0022 * light**4)
        radius_px = max(0.8, wanted_px)
        left, top = max(0, int(x_px) - 4), max(0, int(y_px) - 4)
        part = sky[top : top + 9, left : left + 9]
        across = np.arange(part.shape[1], dtype=np.float32) + (left + 0.5 - x_px)
        down = np.arange(part.shape[0], dtype=np.float32) + (top + 0.5 - y_px)
        spot = np.exp(-(across[None] ** 2 + down[:, None] ** 2) / radius_px**2)
        spot *= (240 - 130 * light) * (wanted_px / radius_px) ** 2
        part += spot[..., None] * np.array([0.92, 0.92, 1.0])


def _add_sun(sky: Floats, width_px: int, height_px: int) -> None:
    x = np.arange(width_px, dtype=np.float32) - SUN[0] * width_px
    y = np.arange(sky.shape[0], dtype=np.float32) - SUN[1] * height_px
    distance = np.hypot(x[None], y[:, None]) / height_px
    halo = np.exp(-distance / 0.16)[..., None]
    disc = np.clip((0.066 - distance) * height_px / 1.5, 0, 1)[..., None]
    sky += halo * np.array([120, 62, 10], np.float32)
    sky += disc * (np.array([255, 238, 190], np.float32) - sky)


def _paint_hill(
    sky: Floats,
    rng: np.random.Generator,
    base_px: float,
    crest_px: float,
    top: Colour,
    foot: Colour,
) -> None:
    """One ridge with an antialiased crest and mist at its foot, in place."""
    horizon_px, width_px = sky.shape[:2]
    broad = _soft_noise(rng, 1, 6, (width_px, 1))[0]
    fine = _soft_noise(rng, 1, 28, (width_px, 1))[0]
    crest = base_px - crest_px * (1.3 * broad - 0.45 + 0.22 * fine)
    rows = np.arange(horizon_px, dtype=np.float32)[:, None]
    alpha = np.clip(rows - crest[None] + 0.5, 0, 1)[..., None]
    depth = np.clip((rows - crest[None]) / max(1.0, 1.6 * crest_px), 0, 1)[..., None]
    colour = np.array(top, np.float32) * (1 - depth) + np.array(foot, np.float32) * depth
    sky += alpha * (colour - sky)


@lru_cache(maxsize=32)
def _disc(radius_px: int, colour: Colour) -> Floats:
    """A soft bokeh disc with a brighter ring, float32 (S, S, 3), to be added."""
    axis = np.arange(-radius_px - 3, radius_px + 4, dtype=np.float32)
    distance = np.hypot(axis[None], axis[:, None]) / radius_px
    edge = np.clip((1 - distance) * radius_px / 2.0, 0, 1)
    return (edge * (0.55 + 0.45 * distance**3))[..., None] * np.array(colour, np.float32)


@lru_cache(maxsize=32)
def _lantern(size_px: int, colour: Colour) -> Floats:
    """A glowing paper lantern with its halo, float32 (S, S, 3), to be added."""
    half_px = 3 * size_px
    axis = np.arange(-half_px, half_px + 1, dtype=np.float32) / size_px
    x, y = axis[None], axis[:, None]
    halo = np.exp(-np.hypot(x, y) * 1.5) * np.clip(3 - np.hypot(x, y), 0, 1) * 0.5
    half_width = 0.62 - 0.16 * y  # wider at the top
    inside = np.minimum(half_width - np.abs(x), 0.86 - np.abs(y)) - 0.12 * x**2
    body = np.clip(inside * size_px, 0, 1) * (0.62 + 0.3 * y)  # the flame lights it from below
    glow = (halo + body)[..., None] * np.array(colour, np.float32)
    flame = np.exp(-((x / 0.25) ** 2) - ((y - 0.5) / 0.3) ** 2)[..., None]
    return glow + flame * np.array([70, 80, 70], np.float32)


def _add_lanterns(image: Image, scene_s: float) -> None:
    """Lanterns rise from the far shore, fade in and out, and sway a little, in place."""
    height_px, width_px = image.shape[:2]
    horizon_px = round(HORIZON * height_px)
    for index in range(NUM_LANTERNS):
        nearness = (index * 0.382) % 1.0
        life = (index * 0.618 + scene_s * (0.016 + 0.014 * nearness)) % 1.0
        x = (index * 0.445 + 0.09) % 1.0 + 0.02 * np.sin(0.55 * scene_s + 2.1 * index)
        y = 0.93 - 0.95 * life
        opacity = float(np.clip(min(life, 1 - life) * 9, 0, 1))
        size_px = max(2, round(height_px * (0.013 + 0.020 * nearness)))
        sprite = _lantern(size_px, LANTERN_COLOURS[index % len(LANTERN_COLOURS)])
        _add_sprite(image[:horizon_px], sprite, x * width_px, y * horizon_px, opacity)


def _add_sprite(image: Image, sprite: Floats, x_px: float, y_px: float, opacity: float) -> None:
    """Add a light centred at a sub-pixel place, clipped at the borders, in place."""
    half_px = sprite.shape[0] // 2
    left, top = int(np.floor(x_px)) - half_px, int(np.floor(y_px)) - half_px
    shift = np.array([[1, 0, x_px % 1], [0, 1, y_px % 1]], np.float32)
    moved = cv2.warpAffine(sprite, shift, (sprite.shape[1] + 1, sprite.shape[0] + 1))
    rows = slice(max(0, top), min(image.shape[0], top + moved.shape[0]))
    columns = slice(max(0, left), min(image.shape[1], left + moved.shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    light = moved[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    light = cv2.convertScaleAbs(light, alpha=opacity)
    target = image[rows, columns]
    target[:] = cv2.add(target, light)


@lru_cache(maxsize=4)
def _lake(width_px: int, height_px: int) -> Lake:
    top_px = round(HORIZON * height_px)
    depth = np.arange(height_px - top_px, dtype=np.float32)[:, None]
    nearness = depth / max(1, height_px - top_px)
    mirror_x = np.tile(np.arange(width_px, dtype=np.float32), (len(depth), 1))
    mirror_y = np.repeat(top_px - 1 - depth * 1.2, width_px, axis=1)
    phase = 60 * np.log1p(5 * nearness)  # waves look longer when near
    tint = _gradient(((0, (232, 218, 232)), (0.4, (150, 150, 196)), (1, (70, 84, 140))), nearness)
    tint = np.repeat(tint, width_px, axis=1).astype(np.uint8)
    sway_px = height_px * (0.001 + 0.016 * nearness)
    return Lake(top_px, mirror_x, mirror_y, sway_px, phase.astype(np.float32), tint)


def _reflect(image: Image, lake: Lake, scene_s: float) -> None:
    """Mirror what is above the horizon into the lake, rippled and tinted, in place."""
    width_px = image.shape[1]
    along = np.linspace(0, 9, width_px, dtype=np.float32)[None]
    wave = np.sin(lake.phase - 2.2 * scene_s)
    cross = np.cos(0.61 * lake.phase - 1.3 * scene_s) * np.sin(along + 0.4 * scene_s)
    offset = lake.sway_px * (wave + 0.8 * cross)
    above = image[: lake.top_px]
    mirrored = cv2.remap(
        above,
        lake.mirror_x + offset,
        lake.mirror_y + 0.9 * offset,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    image[lake.top_px :] = cv2.multiply(mirrored, lake.tint, scale=1 / 255)
