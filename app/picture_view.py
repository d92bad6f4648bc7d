"""Paints the newest picture, as large as fits. Scaling happens only when the picture changes."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF, Qt, Slot
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.engine_names import Frame
from app.scaling import Placement, Scaling, placement
from app.theme import THEME, text_font


class PictureView(QWidget):
    """A picture on black, letterboxed unless it is told otherwise.

    The QImage lies over the pixels themselves, which this widget keeps alive: nothing is copied
    but the one resize to the screen's size, which OpenCV does outside Python's lock.
    """

    def __init__(self, name: str, waiting: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.frame: Frame | None = None
        self.scaling, self.is_smooth = Scaling.FIT, True
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
        ratio = self.devicePixelRatioF()
        place = self._placement(self.frame).place
        left_top = QPointF(place.topLeft()) / ratio
        return QRectF(left_top, QSizeF(place.size()) / ratio).toAlignedRect()

    @Slot(object, bool)
    def set_scaling(self, scaling: Scaling, is_smooth: bool) -> None:
        """How the picture fills the view, and whether its pixels are rounded off or left square."""
        self.scaling, self.is_smooth = scaling, is_smooth
        self._pixels = None
        self.update()

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
        ratio = self.devicePixelRatioF()
        part, place = self._placement(self.frame)
        if place.isEmpty():
            return
        if self._pixels is None:
            self._pixels = scaled_pixels(
                cut(self.frame.image, part), place.width(), place.height(), self.is_smooth
            )
        image = image_over(self._pixels)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(place.topLeft()) / ratio, image)

    def _placement(self, frame: Frame) -> Placement:
        """In px of the screen, which on a dense one are smaller than the window's."""
        view = (QSizeF(self.size()) * self.devicePixelRatioF()).toSize()
        return placement(QSize(frame.width_px, frame.height_px), view, self.scaling)

    def _paint_waiting(self, painter: QPainter) -> None:
        painter.setPen(THEME.color("faint"))
        painter.setFont(text_font(THEME.text_px))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._waiting)


def cut(image: np.ndarray, part: QRect) -> np.ndarray:
    """A view on a part of a picture."""
    return image[part.top() : part.top() + part.height(), part.left() : part.left() + part.width()]


def scaled_pixels(
    image: np.ndarray, width_px: int, height_px: int, is_smooth: bool = True
) -> np.ndarray:
    """RGB uint8 HWC at another size, contiguous; the same array when nothing is to be done."""
    if image.shape[:2] == (height_px, width_px):
        return np.ascontiguousarray(image)
    is_much_smaller = 2 * width_px < image.shape[1]  # below, linear would flicker
    smooth = cv2.INTER_AREA if is_much_smaller else cv2.INTER_LINEAR
    method = smooth if is_smooth else cv2.INTER_NEAREST
    return cv2.resize(image, (max(1, width_px), max(1, height_px)), interpolation=method)


def image_over(pixels: np.ndarray) -> QImage:
    """A QImage on a contiguous array's own memory; the caller keeps that alive while it's used."""
    height_px, width_px = pixels.shape[:2]
    return QImage(pixels.data, width_px, height_px, pixels.strides[0], QImage.Format.Format_RGB888)
