"""Takes one hue out of a picture. Thread: the render thread."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.effect_params import EffectParams
from engine.enums import KeyBackground
from engine.frame import Image

Weights = NDArray[np.float32]  # (H, W) or a table (256,), 0-1

LEVELS = np.arange(256, dtype=np.float64)
# max - min of R, G and B. Below the first a colour counts as grey and stays, above the second it
# counts in full: a hue means nothing where there is hardly any colour.
GREY_CHROMA, FULL_CHROMA = 20.0, 50.0


def hue_weights(hue_deg: float, tolerance_deg: float, softness_deg: float) -> Weights:
    """For each of 256 hues around the circle, how much of it is taken out."""
    away_deg = np.abs((LEVELS * (360.0 / 256.0) - hue_deg + 180.0) % 360.0 - 180.0)
    if softness_deg == 0.0:
        return np.where(away_deg <= tolerance_deg, 1.0, 0.0).astype(np.float32)
    return 1.0 - smooth_step((away_deg - tolerance_deg) / softness_deg)


def smooth_step(travel: NDArray[np.float64]) -> Weights:
    """0 up to 0, 1 from 1 on, without a kink between."""
    bounded = np.clip(travel, 0.0, 1.0)
    return (bounded * bounded * (3.0 - 2.0 * bounded)).astype(np.float32)


CHROMA_WEIGHTS = smooth_step((LEVELS - GREY_CHROMA) / (FULL_CHROMA - GREY_CHROMA))


class Key:
    """Puts black or the last picture in the place of one hue; keeps its buffers."""

    def __init__(self) -> None:
        self._of: tuple[float, float, float] | None = None
        self._hue_weights = CHROMA_WEIGHTS
        self._black: Image = np.zeros((0, 0, 3), np.uint8)

    def apply(self, image: Image, params: EffectParams, previous: Image | None) -> Image:
        """The input itself where nothing is keyed; else one new picture.

        previous: the last picture that came out; without one of this size there is black.
        """
        if params.key_background is KeyBackground.OFF:
            return image
        self._make_ready(image, params)
        taken = self._taken(image)
        kept = cv2.subtract(self._ones, taken, self._kept)
        is_previous = params.key_background is KeyBackground.PREVIOUS
        behind = previous if is_previous and previous is not None else self._black
        return cast("Image", cv2.blendLinear(image, behind, kept, taken))

    def _make_ready(self, image: Image, params: EffectParams) -> None:
        of = (params.key_hue_deg, params.key_tolerance_deg, params.key_softness_deg)
        if of != self._of:
            self._of, self._hue_weights = of, hue_weights(*of)
        if self._black.shape == image.shape:
            return
        size = image.shape[:2]
        self._black = np.zeros_like(image)
        self._hsv = np.empty_like(image)
        self._planes = [np.empty(size, np.uint8) for _ in range(3)]
        self._taken_by_hue, self._taken_all, self._kept = (
            np.empty(size, np.float32) for _ in range(3)
        )
        self._ones = np.ones(size, np.float32)

    def _taken(self, image: Image) -> Weights:
        """How much of each pixel is taken out: where both its hue and its chroma say so."""
        cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL, self._hsv)
        cv2.split(self._hsv, self._planes)
        hue, saturation, value = self._planes
        cv2.multiply(saturation, value, saturation, 1.0 / 255.0)  # S of HSV is chroma / V
        cv2.LUT(hue, self._hue_weights, self._taken_by_hue)
        cv2.LUT(saturation, CHROMA_WEIGHTS, self._taken_all)
        return cast("Weights", cv2.multiply(self._taken_all, self._taken_by_hue, self._taken_all))
