"""The set as a file: new, open, recent, save; and undo, redo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.deck_link import DeckLink
from app.shortcuts import key_of
from app.theme import icon

SET_FILTER = "Sets (*.toml);;All files (*)"
MOST_RECENT = 8


class SetMenu(QMenu):
    """Signal: recent_changed, when another file was opened or saved. Thread: main."""

    recent_changed = Signal()

    def __init__(self, decks: DeckLink, recent: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._decks = decks
        self.recent = list(recent)[:MOST_RECENT]
        self._add("New set", "file-outline", "new_set", decks.new_set)
        self._add("Open …", "folder-open-outline", "open_set", self.open)
        self.recent_menu = self.addMenu(icon("history"), "Recent")
        self.recent_menu.setToolTipsVisible(True)
        self.recent_menu.triggered.connect(self._on_recent_chosen)
        self.addSeparator()
        self._add("Save", "content-save-outline", "save_set", self.save)
        self._add("Save as …", "content-save-edit-outline", "save_set_as", self.save_as)
        self.addSeparator()
        self.undo_action = self._add("Undo", "undo", "undo", decks.undo)
        self.redo_action = self._add("Redo", "redo", "redo", decks.redo)
        self.aboutToShow.connect(self._refresh)
        decks.file_changed.connect(self._note_file)

    @Slot()
    def open(self) -> None:
        """Ask which; the show can be reached meanwhile."""
        dialog = self._dialog("Open a set", QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._on_open_chosen)
        dialog.show()

    @Slot()
    def save(self) -> None:
        """To the set's own file; the first time it asks."""
        if self._decks.path is None:
            self.save_as()
        else:
            self._decks.save_set()

    @Slot()
    def save_as(self) -> None:
        """Ask where to."""
        dialog = self._dialog("Save the set", QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(self._decks.path.name if self._decks.path else "my-set.toml")
        dialog.fileSelected.connect(self._on_save_chosen)
        dialog.show()

    @Slot(str)
    def _on_open_chosen(self, path: str) -> None:
        self._decks.open_set(Path(path))

    @Slot(QAction)
    def _on_recent_chosen(self, action: QAction) -> None:
        self._decks.open_set(Path(action.data()))

    @Slot(str)
    def _on_save_chosen(self, path: str) -> None:
        self._decks.save_set(Path(path))

    @Slot()
    def _note_file(self) -> None:
        path = str(self._decks.path or "")
        if path and self.recent[:1] != [path]:
            others = [each for each in self.recent if each != path]
            self.recent = [path, *others][:MOST_RECENT]
            self.recent_changed.emit()

    @Slot()
    def _refresh(self) -> None:
        self.undo_action.setEnabled(self._decks.can_undo)
        self.redo_action.setEnabled(self._decks.can_redo)
        self.recent_menu.clear()
        for path in self.recent:
            action = self.recent_menu.addAction(Path(path).stem)
            action.setToolTip(path)
            action.setData(path)
        self.recent_menu.setEnabled(bool(self.recent))

    def _dialog(self, title: str, mode: QFileDialog.FileMode) -> QFileDialog:
        """Not modal: the show can be reached while it is open."""
        folder = self._decks.path.parent if self._decks.path else Path.home()
        dialog = QFileDialog(self.parentWidget(), title, str(folder), SET_FILTER)
        dialog.setFileMode(mode)
        dialog.setModal(False)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _add(self, text: str, icon_name: str, action: str, act: Callable[[], object]) -> QAction:
        return self.addAction(icon(icon_name), f"{text}\t{key_of(action)}", act)
