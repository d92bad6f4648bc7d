"""A model on its way: what is being done, how far it is, and Cancel."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QPushButton, QWidget

from app.engine_names import Progress, Stats


class LoadingBar(QFrame):
    """Signal: cancelled when a person presses Cancel."""

    cancelled = Signal()
    appeared = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loadingBar")
        self.text = QLabel()
        self.bar = QProgressBar(textVisible=False, maximum=1000)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("The present look plays on")
        self.cancel_button.clicked.connect(self.cancelled)
        grid = QGridLayout(self)
        grid.setContentsMargins(14, 8, 8, 8)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.text, 0, 0)
        grid.addWidget(self.bar, 1, 0)
        grid.addWidget(self.cancel_button, 0, 1, 2, 1)
        grid.setColumnStretch(0, 1)
        self.hide()

    @Slot(object)
    def show_stats(self, stats: Stats) -> None:
        self.show_progress(stats.loading)

    def show_progress(self, progress: Progress | None) -> None:
        """None: nothing is being prepared."""
        if progress is not None:
            self.text.setText(f"{progress.message} · {progress.fraction * 100:.0f} %")
            self.bar.setValue(round(progress.fraction * 1000))
        if self.isHidden() is not (progress is None):
            self.setVisible(progress is not None)
            self.appeared.emit(progress is not None)
