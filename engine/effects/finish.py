"""All picture work behind the model: dry/wet, smoothing, sharpen, colour, vignette.

Thread: the render thread.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.effect_params import EffectParams
from engine.effects.chain import Chain, Step, new_like
from engine.effects.colour import NEUTRAL_COLOUR, ColourMatrix, colour_key, colour_matrix
from engine.effects.key import as_levels, smooth_step
from engine.frame import Image
from engine.params import StreamParams

CLEAR_RADIUS = 0.35  # of the way to a corner: so far a vignette darkens nothing


def falloff(width_px: int, height_px: int) -> NDArray[np.float32]:
    """How far a vignette reaches at each pixel, (H, W): 0 in the middle, 1 in the corners."""
    x = np.linspace(-1.0, 1.0, width_px)
    y = np.linspace(-1.0, 1.0, height_px)
    radius = np.hypot(x[None, :], y[:, None]) / np.sqrt(2.0)
    return smooth_step((radius - CLEAR_RADIUS) / (1.0 - CLEAR_RADIUS))


class Finish:
    """Does to a painted picture what the parameters want, one step after the other.

    Smoothing comes before sharpen, colour and vignette, so that those act on the next picture in
    full. In steady state one picture is made per picture, the one that is handed out.
    """

    def __init__(self) -> None:
        self._chain = Chain()
        self._blurred: Image = np.zeros((0, 0, 3), np.uint8)
        self._mean: NDArray[np.float32] | None = None  # of the pictures so far, as smoothed
        self._matrix_of = NEUTRAL_COLOUR
        self._matrix: ColourMatrix = colour_matrix(EffectParams())
        self._falloff: Image | None = None  # 0-255
        self._mask_of: float | None = None
        self._mask: Image = np.zeros((0, 0, 3), np.uint8)
        self.is_settled = True

    def apply(self, wet: Image, dry: Image | None, params: StreamParams) -> Image:
        """The finished picture, RGB uint8 HWC: new, or `wet` or `dry` itself where that is all.

        wet: as painted. dry: what the model saw of the same moment, of the same size.
        Afterwards `is_settled` says whether the same two would give the same again.
        """
        image = wet if dry is None or params.dry_wet > 0.0 else dry
        steps = [*self._mix(dry, params), *self._smooth(params), *self._grade(params)]
        return self._chain.run(image, steps)

    def restart(self) -> None:
        """What comes next has nothing before it."""
        self._mean = None
        self.is_settled = True

    # ---- steps

    def _mix(self, dry: Image | None, params: StreamParams) -> list[Step]:
        share = params.dry_wet
        if dry is None or share in (0.0, 1.0):
            return []
        return [lambda wet, out: cv2.addWeighted(wet, share, dry, 1.0 - share, 0.0, out)]

    def _smooth(self, params: EffectParams) -> list[Step]:
        if params.smoothing == 0.0:
            self.restart()
            return []
        return [lambda image, out: self._smoothed(image, out, params.smoothing)]

    def _smoothed(self, image: Image, out: Image, kept: float) -> None:
        """Exponential mean: `kept` of it stays, the rest is the new picture."""
        if self._mean is None or self._mean.shape != image.shape:
            self._mean = image.astype(np.float32)
        cv2.accumulateWeighted(image, self._mean, 1.0 - kept)
        cv2.convertScaleAbs(self._mean, out)
        self.is_settled = np.array_equal(image, out)

    def _grade(self, params: EffectParams) -> list[Step]:
        steps: list[Step] = []
        if params.sharpen > 0.0:
            steps.append(lambda image, out: self._sharpened(image, out, params.sharpen))
        if colour_key(params) != NEUTRAL_COLOUR:
            steps.append(lambda image, out: cv2.transform(image, self._colours(params), out))
        if params.vignette > 0.0:
            steps.append(lambda image, out: self._darkened(image, out, params.vignette))
        return steps

    def _sharpened(self, image: Image, out: Image, amount: float) -> None:
        """Unsharp mask: the difference to its own blur once more on top."""
        if self._blurred.shape != image.shape:
            self._blurred = new_like(image)
        cv2.GaussianBlur(image, (3, 3), 0.0, self._blurred)
        cv2.addWeighted(image, 1.0 + amount, self._blurred, -amount, 0.0, out)

    def _colours(self, params: EffectParams) -> ColourMatrix:
        key = colour_key(params)
        if key != self._matrix_of:
            self._matrix_of, self._matrix = key, colour_matrix(params)
        return self._matrix

    def _darkened(self, image: Image, out: Image, amount: float) -> None:
        """The mask, 255 where nothing is darkened, is made when the amount changes."""
        if self._falloff is None or self._falloff.shape != image.shape:
            levels = as_levels(falloff(image.shape[1], image.shape[0]))
            self._falloff = np.repeat(levels[:, :, None], 3, axis=2)
            self._mask, self._mask_of = new_like(image), None
        if amount != self._mask_of:
            self._mask_of = amount
            cv2.convertScaleAbs(self._falloff, self._mask, -amount, 255.0)
        cv2.multiply(image, self._mask, out, 1.0 / 255.0)
