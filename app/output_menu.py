"""Where recordings go and which virtual camera is used."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from app.outputs import Outputs
from app.shortcuts import key_of
from app.theme import add_caption, icon

AUTOMATIC = "automatic: the first free one"


class OutputMenu(QMenu):
    """Filled anew each time it opens. A change counts from the next time an output starts."""

    def __init__(
        self,
        outputs: Outputs,
        screen_menu: QMenu,
        replay_menu: QMenu,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._outputs, self._screen_menu = outputs, screen_menu
        self._replay_menu = replay_menu
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        self.addMenu(self._screen_menu)
        add_caption(self, "Recordings")
        _note(self, str(self._outputs.recordings_folder))
        self.addAction(icon("folder-outline"), "Another folder …", self._choose_folder)
        self.addAction(icon("open-in-new"), "Open the folder", self._open_folder)
        add_caption(self, "Whole shows: output, input and every change")
        is_on = self._outputs.is_recording_show
        text = "Finish the show's recording" if is_on else "Record the show"
        toggle = self._outputs.toggle_show_recording
        self.addAction(icon("movie-roll"), f"{text}\t{key_of('record_show')}", toggle)
        self.addMenu(self._replay_menu)
        add_caption(self, "Virtual camera")
        _note(self, self._outputs.virtual_camera_device or AUTOMATIC)
        self.addAction(icon("video-outline"), "Another device …", self._choose_device)

    @Slot()
    def _choose_folder(self) -> None:
        """Not modal: the show can be reached while the dialog is open."""
        start = str(self._outputs.recordings_folder)
        dialog = QFileDialog(self.parentWidget(), "Recordings folder", start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setModal(False)
        dialog.fileSelected.connect(self._outputs.set_recordings_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot()
    def _open_folder(self) -> None:
        folder = Path(self._outputs.recordings_folder)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    @Slot()
    def _choose_device(self) -> None:
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Virtual camera")
        dialog.setLabelText(
            'For example /dev/video20 or "OBS Virtual Camera"; empty takes the first free one'
        )
        dialog.setTextValue(self._outputs.virtual_camera_device)
        dialog.textValueSelected.connect(self._outputs.set_virtual_camera_device)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()


def _note(menu: QMenu, text: str) -> QAction:
    action = menu.addAction(text)
    action.setEnabled(False)
    return action
