"""The clean feed: the output alone, filling a screen. Nothing else ever appears on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent, QScreen
from PySide6.QtWidgets import QWidget

from app.picture_view import PictureView

CLOSING_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_F11)


class OutputWindow(PictureView):
    """Signal: close_wanted, by Esc, F11, a double click or the system.

    The keyboard stays with the window that plays, unless this one lies over it.
    """

    close_wanted = Signal()

    def __init__(self, player: QWidget) -> None:
        super().__init__("Output screen")
        self._player = player
        self.setWindowTitle("Reverie output")
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setCursor(Qt.CursorShape.BlankCursor)

    def fill(self, screen: QScreen) -> None:
        """Cover this screen, wherever it was before."""
        if self.isVisible():
            self.showNormal()  # a full-screen window can't be moved everywhere
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.showFullScreen()
        if self.is_over_player:
            self.activateWindow()

    @property
    def is_over_player(self) -> bool:
        return self.screen() is self._player.screen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in CLOSING_KEYS:
            self.close_wanted.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.close_wanted.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        is_taken = event.type() is QEvent.Type.ActivationChange and self.isActiveWindow()
        if is_taken and not self.is_over_player:
            self._player.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        if event.spontaneous():
            event.ignore()
            self.close_wanted.emit()
