"""The clean feed: the output alone, filling a screen. Nothing else ever appears on it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QMouseEvent, QScreen
from PySide6.QtWidgets import QWidget

from app.picture_view import PictureView

CLOSING_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_F11)


class OutputWindow(PictureView):
    """Esc, F11 or a double click close it. Signal: closed."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__("Output screen")
        self.setWindowTitle("Reverie output")
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setCursor(Qt.CursorShape.BlankCursor)

    def open_beside(self, window: QWidget) -> None:
        """Fill the first screen that the main window isn't on; else its own."""
        self.setScreen(_other_screen(window.screen()))
        self.setGeometry(self.screen().geometry())
        self.showFullScreen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in CLOSING_KEYS:
            self.close()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()


def _other_screen(present: QScreen) -> QScreen:
    return next((each for each in QGuiApplication.screens() if each is not present), present)
