"""Does one thing after another to a picture, and makes no more than one new picture of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.frame import Image

# Reads the first picture, fills the second; both RGB uint8 HWC of the same size.
Step = Callable[[Image, Image], object]


class Chain:
    """Keeps two pictures for what lies between. Thread: the render thread."""

    def __init__(self) -> None:
        self._between: tuple[Image, ...] = ()

    def run(self, image: Image, steps: Sequence[Step]) -> Image:
        """Returns: `image` itself without steps; else a new picture that the last step filled."""
        for index, step in enumerate(steps, start=1):
            out = (
                np.empty(image.shape, np.uint8)
                if index == len(steps)
                else self._scratch(index, image)
            )
            step(image, out)
            image = out
        return image

    def _scratch(self, index: int, image: Image) -> Image:
        if not self._between or self._between[0].shape != image.shape:
            self._between = (new_like(image), new_like(image))
        return self._between[index % 2]


def new_like(image: Image) -> Image:
    """A picture of the same size with nothing in it yet; contiguous, whatever `image` is."""
    return np.empty(image.shape, np.uint8)
