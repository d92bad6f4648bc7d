"""Small pictures of looks: how large they are, and where those that Reverie brings along lie."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QPixmap

from app.engine_names import Bank, Frame
from app.picture_view import image_over, scaled_pixels
from app.theme import ASSETS

WIDTH_PX = 160
JPEG_QUALITY = 85


def make_thumbnail(frame: Frame) -> QPixmap:
    """A small copy, which doesn't hold the frame."""
    height_px = round(WIDTH_PX * frame.height_px / frame.width_px)
    return QPixmap.fromImage(image_over(scaled_pixels(frame.image, WIDTH_PX, height_px)))


def load_thumbnail(bank: Bank, name: str) -> QPixmap:
    """The shipped picture of a look; a null one where there is none."""
    path = _path_of(bank, name)
    return QPixmap(str(path)) if path.exists() else QPixmap()


def save_thumbnail(bank: Bank, name: str, picture: QPixmap) -> None:
    """Ship this picture with a look."""
    path = _path_of(bank, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(str(path), "JPG", JPEG_QUALITY)


def _path_of(bank: Bank, name: str) -> Path:
    slug = "-".join(name.lower().split())
    return ASSETS / "thumbnails" / bank.value / f"{slug}.jpg"
