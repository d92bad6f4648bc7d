"""What brightness, contrast, saturation and hue do to a colour, as one 3×4 matrix. Pure.

Levels are 0-255, colours RGB in the first three columns, an offset in the fourth.
Source: Haeberli 1993, "Matrix Operations for Image Processing"; luma of ITU-R BT.709.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.effect_params import EffectParams

ColourMatrix = NDArray[np.float64]  # (3, 4)

LUMA = np.array([0.2126, 0.7152, 0.0722])
MID_GREY = 127.5


def hue_matrix(hue_deg: float) -> NDArray[np.float64]:
    """Turns colours around the grey axis: 120 takes red to green, green to blue, blue to red.

    Source: Rodrigues' formula about (1, 1, 1)/√3.
    """
    angle = math.radians(hue_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    across = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3.0)
    return cos * np.eye(3) + (1.0 - cos) * np.full((3, 3), 1.0 / 3.0) + sin * across


def saturation_matrix(saturation: float) -> NDArray[np.float64]:
    """0 leaves the luma alone, 1 everything."""
    return saturation * np.eye(3) + (1.0 - saturation) * np.tile(LUMA, (3, 1))


def colour_matrix(params: EffectParams) -> ColourMatrix:
    """Hue, then saturation, then contrast around mid grey, then brightness."""
    linear = params.contrast * saturation_matrix(params.saturation) @ hue_matrix(params.hue_deg)
    offset = MID_GREY * (1.0 - params.contrast) + 255.0 * params.brightness
    return np.column_stack([linear, np.full(3, offset)])


def colour_key(params: EffectParams) -> tuple[float, float, float, float]:
    """What the matrix depends on."""
    return (params.brightness, params.contrast, params.saturation, params.hue_deg)


NEUTRAL_COLOUR = colour_key(EffectParams())
