"""The running figures: rates, latency, skips and drops, as still digits to read in a blink."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.engine_names import Stats
from app.theme import THEME, text_font

CELLS = (
    # name, caption, widest text, what it is
    ("input", "in", "000", "Frames per second from the source"),
    ("unique", "new", "000", "New pictures per second from the model"),
    ("output", "out fps", "000", "Pictures per second to every output, repeats included"),
    ("latency", "ms p50 / p95", "000 / 0000", "From capture to output: half of the pictures, and "
     "19 of 20, are faster than this"),
    ("drops", "drops", "00000", "Captured frames that a newer one replaced: the model was busy"),
)  # fmt: skip


class Hud(QWidget):
    """A row of figures in the top bar, refreshed at 4 Hz."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.skip_lamp = SkipLamp()
        self.values = {name: QLabel("–") for name, *_ in CELLS}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        for name, caption, widest, help_text in CELLS:
            if name == "drops":
                row.addWidget(_cell(self.skip_lamp, "skip", "The model rests: the input stands "
                                    "still, and the last picture still fits it"))  # fmt: skip
            label = self.values[name]
            label.setFont(text_font(THEME.text_px, is_bold=True))
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance(widest))
            row.addWidget(_cell(label, caption, help_text))

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
        steadiness = f"99 of 100 come within {stats.jitter_p99_ms:.1f} ms of their time; longest "
        self.values["output"].setToolTip(f"{steadiness}gap {stats.longest_gap_ms:.0f} ms")

    def clear(self) -> None:
        """Nothing runs."""
        for label in self.values.values():
            label.setText("–")
        self.skip_lamp.show_skipping(False)


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
        painter.drawEllipse(QRectF(6, 5, 10, 10))


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
