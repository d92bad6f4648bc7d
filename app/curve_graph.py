"""What a mapping makes of its control, drawn: the control's way across, the target's slider up."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.engine_names import TARGETS, ControlMapping, ControlPlace, slider_at
from app.theme import THEME, scaled

WIDTH_PX, HEIGHT_PX, EDGE_PX, DOT_PX = 112, 96, 6, 5
NUM_POINTS = 101
HELP = (
    "Across: how far the control is moved. Up: where the slider then stands. "
    "The dot is the control, the thin line the slider as it stands now."
)


class CurveGraph(QWidget):
    """Range, direction, curve and threshold in one line; a dot where the control stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mapping: ControlMapping | None = None
        self._points: list[tuple[float, float]] = []
        self.dot: tuple[float, float] | None = None
        self.level: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("What the mapping makes of its control")
        self.setToolTip(HELP)

    def show_mapping(self, mapping: ControlMapping, place: ControlPlace) -> None:
        """The line of a mapping with ends, and what stands where just now."""
        if mapping != self._mapping:
            self._mapping = mapping
            steps = [number / (NUM_POINTS - 1) for number in range(NUM_POINTS)]
            self._points = [(step, slider_at(mapping, step)) for step in steps]
            self.update()
        travel, standing = place.travel, place.standing
        dot = None if travel is None else (travel, slider_at(mapping, travel))
        scale = TARGETS[mapping.target].number_scale
        level = None if standing is None else scale.to_position(scale.clamp(standing))
        if (dot, level) != (self.dot, self.level):
            self.dot, self.level = dot, level
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(scaled(WIDTH_PX), scaled(HEIGHT_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(scaled(WIDTH_PX) // 2, scaled(HEIGHT_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(THEME.color("line"), 1))
        painter.setBrush(THEME.color("background"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if self.level is not None:
            painter.setPen(QPen(THEME.color("faint"), 1))
            painter.drawLine(self._at(0.0, self.level), self._at(1.0, self.level))
        painter.setPen(QPen(THEME.color("accent"), scaled(2)))
        painter.drawPolyline(QPolygonF([self._at(*point) for point in self._points]))
        if self.dot is not None:
            painter.setPen(QPen(THEME.color("background"), 2))
            painter.setBrush(THEME.color("text"))
            painter.drawEllipse(self._at(*self.dot), scaled(DOT_PX), scaled(DOT_PX))

    def _at(self, across: float, up: float) -> QPointF:
        """Where a point of the unit square lies."""
        edge_px = scaled(EDGE_PX)
        wide_px, high_px = self.width() - 2 * edge_px, self.height() - 2 * edge_px
        return QPointF(edge_px + across * wide_px, edge_px + (1.0 - up) * high_px)
