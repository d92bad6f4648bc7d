"""A slider on a parameter's own scale: drag, wheel, arrows; double-click for the default."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from app.engine_names import Parameter
from app.theme import THEME, scaled

TRAVEL = 1000
HANDLE_PX = 12
STEP_KEYS = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
}  # fmt: skip


class Fader(QSlider):
    """The travel of one numeric parameter.

    Signal: value_edited(value) only when a person moves it, never from `show_value`.
    """

    value_edited = Signal(float)
    handle_px = HANDLE_PX

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, TRAVEL)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(parameter.label)
        self._parameter = parameter
        self._value = float(parameter.default)
        self.moved: float | None = None

    def show_moved(self, value: float | None) -> None:
        """Where it is moved to by itself, as a thin mark of its own; None when nothing does."""
        if value != self.moved:
            self.moved = value
            self.update()

    def show_value(self, value: float) -> None:
        """Follow the engine."""
        self._value = value
        self.setValue(round(self._parameter.to_position(value) * TRAVEL))
        self.update()

    def step_by(self, steps: float) -> None:
        """Move by so many of the parameter's own steps."""
        self._edit(self._value + steps * self._parameter.step)

    def reset(self) -> None:
        """Back to the default."""
        self._edit(float(self._parameter.default))

    @property
    def travel_px(self) -> tuple[float, float]:
        """Where the handle's centre is at both ends."""
        half_px = scaled(self.handle_px) / 2
        return half_px, self.width() - half_px

    def sizeHint(self) -> QSize:
        return QSize(120, 24)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 24)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._edit_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._edit_at(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.step_by(event.angleDelta().y() / 120)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ends = {Qt.Key.Key_Home: self._parameter.minimum, Qt.Key.Key_End: self._parameter.maximum}
        if event.key() in STEP_KEYS:
            self.step_by(STEP_KEYS[Qt.Key(event.key())])
        elif event.key() in ends:
            self._edit(ends[Qt.Key(event.key())])
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, (start, end) = self.height() / 2, self.travel_px
        handle = QPointF(start + (end - start) * self._parameter.to_position(self._value), middle)
        is_lit = self.hasFocus() or self.underMouse()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(THEME.color("line"))
        painter.drawRoundedRect(QRectF(start, middle - 2, end - start, 4), 2, 2)
        painter.setBrush(THEME.color("accent" if is_lit else "dim"))
        painter.drawRoundedRect(QRectF(start, middle - 2, handle.x() - start, 4), 2, 2)
        painter.setPen(QPen(THEME.color("surface"), 2))
        painter.setBrush(THEME.color("accent" if is_lit else "text"))
        painter.drawEllipse(handle, start, start)
        if self.moved is not None:
            x = start + (end - start) * self._parameter.to_position(self.moved)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(THEME.color("accent"))
            painter.drawRect(QRectF(x - 1, middle - 9, 2, 18))

    def _edit_at(self, x_px: float) -> None:
        start, end = self.travel_px
        travel = (x_px - start) / max(1.0, end - start)
        value = self._parameter.from_position(min(1.0, max(0.0, travel)))
        steps = round((value - self._parameter.minimum) / self._parameter.step)
        self._edit(self._parameter.minimum + steps * self._parameter.step)

    def _edit(self, value: float) -> None:
        value = self._parameter.clamp(round(value, 6))
        if value != self._value:
            self.show_value(value)
            self.value_edited.emit(value)
