"""One pad: picture, name, key; a ring and a triangle on air, a dashed ring and a word waiting."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QWidget

from app.theme import THEME, scaled, text_font, text_scale

INSET_PX = 7
TAG_PX = 17
PAD_MIME = "application/x-reverie-pad"  # its index, as text
WAITING = "WAITS"
ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class Pad(QAbstractButton):
    """A look under one finger. Checked while it is on air.

    Signals: fired(index) when a person presses it, fired_otherwise(index) with Ctrl;
    menu_wanted(index, place on the screen).
    """

    fired = Signal(int)
    fired_otherwise = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, index: int, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(THEME.touch_px, THEME.touch_px)
        self.index = index
        self.key = key
        self.is_waiting = False
        self._thumbnail = QPixmap()
        self._color = THEME.color("raised")
        self._pressed_at = QPoint()
        self._is_otherwise = False
        self.show_look("", "", "")

    def show_look(self, name: str, colour: str, transition: str) -> None:
        """Take another look; an empty name leaves the pad free. transition: in words, if any."""
        self.setText(name)
        self._color = QColor(colour) if colour else THEME.color("surface")
        lines = [f"{name}   (key {self.key})", transition] if name else [f"Free pad {self.key}"]
        self.setToolTip("\n".join([line for line in lines if line] + ["Right click: edit"]))
        self._tell()

    def show_state(self, is_on_air: bool, is_waiting: bool) -> None:
        """Whether its look plays, or will on the next beat or bar."""
        if (is_on_air, is_waiting) != (self.isChecked(), self.is_waiting):
            self.setChecked(is_on_air)
            self.is_waiting = is_waiting
            self._tell()  # not at every step of a crossfade: painting all pads takes 5 ms

    def _tell(self) -> None:
        """The same in words, for those who can't see it."""
        state = " waits" if self.is_waiting else " on air" if self.isChecked() else ""
        self.setAccessibleName(f"Pad {self.key}: {self.text() or 'free'}{state}")
        self.update()

    def show_thumbnail(self, thumbnail: QPixmap) -> None:
        self._thumbnail = thumbnail
        self.update()

    def nextCheckState(self) -> None:
        """What plays is decided by whoever hears of it, not by the click."""
        (self.fired_otherwise if self._is_otherwise else self.fired).emit(self.index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position().toPoint()
        self._is_otherwise = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Far enough with the button down: the look is taken along, to another pad."""
        way = event.position().toPoint() - self._pressed_at
        if not self.isDown() or way.manhattanLength() < QApplication.startDragDistance():
            return
        self.setDown(False)
        if self.text():
            self._drag()

    def _drag(self) -> None:
        mime = QMimeData()
        mime.setData(PAD_MIME, str(self.index).encode())
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(self.grab().scaledToWidth(self.width() * 2 // 3))
        drag.exec(Qt.DropAction.MoveAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter as well as Space; Ctrl as with the mouse."""
        self._is_otherwise = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in ARROWS:
            event.ignore()  # the grid knows its neighbours
        else:
            super().keyPressEvent(event)

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
        self._paint_key(painter)
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

    def _paint_key(self, painter: QPainter) -> None:
        painter.setFont(text_font(11, is_bold=True))
        width = painter.fontMetrics().horizontalAdvance(self.key) + 9
        side = scaled(17)
        box = QRectF(INSET_PX - 2, INSET_PX - 2, max(width, side), side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(THEME.color("text" if self.text() else "faint"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.key)

    def _paint_ring(self, painter: QPainter, outline: QPainterPath) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked():
            painter.setPen(QPen(THEME.color("accent"), 3))
            painter.drawPath(outline)
            self._paint_playing(painter)
        elif self.is_waiting:
            painter.setPen(QPen(THEME.color("accent"), 3, Qt.PenStyle.DashLine))
            painter.drawPath(outline)
            self._paint_waiting(painter)
        elif self.hasFocus():
            painter.setPen(QPen(THEME.color("text"), 2, Qt.PenStyle.DotLine))
            painter.drawPath(outline)
        else:
            painter.setPen(QPen(THEME.color("line"), 1))
            painter.drawPath(outline)

    def _paint_playing(self, painter: QPainter) -> None:
        """A play triangle in the corner: the state without colour."""
        painter.save()
        painter.translate(self.width() - INSET_PX, INSET_PX - 2.0)
        painter.scale(text_scale(), text_scale())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(THEME.color("accent"))
        painter.drawRoundedRect(QRectF(-17, 0, 17, 17), 4, 4)
        painter.setBrush(THEME.color("on_accent"))
        painter.drawPolygon(QPolygonF([QPointF(-12, 3.5), QPointF(-12, 13.5), QPointF(-3, 8.5)]))
        painter.restore()

    def _paint_waiting(self, painter: QPainter) -> None:
        """The word in the corner where the triangle will be."""
        painter.setFont(text_font(11, is_bold=True))
        width = painter.fontMetrics().horizontalAdvance(WAITING) + 10
        box = QRectF(self.width() - INSET_PX - width, INSET_PX - 2, width, scaled(TAG_PX))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(THEME.color("accent"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(THEME.color("on_accent"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, WAITING)


def _fade(rect: QRect, color: QColor) -> QLinearGradient:
    gradient = QLinearGradient(rect.topLeft(), rect.bottomRight())
    gradient.setColorAt(0, color)
    gradient.setColorAt(1, color.darker(320))
    return gradient
