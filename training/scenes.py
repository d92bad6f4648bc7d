"""Procedural training pictures: simple scenes and faces, drawn from a seeded generator.

They add what the photographs lack: flat areas, hard edges, saturated discs, and many faces of
every skin tone, pose and light. All pictures are RGB float32 HWC 0-1.
"""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from .filters import Picture, blur

SKIN = ("f6d5b8", "e8b890", "d29a6c", "a8703f", "7c4a28", "52301c")


def _colour(rng: np.random.Generator) -> tuple[float, float, float]:
    return colorsys.hsv_to_rgb(rng.random(), rng.random() ** 0.6, 0.1 + 0.9 * rng.random())


def _hex(code: str, gain: float = 1.0) -> tuple[float, ...]:
    return tuple(min(1.0, int(code[i : i + 2], 16) / 255 * gain) for i in (0, 2, 4))


def gradient(rng: np.random.Generator, size_px: int) -> Picture:
    """Two colours fading into each other in a random direction."""
    y, x = np.mgrid[:size_px, :size_px] / size_px - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    weight = np.clip(0.5 + x * np.cos(angle) + y * np.sin(angle), 0, 1)[..., None]
    return (np.array(_colour(rng)) * weight + np.array(_colour(rng)) * (1 - weight)).astype(
        np.float32
    )


def shapes(rng: np.random.Generator, size_px: int) -> Picture:
    """Discs, rings, boxes, lines and waves before a gradient."""
    picture = gradient(rng, size_px)
    for _ in range(rng.integers(3, 14)):
        centre = tuple(int(v) for v in rng.integers(0, size_px, 2))
        other = tuple(int(v) for v in rng.integers(0, size_px, 2))
        radius = int(rng.uniform(0.03, 0.3) * size_px)
        thick = int(rng.choice([-1, -1, 2, 4, 9]))
        kind = rng.integers(3)
        if kind == 0:
            cv2.circle(picture, centre, radius, _colour(rng), thick, cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(picture, centre, other, _colour(rng), thick, cv2.LINE_AA)
        else:
            cv2.line(picture, centre, other, _colour(rng), abs(thick) + 1, cv2.LINE_AA)
    return picture


def _features(canvas: Picture, rng: np.random.Generator, skin: str, face_px: float) -> None:
    """Draw eyes, brows, nose and mouth around the canvas centre, in place."""
    centre = canvas.shape[0] / 2
    look = rng.uniform(-0.1, 0.1) * face_px

    def at(dx: float, dy: float) -> tuple[int, int]:
        return int(centre + look + dx * face_px), int(centre + dy * face_px)

    def oval(dx: float, dy: float, rx: float, ry: float, colour, thick: int = -1, turn=(0, 360)):
        axes = (max(1, int(rx * face_px)), max(1, int(ry * face_px)))
        cv2.ellipse(canvas, at(dx, dy), axes, 0, *turn, colour, thick, cv2.LINE_AA)

    dark, line = _hex(skin, 0.3), max(1, int(face_px / 28))
    eye_open = rng.uniform(0.03, 0.075)
    for side in (-1, 1):
        oval(side * 0.3, -0.12, 0.13, eye_open, (0.95, 0.95, 0.93))
        oval(side * 0.3, -0.12, eye_open * 0.8, eye_open * 0.95, _colour(rng))
        oval(side * 0.3, -0.12, eye_open * 0.45, eye_open * 0.5, (0.03, 0.03, 0.03))
        oval(side * 0.3, -0.2, 0.17, 0.1, dark, line + 1, (200, 340))
        oval(side * 0.3, -0.11, 0.14, eye_open, dark, line, (180, 360))
    oval(0.03, 0.16, 0.09, 0.2, _hex(skin, 0.72), line, (10, 150))
    oval(0, 0.48, 0.24, rng.uniform(0.02, 0.12), _hex("b0403c", rng.uniform(0.6, 1.1)))
    oval(0, 0.44, 0.26, 0.07, dark, line, (15, 165))


def face(rng: np.random.Generator, size_px: int) -> Picture:
    """A drawn head and shoulders before a soft scene."""
    background = shapes(rng, size_px) if rng.random() < 0.6 else gradient(rng, size_px)
    canvas = blur(background, rng.uniform(0.5, 8)).copy()
    skin = str(rng.choice(SKIN))
    face_px = size_px * rng.uniform(0.16, 0.34)
    centre = size_px // 2
    hair = _hex("".join(rng.choice(["1a", "30", "55", "80"], 3)), rng.uniform(0.3, 1.6))

    def oval(dy: float, rx: float, ry: float, colour) -> None:
        axes = (int(rx * face_px), int(ry * face_px))
        cv2.ellipse(
            canvas, (centre, int(centre + dy * face_px)), axes, 0, 0, 360, colour, -1, cv2.LINE_AA
        )

    oval(rng.uniform(-0.3, 0.3), 0.92, rng.uniform(1.15, 1.7), hair)
    oval(2.6, 1.7, 1.35, _colour(rng))
    oval(0.9, 0.32, 0.75, _hex(skin, 0.8))
    oval(0.06, rng.uniform(0.66, 0.76), rng.uniform(0.88, 1.02), _hex(skin))
    oval(-0.78, 0.7, 0.34, hair)
    _features(canvas, rng, skin, face_px)
    y, x = np.mgrid[:size_px, :size_px] / size_px - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.1, 0.9) * (x * np.cos(angle) + y * np.sin(angle))
    lit = blur(np.clip(canvas * light[..., None], 0, 1).astype(np.float32), rng.uniform(0.6, 1.4))
    turn = cv2.getRotationMatrix2D((centre, centre), rng.uniform(-25, 25), rng.uniform(0.8, 1.5))
    return cv2.warpAffine(lit, turn, (size_px, size_px), borderMode=cv2.BORDER_REFLECT_101)
