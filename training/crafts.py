"""Looks of crafts: brush strokes, a woodblock's wave scales, leaded glass.

Closed-form like those of `filters`: same pictures, same rules, same grid.
"""

from __future__ import annotations

import cv2
import numpy as np

from .filters import (
    CELL,
    Picture,
    blur,
    colour,
    gradient_map,
    grid,
    ink_lines,
    kuwahara,
    luma,
    mix,
    saturate,
    smoothstep,
    stretch,
)


def _four_ways(shape: tuple[int, ...]) -> Picture:
    """Stroke screens of one period a cell: level, rising, upright, falling; (4, H, W) 0-1."""
    y, x = grid(shape)
    turn = 2 * np.pi / CELL
    return np.stack([0.5 + 0.5 * np.cos(turn * way) for way in (y, x + y, x, x - y)])


def strokes(photo: Picture) -> Picture:
    """Brush strokes along the nearest contours, as a screen HW 0-1.

    The direction is one of four, so that the strokes can hang on the grid.
    """
    smooth = blur(luma(photo), 1.5)
    dx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0)
    dy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1)
    across = np.arctan2(blur(2 * dx * dy, 4), blur(dx * dx - dy * dy, 4)) / 2
    angles = np.array([np.pi / 2, np.pi / 4, 0, -np.pi / 4], np.float32)
    fits = np.cos(2 * (across[None] - angles[:, None, None]))
    weights = np.exp(6 * fits)
    return (weights * _four_ways(photo.shape)).sum(0) / weights.sum(0)


def starry_night(photo: Picture) -> Picture:
    """Night-blue and yellow strokes that follow the shapes."""
    tone = stretch(luma(kuwahara(photo, 2)))
    stroke = strokes(photo) - 0.5
    painted = np.clip(tone * 1.15 - 0.06 + 0.26 * stroke, 0, 1)
    picture = gradient_map(
        painted, "050a22", "0f2163", "1d4fa8", "3f86cf", "9cc4c4", "f0c93c", "fff2a6"
    )
    return picture * (0.55 + 0.45 * ink_lines(tone, 1.4, 10))[..., None]


def woodblock(photo: Picture) -> Picture:
    """A Japanese print: flat indigo and cream, a red ink, wave scales in the half tones."""
    smooth = kuwahara(photo, 2)
    tone = stretch(luma(smooth))
    inks = [colour(c) for c in ("16243f", "3f6f93", "b9cbb8", "f4ead0")]
    picture = np.broadcast_to(inks[0], photo.shape).astype(np.float32)
    for level, ink in zip((0.3, 0.5, 0.68), inks[1:], strict=True):
        picture = mix(picture, ink, smoothstep(level - 0.03, level + 0.03, tone))
    warmth = smooth[..., 0] - smooth[..., 1:].mean(-1)
    picture = mix(picture, colour("c8452e"), smoothstep(0.16, 0.24, warmth) * (tone > 0.3))
    half_tone = smoothstep(0.26, 0.34, tone) * smoothstep(0.62, 0.54, tone)
    picture = mix(picture, colour("f4ead0"), half_tone * _wave_scales(photo.shape) * 0.75)
    return picture * ink_lines(tone, 1.4, 14)[..., None]


def _wave_scales(shape: tuple[int, ...]) -> Picture:
    """Overlapping arcs on a lattice of two cells; HW, 1 = line."""
    y, x = grid(shape, 2 * CELL)
    lines = np.zeros(shape[:2], np.float32)
    covered = np.zeros(shape[:2], bool)
    for row in (2, 1, 0, -1):  # nearer rows hide the farther ones
        centre_x = CELL if row % 2 else 0
        away = (x - centre_x + CELL) % (2 * CELL) - CELL
        radius = np.hypot(away, y - row * CELL)
        inside = (radius < CELL) & (y <= row * CELL) & ~covered
        ring = 0.5 + 0.5 * np.cos(radius * 2 * np.pi / 4)
        lines = np.where(inside, smoothstep(0.45, 0.8, ring), lines)
        covered |= inside
    return lines


def stained_glass(photo: Picture) -> Picture:
    """Glowing diamond panes between dark lead lines, and lead along the contours."""
    period = 2 * CELL
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]]
    u, v = (x + y) // period, (x - y) // period
    centre_x = np.clip((u + v + 1) * CELL, 0, photo.shape[1] - 1)
    centre_y = np.clip((u - v) * CELL, 0, photo.shape[0] - 1)
    rich = np.clip(saturate(photo, 2.2) * 1.1 + 0.1, 0, 1)
    panes = blur(rich, 4)[centre_y, centre_x]
    glass = 0.5 * panes + 0.5 * kuwahara(rich, 2)
    near = np.minimum((x + y) % period, period - (x + y) % period)
    near = np.minimum(near, np.minimum((x - y) % period, period - (x - y) % period))
    lead = 0.25 + 0.75 * smoothstep(0.5, 1.8, near.astype(np.float32))
    light = 0.85 + 0.3 * smoothstep(1, 8, near.astype(np.float32))
    lines = lead * ink_lines(stretch(luma(photo)), 1.4, 10)
    return np.clip(glass * light[..., None] * (0.06 + 0.94 * lines)[..., None], 0, 1)
