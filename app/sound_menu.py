"""What is listened to and who says where the beat is. Inputs are looked for when it opens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.engine_link import EngineLink
from app.engine_names import AudioDevice, BeatLeader, list_devices
from app.inquiry import Inquiry
from app.theme import add_caption, icon

SOUND_FILTER = "Sound (*.wav *.flac *.ogg *.mp3 *.aiff *.m4a);;All files (*)"
DEFAULT, FILE = "default", "file:"
INPUT, LEADER = "input", "leader"  # what an entry of the menu chooses
LEADERS = {
    BeatLeader.AUTO: "Whoever knows: MIDI clock, taps, sound",
    BeatLeader.SOUND: "Sound",
    BeatLeader.MIDI: "MIDI clock",
    BeatLeader.LINK: "Ableton Link",
    BeatLeader.TAP: "Taps only",
    BeatLeader.FREE: "Nobody: the tempo stays as it is",
}


class SoundMenu(QMenu):
    """Signals: input_chosen(uri, "" for nothing); leader_chosen(BeatLeader)."""

    input_chosen = Signal(str)
    leader_chosen = Signal(object)

    def __init__(self, link: EngineLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inquiry = Inquiry(link, "looking for sound inputs", self)
        self._inquiry.answered.connect(self._on_devices_listed)
        self._inquiry.failed.connect(self._show_note)
        self._add(self, "Nothing", "", "volume-off")
        self._add(self, "The system's own input", DEFAULT, "microphone-outline")
        self.devices = self.addMenu(icon("audio-input-stereo-minijack"), "Input")
        self.addAction(icon("file-music-outline"), "Sound file …", self._choose_file)
        add_caption(self, "The beat is told by")
        for leader, words in LEADERS.items():
            self.addAction(words).setData((LEADER, str(leader)))
        self.aboutToShow.connect(self._refresh)
        self.triggered.connect(self._on_triggered)  # of the submenu too

    @Slot()
    def _refresh(self) -> None:
        if self._inquiry.ask(list_devices):
            self._show_note("Looking for sound inputs …")

    @Slot(object)
    def _on_devices_listed(self, devices: Sequence[AudioDevice]) -> None:
        self.devices.clear()
        for device in devices:
            self._add(self.devices, f"{device.name}   {device.system}", device.name)
        if not devices:
            self._show_note("No sound input found: connect one and open this menu again")

    @Slot(str)
    def _show_note(self, text: str) -> None:
        self.devices.clear()
        self.devices.addAction(text).setEnabled(False)

    def _add(self, menu: QMenu, label: str, uri: str, icon_name: str = "") -> None:
        action = QAction(label, menu)
        if icon_name:
            action.setIcon(icon(icon_name))
        action.setData((INPUT, uri))
        menu.addAction(action)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        kind, value = action.data() or ("", "")
        if kind == LEADER:
            self.leader_chosen.emit(BeatLeader(value))
        elif kind == INPUT:
            self.input_chosen.emit(value)

    @Slot()
    def _choose_file(self) -> None:
        """Not modal: the show can be reached while the dialog is open."""
        dialog = QFileDialog(self.parentWidget(), "Sound file", str(Path.home()), SOUND_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setModal(False)
        dialog.fileSelected.connect(self._on_file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(str)
    def _on_file_chosen(self, path: str) -> None:
        self.input_chosen.emit(f"{FILE}{path}")


def input_label(uri: str) -> str:
    """What is listened to in a performer's words, before the engine knows its name."""
    if uri.startswith(FILE):
        return Path(uri.removeprefix(FILE)).name
    return {"": "nothing", DEFAULT: "system input"}.get(uri, uri)
