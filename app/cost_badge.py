"""The mark beside every control that says what touching it costs."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.engine_names import Cost
from app.theme import THEME, scaled, text_font

MEANINGS = {
    Cost.LIVE: "Live: acts on the next frame.",
    Cost.REPRIME: "Reprime: acts on the next frame; the output is held for a few frames.",
    Cost.REBUILD: "Rebuild: prepared in the background while the old look plays on.",
}
SHAPE_PX = 8


class CostBadge(QWidget):
    """A shape (● live, ◐ reprime, ■ rebuild); the word too, where it serves as the legend."""

    def __init__(
        self, cost: Cost, *, is_word_shown: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.cost = cost
        self.word = str(cost) if is_word_shown else ""
        self.setToolTip(MEANINGS[cost])
        self.setAccessibleName(MEANINGS[cost])
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        words_px = QFontMetrics(text_font(11)).horizontalAdvance(self.word)
        return QSize(SHAPE_PX + 2 + (words_px + 6 if words_px else 0), 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = THEME.color("dim" if self.cost is Cost.LIVE else "text")
        painter.setPen(QPen(color, 1.4))
        shape_px = scaled(SHAPE_PX)
        box = QRectF(1, (self.height() - shape_px) / 2, shape_px, shape_px)
        PAINT[self.cost](painter, box)
        painter.setFont(text_font(11))
        painter.drawText(
            self.rect().adjusted(shape_px + 5, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.word
        )


def _paint_live(painter: QPainter, box: QRectF) -> None:
    painter.setBrush(painter.pen().color())
    painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_reprime(painter: QPainter, box: QRectF) -> None:
    painter.drawEllipse(box)
    painter.setBrush(painter.pen().color())
    painter.drawPie(box, 90 * 16, 180 * 16)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_rebuild(painter: QPainter, box: QRectF) -> None:
    painter.fillRect(box, painter.pen().color())


PAINT = {Cost.LIVE: _paint_live, Cost.REPRIME: _paint_reprime, Cost.REBUILD: _paint_rebuild}
