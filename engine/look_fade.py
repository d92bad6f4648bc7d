"""Transitions on the picture: from the last picture of one look to the next look's pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import cv2
import numpy as np

from engine.enums import FitMode
from engine.fit import fit
from engine.frame import Frame, Image
from engine.transition import Instant, PictureFade, TransitionKind

SOFTNESS = 0.25  # of the wipe's edge, as a share of the whole range of luma
LEVELS = np.arange(256) / 255.0


def dissolve(old: Image, new: Image, progress: float) -> Image:
    """Both pictures over each other. RGB uint8 HWC of one size; progress: 0 is the old one."""
    return cast("Image", cv2.addWeighted(new, progress, old, 1.0 - progress, 0.0))


def luma_wipe(old: Image, new: Image, progress: float) -> Image:
    """The new picture comes up in the dark places of the old one first, behind a soft edge.

    RGB uint8 HWC of one size; progress: 0 is the old picture, 1 the new one.
    """
    share = np.clip((progress * (1.0 + SOFTNESS) - LEVELS) / SOFTNESS, 0.0, 1.0)
    of_level = np.round(share * 255.0).astype(np.uint8)
    mask = cv2.merge([cv2.LUT(cv2.cvtColor(old, cv2.COLOR_RGB2GRAY), of_level)] * 3)
    shown = cv2.multiply(new, mask, scale=1.0 / 255.0)
    return cast("Image", cv2.add(shown, cv2.multiply(old, 255 - mask, scale=1.0 / 255.0)))


MIXES: dict[TransitionKind, Callable[[Image, Image, float], Image]] = {
    TransitionKind.DISSOLVE: dissolve,
    TransitionKind.LUMA_WIPE: luma_wipe,
}


class LookFade:
    """Holds the picture that a transition leads away from. Not thread-safe.

    Outside a transition it hands on what it is given.
    """

    def __init__(self) -> None:
        self._since: Instant | None = None
        self._held: Frame | None = None
        self._shown: Frame | None = None

    def show(self, newest: Frame | None, fade: PictureFade | None) -> Frame | None:
        """The newest picture, or what a transition makes of it; the newest one's moment."""
        if fade is None:
            self._since = self._held = None
        elif fade.since != self._since:
            self._since, self._held = fade.since, self._shown
        self._shown = self._mixed(newest, fade)
        return self._shown

    def _mixed(self, newest: Frame | None, fade: PictureFade | None) -> Frame | None:
        if newest is None or fade is None or self._held is None:
            return newest
        old = fit(self._held.image, newest.width_px, newest.height_px, FitMode.STRETCH)
        return newest.with_image(MIXES[fade.kind](old, newest.image, fade.progress))
