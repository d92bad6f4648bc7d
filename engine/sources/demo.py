"""The demo source: a performer by a lake at dusk, painted from nothing but the time.

It needs no file and no camera, and gives a style model what it needs: a face, rich mid-tones,
fine and coarse shapes, motion, and stretches in which nothing moves at all.
"""

from __future__ import annotations

import math

from engine.frame import Image
from engine.sources.demo_figure import Pose, paint_figure
from engine.sources.demo_landscape import add_bokeh, paint_landscape
from engine.sources.generator import GeneratedSource

LOOP_S = 16.0  # of show time, of which…
STILL_S = 4.0  # …the last ones stand still, so that the similarity gate has something to skip
EASE_S = 1.0  # to come to rest and to start again
BLINK_EVERY_S = 3.7
BLINK_S = 0.24


def demo_source(width_px: int = 1280, height_px: int = 720) -> GeneratedSource:
    """The scene as a source."""

    def paint_at(_index: int, time_s: float, width_px: int, height_px: int) -> Image:
        return paint(time_s, width_px, height_px)

    return GeneratedSource("demo scene", "painted as it plays", paint_at, width_px, height_px)


def paint(time_s: float, width_px: int, height_px: int) -> Image:
    """The scene at one moment: RGB uint8 (height_px, width_px, 3), the same for the same time.

    Both sides at least 8 pixels.
    """
    scene_s = scene_time_s(time_s)
    image = paint_landscape(scene_s, width_px, height_px)
    paint_figure(image, pose_at(scene_s))
    add_bokeh(image, scene_s)
    return image


def scene_time_s(time_s: float) -> float:
    """How far the scene has moved: runs with the clock, but rests STILL_S in every loop."""
    loops, phase_s = divmod(float(time_s), LOOP_S)
    moving_s = LOOP_S - STILL_S
    return loops * (moving_s - EASE_S) + _eased(min(phase_s, moving_s), moving_s)


def _eased(phase_s: float, moving_s: float) -> float:
    """The distance covered by a speed that rises to 1 and falls to 0 over EASE_S each."""
    rise_s, fall_s = min(phase_s, EASE_S), max(0.0, phase_s - (moving_s - EASE_S))
    cruise_s = phase_s - rise_s - fall_s
    return rise_s**2 / (2 * EASE_S) + cruise_s + fall_s - fall_s**2 / (2 * EASE_S)


def pose_at(scene_s: float) -> Pose:
    """How the figure holds itself at one moment of the scene."""
    since_blink_s = scene_s % BLINK_EVERY_S
    closed = math.sin(math.pi * since_blink_s / BLINK_S) if since_blink_s < BLINK_S else 0.0
    return Pose(
        yaw_deg=27 * math.sin(0.62 * scene_s) + 6 * math.sin(1.37 * scene_s),
        tilt_deg=4.5 * math.sin(0.47 * scene_s + 0.6),
        lift=0.03 * math.sin(0.9 * scene_s),
        eyes=1.0 - closed,
    )
