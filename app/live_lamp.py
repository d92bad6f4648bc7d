"""What the audience gets, in one word and one shape."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.engine_link import OutputState
from app.theme import THEME, text_font

WORDS = {
    OutputState.LIVE: "LIVE",
    OutputState.FREEZE: "FROZEN",
    OutputState.BYPASS: "BYPASS",
    OutputState.BLACKOUT: "BLACKOUT",
}
STOPPED = "STOPPED"
SHAPE_PX, GAP_PX = 10, 7


class LiveLamp(QWidget):
    """● LIVE in the accent colour; any other state as a block of the warning colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.word = STOPPED
        self.setFixedSize(QSize(104, 28))

    def show_state(self, state: OutputState | None) -> None:
        """None: the show is stopped."""
        self.word = STOPPED if state is None else WORDS[state]
        self.setAccessibleName(f"Output: {self.word.lower()}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_live, is_stopped = self.word == "LIVE", self.word == STOPPED
        fill = QColor(0, 0, 0, 0) if is_live or is_stopped else THEME.color("warning")
        ink = "accent" if is_live else "dim" if is_stopped else "on_warning"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()), THEME.radius_px, THEME.radius_px)
        painter.setBrush(THEME.color(ink))
        painter.setFont(text_font(13, is_bold=True))
        words_px = painter.fontMetrics().horizontalAdvance(self.word)
        left = (self.width() - SHAPE_PX - GAP_PX - words_px) / 2
        shape = QRectF(left, (self.height() - SHAPE_PX) / 2, SHAPE_PX, SHAPE_PX)
        (painter.drawEllipse if is_live else painter.drawRect)(shape)
        painter.setPen(THEME.color(ink))
        words = QRectF(self.rect()).adjusted(left + SHAPE_PX + GAP_PX, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.word)
