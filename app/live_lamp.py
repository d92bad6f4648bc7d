"""What the audience gets, in one word and one shape."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.engine_names import OutputState, Stats
from app.theme import THEME, scaled, text_font

WORDS = {
    OutputState.LIVE: "LIVE",
    OutputState.FREEZE: "FROZEN",
    OutputState.BYPASS: "BYPASS",
    OutputState.BLACKOUT: "BLACKOUT",
}
STOPPED = "STOPPED"
HELD = "AUTO BYPASS"
SHAPE_PX, GAP_PX = 10, 7


class LiveLamp(QWidget):
    """● LIVE in the accent colour; any other state as a block of the warning colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.word = STOPPED
        self._state: OutputState | None = None
        self._is_faded = False
        self.setFixedSize(QSize(124, 28))

    @Slot(object)
    def show_state(self, state: OutputState | None) -> None:
        """None: the show is stopped."""
        self._state = state
        self._say()

    @Slot(object)
    def show_stats(self, stats: Stats) -> None:
        """The input comes through by itself while the model paints nothing."""
        self._is_faded = stats.bypass_amount > 0.0
        self._say()

    def _say(self) -> None:
        word = STOPPED if self._state is None else WORDS[self._state]
        if self._state is OutputState.LIVE and self._is_faded:
            word = HELD
        if word != self.word:
            self.word = word
            self.setAccessibleName(f"Output: {word.lower()}")
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
        shape_px = scaled(SHAPE_PX)
        words_px = painter.fontMetrics().horizontalAdvance(self.word)
        left = (self.width() - shape_px - GAP_PX - words_px) / 2
        shape = QRectF(left, (self.height() - shape_px) / 2, shape_px, shape_px)
        (painter.drawEllipse if is_live else painter.drawRect)(shape)
        painter.setPen(THEME.color(ink))
        words = QRectF(self.rect()).adjusted(left + shape_px + GAP_PX, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.word)
