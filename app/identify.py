"""A large number on every display for three seconds, so that people can tell them apart."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.displays import Display, list_displays
from app.theme import THEME, text_font

SHOWN_MS = 3000
CARD_PX = 320


class Identify(QObject):
    """Thread: main. Asked again while the numbers are shown, it begins anew."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.cards: list[DisplayCard] = []
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)

    @Slot()
    def show(self) -> None:
        self.hide()
        self.cards = [DisplayCard(display) for display in list_displays()]
        for card in self.cards:
            card.show()
        self._timer.start()

    @Slot()
    def hide(self) -> None:
        """At once."""
        self._timer.stop()
        for card in self.cards:
            card.close()
            card.deleteLater()
        self.cards = []


class DisplayCard(QWidget):
    """The number, name and size of one display, over everything, in its middle."""

    def __init__(self, display: Display) -> None:
        super().__init__(
            None,
            Qt.WindowType.ToolTip  # no window manager places it, no task bar lists it
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.display = display
        self.setAccessibleName(f"Display {display.label}")
        self.setScreen(display.screen)
        self.resize(CARD_PX, CARD_PX)
        self.move(display.screen.geometry().center() - self.rect().center())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), THEME.color("surface"))
        painter.setPen(THEME.color("accent"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(THEME.color("text"))
        painter.setFont(_font(CARD_PX // 2))
        number = self.rect().adjusted(0, 0, 0, -CARD_PX // 4)
        painter.drawText(number, Qt.AlignmentFlag.AlignCenter, str(self.display.number))
        painter.setFont(_font(CARD_PX // 16))
        words = f"{self.display.name}\n{self.display.width_px}×{self.display.height_px}"
        name = self.rect().adjusted(0, CARD_PX * 11 // 16, 0, 0)
        painter.drawText(name, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, words)


def _font(size_px: int) -> QFont:
    """Of the card's own size, however large the window's text is."""
    font = text_font(size_px, is_bold=True)
    font.setPixelSize(size_px)
    return font
