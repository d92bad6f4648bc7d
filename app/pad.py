"""One preset pad: picture, name, key; a ring and a triangle while it plays."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.theme import THEME, text_font

INSET_PX = 7


class Pad(QAbstractButton):
    """A look under one finger. Checked while it plays.

    Signals: fired(index) when a person presses it; menu_wanted(index, place on the screen).
    """

    fired = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, index: int, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(THEME.touch_px, THEME.touch_px)
        self.index = index
        self.key = key
        self._thumbnail = QPixmap()
        self._color = THEME.color("raised")
        self.show_preset("", "")

    def show_preset(self, name: str, colour: str) -> None:
        """Take another look; an empty name leaves the pad free."""
        self.setText(name)
        self.setEnabled(bool(name))
        self._color = QColor(colour) if colour else THEME.color("surface")
        self.setAccessibleName(f"Pad {self.key}: {name or 'free'}")
        self.setToolTip(f"{name}   (key {self.key})" if name else "")
        self.update()

    def show_thumbnail(self, thumbnail: QPixmap) -> None:
        self._thumbnail = thumbnail
        self.update()

    def nextCheckState(self) -> None:
        """What plays is decided by whoever hears of it, not by the click."""
        self.fired.emit(self.index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self.index, event.globalPos())

    def sizeHint(self) -> QSize:
        return QSize(96, 66)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        outline = QPainterPath()
        outline.addRoundedRect(
            QRectF(self.rect()).adjusted(2, 2, -2, -2), THEME.radius_px, THEME.radius_px
        )
        painter.save()
        painter.setClipPath(outline)
        self._paint_face(painter)
        if self.text():
            self._paint_words(painter)
        painter.restore()
        self._paint_ring(painter, outline)

    def _paint_face(self, painter: QPainter) -> None:
        if self._thumbnail.isNull():
            painter.fillRect(self.rect(), _fade(self.rect(), self._color))
        else:
            painter.drawPixmap(self.rect(), self._thumbnail, self._visible_part())
        if self.underMouse() and self.isEnabled():
            painter.fillRect(self.rect(), QColor(255, 255, 255, 22))
        if self.isDown():
            painter.fillRect(self.rect(), QColor(255, 255, 255, 40))

    def _visible_part(self) -> QRect:
        """The largest part of the thumbnail with the pad's own aspect."""
        size = self.size().scaled(self._thumbnail.size(), Qt.AspectRatioMode.KeepAspectRatio)
        part = QRect(0, 0, size.width(), size.height())
        part.moveCenter(self._thumbnail.rect().center())
        return part

    def _paint_words(self, painter: QPainter) -> None:
        shade = QLinearGradient(0, self.height() * 0.35, 0, self.height())
        shade.setColorAt(0, QColor(0, 0, 0, 0))
        shade.setColorAt(1, QColor(0, 0, 0, 215))
        painter.fillRect(self.rect(), shade)
        painter.fillRect(QRect(0, self.height() - 5, self.width(), 5), self._color)
        name = self.rect().adjusted(INSET_PX, 0, -INSET_PX, -8)
        painter.setPen(THEME.color("text"))
        painter.setFont(text_font(13, is_bold=True))
        if painter.fontMetrics().horizontalAdvance(self.text()) > name.width():
            painter.setFont(text_font(12, is_bold=True))
        text = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, name.width()
        )
        painter.drawText(name, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text)
        self._paint_key(painter)

    def _paint_key(self, painter: QPainter) -> None:
        painter.setFont(text_font(11, is_bold=True))
        width = painter.fontMetrics().horizontalAdvance(self.key) + 9
        box = QRectF(INSET_PX - 2, INSET_PX - 2, max(width, 17), 17)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(THEME.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.key)

    def _paint_ring(self, painter: QPainter, outline: QPainterPath) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(THEME.color("accent"), 3))
            painter.drawPath(outline)
            self._paint_playing(painter)
        elif self.hasFocus():
            painter.setPen(QPen(THEME.color("text"), 2, Qt.PenStyle.DotLine))
            painter.drawPath(outline)
        else:
            painter.setPen(QPen(THEME.color("line"), 1))
            painter.drawPath(outline)

    def _paint_playing(self, painter: QPainter) -> None:
        """A play triangle in the corner: the state without colour."""
        right, top = self.width() - INSET_PX - 3.0, INSET_PX - 2.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(THEME.color("accent"))
        painter.drawRoundedRect(QRectF(right - 14, top, 17, 17), 4, 4)
        painter.setBrush(THEME.color("on_accent"))
        middle = top + 8.5
        painter.drawPolygon(
            QPolygonF(
                [
                    QPointF(right - 9, middle - 5),
                    QPointF(right - 9, middle + 5),
                    QPointF(right, middle),
                ]
            )
        )


def _fade(rect: QRect, color: QColor) -> QLinearGradient:
    gradient = QLinearGradient(rect.topLeft(), rect.bottomRight())
    gradient.setColorAt(0, color)
    gradient.setColorAt(1, color.darker(320))
    return gradient
