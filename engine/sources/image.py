"""A still picture as an endless source, so that every control can be tried on it."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image as PillowImage

from engine.errors import SourceError
from engine.file_names import expanded
from engine.frame import Image
from engine.sources.base import Capture, SourceInfo

FPS_HZ = 30.0
MAX_PIXELS = 2**28  # a gigabyte when decoded; more is a mistake or an attack
LARGEST_SIDE_PX = 4096  # larger ones are made smaller once, not for every frame


class ImageSource:
    """One PNG, JPEG, WebP … again and again at 30 fps; of an animation the first picture.

    Owned by one thread.
    """

    is_live = False

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = expanded(path)
        self._image: Image | None = None
        self._index = 0

    def open(self) -> SourceInfo:
        self._image = load_image(self._path)
        self._index = 0
        height_px, width_px = self._image.shape[:2]
        description = f"{width_px}×{height_px} still picture"
        return SourceInfo(f"picture {self._path.name}", width_px, height_px, FPS_HZ, description)

    def read(self) -> Capture:
        if self._image is None:
            raise SourceError(f"The picture {self._path} is not open; start the source again.")
        time_s = self._index / FPS_HZ
        self._index += 1
        return Capture(self._image, time_s)

    def close(self) -> None:
        self._image = None


def load_image(path: Path) -> Image:
    """Decode a picture upright (EXIF) as read-only RGB uint8; transparency lies on black.

    One larger than LARGEST_SIDE_PX is made smaller.
    Errors: SourceError when the file is missing, unreadable, no picture or beyond MAX_PIXELS.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SourceError(f"Can't read the picture {path}: {reason}; check the path.") from error
    _check_size(path)
    image = _decode(data)
    if image is None:
        raise SourceError(
            f"{path} is damaged or not a picture; use a PNG, JPEG, WebP, BMP or TIFF file."
        )
    image = _reduced(image)
    image.flags.writeable = False
    return image


def _check_size(path: Path) -> None:
    """Look at the size that the file claims before any memory is taken for it."""
    try:
        with warnings.catch_warnings(), PillowImage.open(path) as header:
            warnings.simplefilter("ignore", PillowImage.DecompressionBombWarning)
            width_px, height_px = header.size
    except PillowImage.DecompressionBombError:
        width_px, height_px = MAX_PIXELS, 2
    except (OSError, ValueError, SyntaxError):  # whether it is a picture at all is found out later
        return
    if width_px * height_px > MAX_PIXELS:
        raise SourceError(
            f"{path} is too large: at most {MAX_PIXELS // 10**6} million pixels; save it smaller."
        )


def _reduced(image: Image) -> Image:
    scale = LARGEST_SIDE_PX / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cast("Image", cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _decode(data: Image) -> Image | None:
    if data.size == 0:
        return None
    try:
        colour = cast("Image | None", cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))
        whole = cast("Image | None", cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
    except cv2.error:  # a header that promises an impossible picture
        return None
    if colour is None or whole is None or whole.shape[2:] != (4,):
        return colour
    # Unlike the colours, the mask is not turned by EXIF.
    if whole.shape[:2] != colour.shape[:2]:
        return colour
    alpha = whole[..., 3:].astype(np.float32) / np.iinfo(whole.dtype).max
    return np.rint(colour * alpha).astype(np.uint8)
