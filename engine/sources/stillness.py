"""When a camera counts as frozen: a pure decision about pictures and their times."""

from __future__ import annotations

import numpy as np

from engine.frame import Image

LIMIT_S = 2.0
MIN_REPEATS = 8  # so that a camera of one picture a second isn't blamed
BLACK_LEVEL = 12  # below it a sensor's noise is cut off: a lid is no fault


class Stillness:
    """Watches for the same picture bit for bit, which a sensor with its noise never gives twice.

    It lives as long as its camera is wanted: one that is opened again and still shows the picture
    that it froze at is still frozen.
    """

    def __init__(self) -> None:
        self._image: Image | None = None
        self._since_s = 0.0
        self._repeats = 0

    def is_frozen(self, image: Image, now_s: float) -> bool:
        """Take note of a picture (RGB uint8 HWC); True once it has been the same for LIMIT_S."""
        if self._image is None or not np.array_equal(image, self._image):
            self._image, self._since_s, self._repeats = image, now_s, 0
            return False
        self._repeats += 1
        has_lasted = self._repeats >= MIN_REPEATS and now_s - self._since_s > LIMIT_S
        return has_lasted and not is_black(image)


def is_black(image: Image) -> bool:
    """Nothing to be seen: a lid, or a camera that isn't awake yet."""
    return int(image.max()) < BLACK_LEVEL
