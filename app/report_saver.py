"""Save report: what helps to find a fault, packed into one zip while the show goes on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, Signal, Slot

from app.engine_link import EngineLink
from app.settings import stored_settings


def reports_folder() -> Path:
    """Where reports are put: a place that people find again."""
    return Path(platformdirs.user_documents_dir()) / "Reverie"


class ReportSaver(QObject):
    """One report at a time, in the background. Signals: noticed(sentence), refused(sentence)."""

    noticed = Signal(str)
    refused = Signal(str)

    def __init__(self, link: EngineLink, settings_path: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link
        self._settings_path = settings_path
        self._is_saving = False

    @Slot()
    def save(self) -> None:
        if self._is_saving:
            return
        self._is_saving = True
        self.noticed.emit("The report is being put together.")
        self._link.ask("saving a report", self._write, self._on_saved, self._on_refused)

    def _write(self) -> Path:
        """Runs on a thread of its own."""
        path = reports_folder() / f"Reverie report {datetime.now():%Y-%m-%d %H-%M-%S}.zip"
        self._link.write_report(path, stored_settings(self._settings_path))
        return path

    @Slot(object)
    def _on_saved(self, path: Path) -> None:
        self._is_saving = False
        self.noticed.emit(f"The report is in {path}; look through it, then send it in.")

    @Slot(str)
    def _on_refused(self, sentence: str) -> None:
        self._is_saving = False
        self.refused.emit(sentence)
