"""The running figures: rates, latency, skips and drops, as still digits to read in a blink."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.engine_names import ShowSpec, Stats
from app.hold_lamp import HoldLamp
from app.theme import THEME, scaled, text_font

CELLS = (
    # name, caption, widest text, what it is
    ("input", "in", "000", "Frames per second from the source"),
    ("unique", "new", "000", "New pictures per second from the model"),
    ("output", "out fps", "000", "Pictures per second to every output, repeats included"),
    ("latency", "ms p50 / p95", "000 / 0000", "From capture to output: half of the pictures, and "
     "19 of 20, are faster than this"),
    ("drops", "drops", "00000", "Captured frames that a newer one replaced: the model was busy"),
)  # fmt: skip


SKIP_HELP = "The model rests: the input stands still, and the last picture still fits it"
SPARED = ("drops", "skip", "input")  # give way in this order where there is no room
GAP_PX = 14


class Hud(QWidget):
    """A row of figures in the top bar, refreshed at 4 Hz."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.skip_lamp = SkipLamp()
        self.hold_lamp = HoldLamp()
        self.values = {name: QLabel("–") for name, *_ in CELLS}
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        self.cells: dict[str, QWidget] = {}
        for name, caption, widest, help_text in CELLS:
            if name == "drops":
                self._add("skip", self.skip_lamp, "skip", SKIP_HELP)
            label = self.values[name]
            label.setFont(text_font(THEME.text_px, is_bold=True))
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance(widest))
            self._add(name, label, caption, help_text)
        self.cells["hold"] = self.hold_lamp
        row.insertWidget(2, self.hold_lamp)  # beside the rate that it is about

    def sizeHint(self) -> QSize:
        return QSize(self._width_of(set(self.cells)), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        kept = set(self.cells) - set(self._spared)
        return QSize(self._width_of(kept), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What doesn't fit gives way, the least needed first."""
        self._make_room()

    @property
    def _spared(self) -> tuple[str, ...]:
        return SPARED if self.hold_lamp.is_on else ("hold", *SPARED)

    def _make_room(self) -> None:
        kept = set(self.cells)
        for name in self._spared:
            if self._width_of(kept) > self.width():
                kept.remove(name)
        for name, cell in self.cells.items():
            cell.setVisible(name in kept)

    def _add(self, name: str, value: QWidget, caption: str, help_text: str) -> None:
        self.cells[name] = _cell(value, caption, help_text)
        self._row.addWidget(self.cells[name])

    def _width_of(self, names: set[str]) -> int:
        widths = [self.cells[name].sizeHint().width() for name in names]
        return sum(widths) + GAP_PX * max(0, len(widths) - 1)

    @Slot(object)
    def show_stats(self, stats: Stats) -> None:
        texts = {
            "input": f"{stats.fps_input_hz:.0f}",
            "unique": f"{stats.fps_unique_hz:.0f}",
            "output": f"{stats.fps_output_hz:.0f}",
            "latency": f"{stats.latency_p50_ms:.0f} / {stats.latency_p95_ms:.0f}",
            "drops": str(stats.dropped),
        }
        for name, text in texts.items():
            if self.values[name].text() != text:
                self.values[name].setText(text)
        self.skip_lamp.show_skipping(stats.is_skipping)
        with self._room_made():
            self.hold_lamp.show_holding(stats.holding)
        steadiness = f"99 of 100 come within {stats.jitter_p99_ms:.1f} ms of their time; longest "
        self.values["output"].setToolTip(f"{steadiness}gap {stats.longest_gap_ms:.0f} ms")

    @Slot(object)
    def show_show(self, show: ShowSpec) -> None:
        """The rate to hold, also while nothing runs."""
        with self._room_made():
            self.hold_lamp.show_rate(show.target_fps_hz)

    @contextmanager
    def _room_made(self) -> Generator[None]:
        """The lamp may come or go."""
        was_on = self.hold_lamp.is_on
        yield
        if self.hold_lamp.is_on != was_on:
            self.updateGeometry()
            self._make_room()

    def clear(self) -> None:
        """Nothing runs."""
        for label in self.values.values():
            label.setText("–")
        self.skip_lamp.show_skipping(False)
        self.hold_lamp.rest()


class SkipLamp(QWidget):
    """A hollow ring; filled while the model rests."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_lit = False
        self.setFixedWidth(22)

    def show_skipping(self, is_skipping: bool) -> None:
        if is_skipping != self.is_lit:
            self.is_lit = is_skipping
            self.setAccessibleName("skipping" if is_skipping else "not skipping")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(THEME.color("accent" if self.is_lit else "dim"), 1.6))
        if self.is_lit:
            painter.setBrush(THEME.color("accent"))
        painter.drawEllipse(QRectF(scaled(6), scaled(5), scaled(10), scaled(10)))


def _cell(value: QWidget, caption: str, help_text: str) -> QWidget:
    cell = QWidget()
    cell.setToolTip(help_text)
    cell.setFixedHeight(36)
    column = QVBoxLayout(cell)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    value.setFixedHeight(19)
    label = QLabel(caption)
    label.setProperty("role", "caption")
    label.setFixedHeight(17)
    column.addWidget(value, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
    if isinstance(value, QLabel):
        value.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return cell
