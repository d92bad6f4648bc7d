"""What a pad offers on a right click: keep the present look, name it, take the shipped one back."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Slot
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from app.looks import Looks
from app.shortcuts import key_of
from app.theme import icon


class PadMenu(QMenu):
    """One menu for all pads; `open_for` says which."""

    def __init__(self, looks: Looks, parent: QWidget) -> None:
        super().__init__(parent)
        self._looks = looks
        self._index = 0
        store = self.addAction(icon("content-save-outline"), "Store the present look here")
        store.triggered.connect(self._store)
        self.rename_action = self.addAction(icon("rename-outline"), "Rename …", self._rename)
        self.addAction(icon("restore"), "Back to the shipped look", self._restore)
        self.addSeparator()
        self.addAction(f"{key_of('store')} stores on the pad that plays").setEnabled(False)

    @Slot(int, QPoint)
    def open_for(self, index: int, place: QPoint) -> None:
        self._index = index
        self.rename_action.setEnabled(index < len(self._looks.presets))
        self.popup(place)

    @Slot()
    def _store(self) -> None:
        self._looks.store(self._index)

    @Slot()
    def _restore(self) -> None:
        self._looks.restore(self._index)

    @Slot()
    def _rename(self) -> None:
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Rename the look")
        dialog.setLabelText("Name")
        dialog.setTextValue(self._looks.presets[self._index].name)
        dialog.textValueSelected.connect(self._on_named)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(str)
    def _on_named(self, name: str) -> None:
        self._looks.rename(self._index, name.strip())
