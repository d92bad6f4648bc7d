"""Takes one hue out of a picture. Thread: the render thread."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.effect_params import EffectParams
from engine.effects.chain import Step, new_like
from engine.enums import KeyBackground
from engine.frame import Image

Weights = NDArray[np.float32]  # (256,) or (H, W), 0-1
Levels = NDArray[np.uint8]  # the same, 0-255

LEVELS = np.arange(256, dtype=np.float64)
HARD_DEG = 1e-3  # a softness that no eye tells from none
# max - min of R, G and B. Below the first a colour counts as grey and stays, above the second it
# counts in full: a hue means nothing where there is hardly any colour.
GREY_CHROMA, FULL_CHROMA = 20.0, 50.0


def hue_weights(hue_deg: float, tolerance_deg: float, softness_deg: float) -> Weights:
    """For each of 256 hues around the circle, how much of it is taken out."""
    away_deg = np.abs((LEVELS * (360.0 / 256.0) - hue_deg + 180.0) % 360.0 - 180.0)
    return 1.0 - smooth_step((away_deg - tolerance_deg) / max(softness_deg, HARD_DEG))


def smooth_step(travel: NDArray[np.float64]) -> Weights:
    """0 up to 0, 1 from 1 on, without a kink between."""
    bounded = np.clip(travel, 0.0, 1.0)
    return (bounded * bounded * (3.0 - 2.0 * bounded)).astype(np.float32)


def as_levels(weights: Weights) -> Levels:
    """Weights 0-1 as whole levels 0-255."""
    return np.rint(weights * 255.0).astype(np.uint8)


CHROMA_LEVELS = as_levels(smooth_step((LEVELS - GREY_CHROMA) / (FULL_CHROMA - GREY_CHROMA)))


class Key:
    """Puts black or the last picture in the place of one hue; keeps its buffers."""

    def __init__(self) -> None:
        self._of: tuple[float, float, float] | None = None
        self._hue_levels = CHROMA_LEVELS
        self._hsv: Image = np.zeros((0, 0, 3), np.uint8)

    def steps(self, params: EffectParams, previous: Image | None) -> list[Step]:
        """What is to be done; none where nothing is keyed.

        previous: the last picture that came out; where there is none of this size, it is black.
        """
        if params.key_background is KeyBackground.OFF:
            return []
        behind = previous if params.key_background is KeyBackground.PREVIOUS else None
        return [lambda image, out: self._keyed(image, params, behind, out)]

    def _keyed(self, image: Image, params: EffectParams, behind: Image | None, out: Image) -> None:
        self._make_ready(image, params)
        taken = self._taken(image)
        if behind is not None:
            cv2.merge([taken] * 3, self._mask)
            cv2.multiply(behind, self._mask, self._behind, 1.0 / 255.0)
        cv2.bitwise_not(taken, taken)
        cv2.merge([taken] * 3, self._mask)
        cv2.multiply(image, self._mask, out, 1.0 / 255.0)
        if behind is not None:
            cv2.add(out, self._behind, out)

    def _make_ready(self, image: Image, params: EffectParams) -> None:
        of = (params.key_hue_deg, params.key_tolerance_deg, params.key_softness_deg)
        if of != self._of:
            self._of, self._hue_levels = of, as_levels(hue_weights(*of))
        if self._hsv.shape != image.shape:
            self._hsv, self._mask, self._behind = (new_like(image) for _ in range(3))
            self._planes = [np.empty(image.shape[:2], np.uint8) for _ in range(3)]

    def _taken(self, image: Image) -> Levels:
        """How much of each pixel is taken out: where both its hue and its chroma say so."""
        cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL, self._hsv)
        cv2.split(self._hsv, self._planes)
        hue, saturation, value = self._planes
        cv2.multiply(saturation, value, value, 1.0 / 255.0)  # the chroma: S of HSV is chroma / V
        cv2.LUT(hue, self._hue_levels, saturation)
        cv2.LUT(value, CHROMA_LEVELS, hue)
        cv2.multiply(saturation, hue, value, 1.0 / 255.0)
        return value
