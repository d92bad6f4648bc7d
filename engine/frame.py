"""The one kind of picture that travels between threads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # RGB, HWC, 0-255


@dataclass(frozen=True, slots=True)
class Frame:
    """An immutable picture with its place and time of capture.

    image: RGB uint8 HWC; made read-only here, so that every thread may share it.
    sequence: counts captured frames of one source from 0.
    captured_s: the engine clock's monotonic time at capture.
    Errors: ValueError for any other dtype or shape.
    """

    image: Image
    sequence: int
    captured_s: float

    def __post_init__(self) -> None:
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError(
                f"a frame is RGB uint8 of shape (H, W, 3), not {self.image.dtype} "
                f"{self.image.shape}"
            )
        self.image.flags.writeable = False

    @property
    def width_px(self) -> int:
        return self.image.shape[1]

    @property
    def height_px(self) -> int:
        return self.image.shape[0]

    def with_image(self, image: Image) -> Frame:
        """The same moment, repainted."""
        return Frame(image, self.sequence, self.captured_s)
