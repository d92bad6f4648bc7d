"""While Learn is on, a click on anything that can be played chooses it instead of playing it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QWidget

CLICKS = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease)


class LearnClick(QObject):
    """Signal: chosen(address)."""

    chosen = Signal(str)

    def __init__(self, addresses: Mapping[QWidget, str], parent: QObject) -> None:
        """addresses: of every widget that stands for a target."""
        super().__init__(parent)
        self._addresses = addresses
        self._is_on = False

    @Slot(bool)
    def set_on(self, is_on: bool) -> None:
        app = QApplication.instance()
        if app is not None and is_on != self._is_on:
            self._is_on = is_on
            app.installEventFilter(self) if is_on else app.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in CLICKS or not isinstance(watched, QWidget):
            return False
        address = self._address_of(watched)
        if address and event.type() is QEvent.Type.MouseButtonPress:
            self.chosen.emit(address)
        return bool(address)

    def _address_of(self, widget: QWidget | None) -> str:
        while widget is not None:
            if widget in self._addresses:
                return self._addresses[widget]
            widget = widget.parentWidget()
        return ""
