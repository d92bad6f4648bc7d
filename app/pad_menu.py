"""What a pad offers on a right click: edit, keep the present look, clear, the shipped one back."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Slot
from PySide6.QtWidgets import QMenu, QWidget

from app.look_edits import LookEdits
from app.looks import Looks
from app.pad_editor import PadEditor
from app.shortcuts import key_of
from app.theme import icon


class PadMenu(QMenu):
    """One menu for all pads; `open_for` says which."""

    def __init__(self, looks: Looks, edits: LookEdits, parent: QWidget) -> None:
        super().__init__(parent)
        self._looks, self._edits = looks, edits
        self._index = 0
        self._place = QPoint()
        self.editor = PadEditor(parent)
        self.editor.pad_edited.connect(edits.replace)
        self.edit_action = self.addAction(
            icon("rename-outline"), "Name, colour, transition …", self._edit
        )
        store = self.addAction(icon("content-save-outline"), "Store the present look here")
        store.triggered.connect(self._store)
        self.restore_action = self.addAction(
            icon("restore"), "Back to the shipped look", self._restore
        )
        self.clear_action = self.addAction(icon("eraser"), "Clear", self._clear)
        self.addSeparator()
        self.addAction(f"{key_of('store')} stores on the pad that plays").setEnabled(False)
        self.addAction("Drag, or Shift with an arrow, moves it").setEnabled(False)

    @Slot(int, QPoint)
    def open_for(self, index: int, place: QPoint) -> None:
        """place: on the screen."""
        if not self._looks.bank:
            return
        self._index, self._place = index, place
        is_taken = self._looks.pads[index] is not None
        self.edit_action.setEnabled(is_taken)
        self.clear_action.setEnabled(is_taken)
        self.restore_action.setEnabled(self._edits.shipped(index) is not None)
        self.popup(place)

    @Slot()
    def _edit(self) -> None:
        pad = self._looks.pads[self._index]
        if pad is not None:
            self.editor.open_for(pad, self._place)

    @Slot()
    def _store(self) -> None:
        self._edits.store(self._index)

    @Slot()
    def _restore(self) -> None:
        self._edits.restore(self._index)

    @Slot()
    def _clear(self) -> None:
        self._edits.clear(self._index)
