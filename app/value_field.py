"""A value as text: type and press Enter, wheel or arrows to step, double-click for the default."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.engine_names import Parameter


class ValueField(QLineEdit):
    """The number of one parameter, editable.

    Signals: value_edited(value) when a person sets an allowed one; refused(sentence) when not.
    """

    value_edited = Signal(object)
    refused = Signal(str)

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "value")
        self.setAccessibleName(f"{parameter.label} value")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._parameter = parameter
        self._value = float(parameter.default)
        self.returnPressed.connect(self._apply)

    def show_value(self, value: float) -> None:
        """Follow the engine, but never overwrite what is being typed."""
        self._value = value
        if not (self.hasFocus() and self.isModified()):
            self.setText(format_value(self._parameter, value))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._revert()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._edit(self._parameter.default)
        self.selectAll()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._step(event.angleDelta().y() / 120)
        event.accept()

    def event(self, event: QEvent) -> bool:
        return (self.isModified() and claims_escape(event)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10,
                 Qt.Key.Key_PageDown: -10}  # fmt: skip
        if event.key() in steps:
            self._step(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self.isModified():
            self._revert()
        else:
            super().keyPressEvent(event)

    def _apply(self) -> None:
        self._edit(self.text().strip())
        self.clearFocus()  # the digit keys play pads again

    def _step(self, steps: float) -> None:
        self._edit(self._parameter.clamp(round(self._value + steps * self._parameter.step, 6)))

    def _edit(self, value: object) -> None:
        try:
            allowed = self._parameter.parse(value)
        except ValueError as error:
            self.refused.emit(str(error))
            self._revert()
            return
        self.setModified(False)
        self.show_value(float(allowed))
        self.value_edited.emit(allowed)

    def _revert(self) -> None:
        self.setText(format_value(self._parameter, self._value))
        self.setModified(False)


def claims_escape(event: QEvent) -> bool:
    """Keep Esc for the field that is being typed in: the window's own Esc must wait."""
    is_claimed = (
        event.type() is QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape  # type: ignore[attr-defined]
    )
    if is_claimed:
        event.accept()
    return is_claimed


def format_value(parameter: Parameter, value: float) -> str:
    """As many decimals as the parameter's step has; whole numbers without."""
    if parameter.kind is int:
        return str(int(value))
    decimals = len(f"{parameter.step:g}".partition(".")[2])
    return f"{value:.{max(2, decimals)}f}"
