"""Where the milliseconds go: each stage's median and 95th percentile."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.engine_names import Stats

STAGES = {
    "read": "capture",
    "fit": "fit",
    "gate": "gate",
    "render": "model",
    "mix": "dry/wet",
    "present": "present",
}


class TimingList(QWidget):
    """One line per stage, in the order a picture passes them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip("Milliseconds per picture: half are faster / 19 of 20 are faster")
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(1)
        for row, (stage, word) in enumerate(STAGES.items()):
            value = self.values[stage] = _caption("–")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(_caption(word), row, 0)
            grid.addWidget(value, row, 1)

    def show_stats(self, stats: Stats) -> None:
        for stage, label in self.values.items():
            times = stats.stage_ms.get(stage)
            text = f"{times.p50_ms:.1f} / {times.p95_ms:.1f} ms" if times else "–"
            if text != label.text():
                label.setText(text)


def _caption(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "caption")
    return label
