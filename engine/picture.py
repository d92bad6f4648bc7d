"""Chooses what is shown: the painted picture, the input, black, or a fade between the first two."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from engine.enums import FitMode
from engine.fit import fit
from engine.frame import Frame, Image
from engine.look_fade import LookFade
from engine.show import OutputState
from engine.transition import PictureFade

# From the held picture to the input, and back once pictures come again.
FADE_S = 0.5
# The highest value of the parameter: the last picture is held for ever.
HOLD_FOR_EVER_S = 60.0
# Dark enough for a stage, light enough not to be taken for a dead cable.
STANDBY_LEVEL = 20


def wants_bypass(owed_since_s: float | None, now_s: float, bypass_after_s: float) -> bool:
    """Whether the input is to be shown instead of a picture that is long due.

    owed_since_s: since when a picture should have come; None while none is owed.
    """
    if owed_since_s is None or bypass_after_s >= HOLD_FOR_EVER_S:
        return False
    return now_s - owed_since_s >= bypass_after_s


def next_amount(amount: float, is_wanted: bool, elapsed_s: float, fade_s: float = FADE_S) -> float:
    """How much of the input, or of black, is shown, 0-1, `elapsed_s` after it was `amount`."""
    target, step = float(is_wanted), elapsed_s / fade_s if fade_s > 0 else 1.0
    if abs(target - amount) <= step + 1e-6:  # the sum of many steps may be short by a trifle
        return target
    return amount + step if is_wanted else amount - step


class Picture:
    """What is shown, from the state and the newest pictures. Not thread-safe.

    Outside a fade nothing is allocated but one black picture.
    """

    def __init__(self) -> None:
        self._painted: Frame | None = None
        self._look_fade = LookFade()
        self._lit: Frame | None = None  # what is shown but for the blackout
        self._shown: Frame | None = None
        self._black: Frame | None = None
        self._under_black = OutputState.LIVE  # the state that a blackout covers

    def show(
        self,
        state: OutputState,
        painted: Frame | None,
        bypass: Frame | None,
        bypass_amount: float = 0.0,
        black_amount: float | None = None,
        fade: PictureFade | None = None,
    ) -> Frame | None:
        """The next output; None as long as there has been no picture at all.

        painted: what came since the last call, if anything. bypass: the newest input.
        bypass_amount: how far LIVE has faded to it, 0-1. black_amount: how dark it is, 0-1; None:
        as the state says. fade: the transition between two looks that is under way.
        """
        self._painted = painted or self._painted
        led_over = self._look_fade.show(self._painted, fade)
        if state is OutputState.FREEZE and self._shown is not None:
            self._lit, self._under_black = self._shown, state
            return self._shown
        is_black = state is OutputState.BLACKOUT
        self._under_black = self._under_black if is_black else state
        self._lit = self._choose(led_over, bypass, bypass_amount) or (bypass if is_black else None)
        self._shown = self._darkened(is_black if black_amount is None else black_amount)
        return self._shown

    def _choose(self, painted: Frame | None, bypass: Frame | None, amount: float) -> Frame | None:
        if self._under_black is OutputState.FREEZE and self._lit is not None:
            return self._lit
        if self._under_black is OutputState.BYPASS:
            return bypass or painted
        if bypass is None or amount == 0.0:
            return painted
        if painted is None or amount == 1.0:
            return bypass
        return _mixed(painted, bypass, amount)

    def _darkened(self, amount: float) -> Frame | None:
        frame = self._lit
        if frame is None or amount == 0.0:
            return frame
        if amount < 1.0:
            image = cv2.convertScaleAbs(frame.image, alpha=1.0 - amount)
            return frame.with_image(cast("Image", image))
        if self._black is None or self._black.image.shape != frame.image.shape:
            self._black = frame.with_image(np.zeros_like(frame.image))
        return self._black


def standby(width_px: int, height_px: int, state: OutputState, now_s: float) -> Frame:
    """A calm dark picture for the time before the first one: sequence -1."""
    level = 0 if state is OutputState.BLACKOUT else STANDBY_LEVEL
    return Frame(np.full((height_px, width_px, 3), level, np.uint8), -1, now_s)


def _mixed(painted: Frame, bypass: Frame, amount: float) -> Frame:
    """`amount` of the input over the picture, in the picture's size; the input's moment."""
    image = fit(bypass.image, painted.width_px, painted.height_px, FitMode.STRETCH)
    mixed = cv2.addWeighted(image, amount, painted.image, 1.0 - amount, 0.0)
    return bypass.with_image(cast("Image", mixed))
