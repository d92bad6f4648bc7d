"""Whether the rate is held, and what is painted less for it: a shape, the rate, a few words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.engine_names import Holding
from app.shortcuts import key_of
from app.theme import THEME, set_state, text_font

WIDEST = "8 of 8 steps"
HELD, LOWERED, MISSED, OFF = "●", "▼", "▲", "○"
HELP = "The rate of new pictures that is held, and what is painted less than set for it"


class HoldLamp(QWidget):
    """A cell of the figures in the top bar. Signal: pressed, to choose a rate."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rate_hz = 0.0
        self.value, self.words = QLabel(), QLabel()
        self.value.setFont(text_font(THEME.text_px, is_bold=True))
        self.words.setProperty("role", "caption")
        self.words.setFont(text_font(THEME.small_px))
        self.words.setMinimumWidth(self.words.fontMetrics().horizontalAdvance(WIDEST))
        self.setFixedHeight(36)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for label, height_px in ((self.value, 19), (self.words, 17)):
            label.setFixedHeight(height_px)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        self.show_holding(Holding())

    @property
    def is_on(self) -> bool:
        return self._rate_hz > 0

    def show_rate(self, rate_hz: float) -> None:
        """What is wanted from now on; of what is painted for it nothing is known yet."""
        if rate_hz != self._rate_hz:
            self.show_holding(Holding(rate_hz))

    def rest(self) -> None:
        """Nothing runs."""
        self.show_holding(Holding(self._rate_hz))

    def show_holding(self, holding: Holding) -> None:
        self._rate_hz = holding.target_hz
        shape, words = _told(holding)
        rate = f"{holding.target_hz:.0f}" if self.is_on else "off"
        self._say(f"{shape} {rate}", words, "warning" if shape == MISSED else "")
        self.setToolTip(f"{HELP}: {holding.lowered or 'nothing'}   ({key_of('hold')})")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pressed.emit()
        event.accept()

    def _say(self, value: str, words: str, state: str) -> None:
        for label, text in ((self.value, value), (self.words, words)):
            if label.text() != text:
                label.setText(text)
            set_state(label, state)
        self.setAccessibleName(f"Hold a rate: {value[2:]}, {words}")


def _told(holding: Holding) -> tuple[str, str]:
    """A shape and words; of several things the last one taken away, which weighs most."""
    if not holding.target_hz:
        return OFF, "hold"
    if not holding.judged_s:
        return HELD, "hold"
    if not holding.is_held:
        return MISSED, "not held"
    if holding.lowered:
        return LOWERED, holding.lowered.rpartition(", ")[2]
    return HELD, "held"
