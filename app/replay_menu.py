"""Choosing a recorded show to paint again, and how far that is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.outputs import Outputs
from app.replayer import QUALITIES, Replayer
from app.theme import add_caption, icon


class ReplayMenu(QMenu):
    """Filled anew each time it opens, and while it is open when something gets on."""

    def __init__(self, replayer: Replayer, outputs: Outputs, parent: QWidget | None = None) -> None:
        super().__init__("Paint a recorded show again", parent)
        self.setIcon(icon("movie-open-outline"))
        self._replayer = replayer
        self._outputs = outputs
        self._folder: str | None = None  # where the last one was chosen
        self.aboutToShow.connect(self._fill)
        replayer.changed.connect(self._follow)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        if self._replayer.is_running:
            add_caption(self, "Being painted")
            self.addAction(self._replayer.progress).setEnabled(False)
            self.addAction(icon("stop"), "Stop; what is painted is kept", self._replayer.cancel)
            return
        for quality in QUALITIES:
            self.addAction(f"{quality} …", partial(self._choose, quality))

    @Slot()
    def _follow(self) -> None:
        if self.isVisible():
            self._fill()

    def _choose(self, quality: str) -> None:
        """Not modal: the show can be reached while the dialog is open."""
        start = self._folder or str(self._outputs.recordings_folder)
        dialog = QFileDialog(self.parentWidget(), f"{quality}: a folder NAME.reverie", start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setModal(False)
        dialog.fileSelected.connect(partial(self._begin, quality))
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    def _begin(self, quality: str, folder: str) -> None:
        self._folder = str(Path(folder).parent)
        self._replayer.begin(Path(folder), quality)
