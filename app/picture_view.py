"""Paints the newest picture, as large as fits. Scaling happens only when the picture changes."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.engine_names import Frame
from app.theme import THEME, text_font


class PictureView(QWidget):
    """A letterboxed picture on black.

    The QImage lies over the pixels themselves, which this widget keeps alive: nothing is copied
    but the one resize to the screen's size, which OpenCV does outside Python's lock.
    """

    def __init__(self, name: str, waiting: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.frame: Frame | None = None
        self._waiting = waiting
        self._pixels: np.ndarray | None = None  # as wide and high as on the screen

    @Slot(object)
    def show_frame(self, frame: Frame) -> None:
        """Show this picture from the next repaint on."""
        is_same_size = self.frame is not None and self.frame.image.shape == frame.image.shape
        self.frame = frame
        self._pixels = None
        self.update(self.picture_rect() if is_same_size else self.rect())

    def picture_rect(self) -> QRect:
        """Where the picture lies, in this widget's own px; empty without a picture."""
        if self.frame is None:
            return QRect()
        size = QSize(self.frame.width_px, self.frame.height_px)
        size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        rect = QRect(0, 0, size.width(), size.height())
        rect.moveCenter(self.rect().center())
        return rect

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 90)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._pixels = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self.picture_rect().contains(event.rect()):
            painter.fillRect(self.rect(), THEME.color("stage"))
        if self.frame is None:
            self._paint_waiting(painter)
            return
        rect = self.picture_rect()
        if self._pixels is None:
            ratio = self.devicePixelRatioF()
            size_px = round(rect.width() * ratio), round(rect.height() * ratio)
            self._pixels = scaled_pixels(self.frame.image, *size_px)
        painter.drawImage(rect, image_over(self._pixels))

    def _paint_waiting(self, painter: QPainter) -> None:
        painter.setPen(THEME.color("faint"))
        painter.setFont(text_font(THEME.text_px))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._waiting)


def scaled_pixels(image: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """RGB uint8 HWC at another size; the same array when the size is the same."""
    if image.shape[:2] == (height_px, width_px):
        return image
    is_much_smaller = 2 * width_px < image.shape[1]  # below, linear would flicker
    method = cv2.INTER_AREA if is_much_smaller else cv2.INTER_LINEAR
    return cv2.resize(image, (max(1, width_px), max(1, height_px)), interpolation=method)


def image_over(pixels: np.ndarray) -> QImage:
    """A QImage on the array's own memory; the caller keeps the array alive while it's used."""
    pixels = np.ascontiguousarray(pixels)
    height_px, width_px = pixels.shape[:2]
    return QImage(pixels.data, width_px, height_px, pixels.strides[0], QImage.Format.Format_RGB888)
