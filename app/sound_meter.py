"""How loud it is, and where: the level, then the bands from low to high."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.engine_names import AudioState, Sound
from app.theme import THEME

HEIGHT_PX, GAP_PX, LEVEL_PX = 26, 2, 12


class SoundMeter(QWidget):
    """Bars on a dark ground; hollow while nothing is heard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sound = Sound()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Sound level and bands")

    def show_sound(self, sound: Sound) -> None:
        if sound != self.sound:
            self.sound = sound
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        color = THEME.color("warning" if self.sound.is_clipped else "accent")
        self._paint_bar(painter, 0.0, LEVEL_PX, self.sound.level, color)
        left = LEVEL_PX + 3 * GAP_PX
        width = (self.width() - left + GAP_PX) / len(self.sound.bands) - GAP_PX
        for number, band in enumerate(self.sound.bands):
            color = THEME.color("text" if number else "accent")
            self._paint_bar(painter, left + number * (width + GAP_PX), width, band, color)

    def _paint_bar(
        self, painter: QPainter, left_px: float, width_px: float, value: float, color: QColor
    ) -> None:
        """value: 0-1 of the whole height."""
        ground = QRectF(left_px, 0, width_px, self.height())
        painter.fillRect(ground, THEME.color("background"))
        if self.sound.state is AudioState.LISTENING:
            height_px = self.height() * min(1.0, max(0.0, value))
            painter.fillRect(QRectF(left_px, self.height() - height_px, width_px, height_px), color)
        else:
            painter.setPen(THEME.color("line"))
            painter.drawRect(ground.adjusted(0.5, 0.5, -0.5, -0.5))
