"""The crossfader: a fader with two ends and a middle, wide enough to be found in the dark."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.engine_names import TARGETS, DeckState
from app.fader import Fader
from app.theme import THEME, scaled

HEIGHT_PX = 32
RESTS = (0.0, 0.5, 1.0)  # where a double-click takes it: the nearest
BIG_STEPS = 10  # of the hundred that the travel has, for one press of a key


class Crossfader(Fader):
    """Deck A on the left, deck B on the right.

    Signal: value_edited(position 0-1) only when a person moves it.
    """

    handle_px = 18

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TARGETS["crossfade"].number_scale, parent)
        self.position = 0.0

    def show_value(self, value: float) -> None:
        self.position = value
        super().show_value(value)

    def go_to(self, position: float) -> None:
        """As if a hand had moved it there."""
        self._edit(position)

    def sizeHint(self) -> QSize:
        return QSize(240, scaled(HEIGHT_PX))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """To the end or the middle, whichever is nearest."""
        place = event.position().x() / max(1, self.width())
        self.go_to(min(RESTS, key=lambda rest: abs(rest - place)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, (start, end) = self.height() / 2, self.travel_px
        is_lit = self.isEnabled() and (self.hasFocus() or self.underMouse())
        painter.setPen(QPen(THEME.color("faint"), 1))
        for rest in RESTS:
            x = start + (end - start) * rest
            painter.drawLine(round(x), round(middle - 9), round(x), round(middle + 9))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(THEME.color("line"))
        painter.drawRoundedRect(QRectF(start, middle - 3, end - start, 6), 3, 3)
        self._paint_handle(painter, start + (end - start) * self.position, middle, is_lit)

    def _paint_handle(self, painter: QPainter, x: float, middle: float, is_lit: bool) -> None:
        face = "faint" if not self.isEnabled() else "accent" if is_lit else "text"
        painter.setPen(QPen(THEME.color("surface"), 2))
        painter.setBrush(THEME.color(face))
        wide_px, high_px = scaled(16), scaled(28)
        handle = QRectF(x - wide_px / 2, middle - high_px / 2, wide_px, high_px)
        painter.drawRoundedRect(handle, 4, 4)
        painter.setPen(QPen(THEME.color("surface"), 2))
        painter.drawLine(round(x), round(middle - 7), round(x), round(middle + 7))


def position_of(state: DeckState) -> float:
    """How much of what the audience sees is deck B, 0-1.

    A transition on the picture changes the looks at once and the picture in time.
    """
    if state.fade >= 1.0:
        return state.crossfade
    return state.fade if state.is_b_on_air else 1.0 - state.fade
