"""The line over the pads: the set, its banks, and when a pressed pad acts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QMenu,
    QPushButton,
    QTabBar,
    QToolButton,
    QWidget,
)

from app.engine_names import Quantise
from app.shortcuts import key_of
from app.theme import beside_icon, icon

GAP_PX = 4
# Long names of sets and many banks give way; when pads play is always whole.
LEAST_BUTTON_PX, LONGEST_BUTTON_PX = 90, 260
LEAST_TABS_PX = 110
WORDS = {Quantise.NOW: "Now", Quantise.BEAT: "Beat", Quantise.BAR: "Bar"}
HELP = {
    Quantise.NOW: "Pads play at once",
    Quantise.BEAT: "Pads wait for the next beat",
    Quantise.BAR: "Pads wait for the next bar",
}


class BankBar(QWidget):
    """Signals: bank_chosen(number); bank_added; bank_renamed(number, name); bank_removed(number);
    quantise_chosen(Quantise).
    """

    bank_chosen = Signal(int)
    bank_added = Signal()
    bank_renamed = Signal(int, str)
    bank_removed = Signal(int)
    quantise_chosen = Signal(object)

    def __init__(self, set_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bankBar")
        self.is_locked = False  # banks can be chosen, not edited
        self.set_button = _tool("Set", f"Open, save, undo … ({key_of('set_menu')})")
        self.set_button.setIcon(icon("folder-music-outline", "dim"))
        self.set_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.set_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.set_button.setMenu(set_menu)
        self.set_button.setMinimumWidth(LEAST_BUTTON_PX)
        self.set_button.setMaximumWidth(LONGEST_BUTTON_PX)
        self.banks = BankTabs()
        self.banks.setMinimumWidth(LEAST_TABS_PX)
        self.banks.tabBarClicked.connect(self._on_tab_clicked)
        self.banks.currentChanged.connect(self._on_current_changed)
        self.banks.rename_wanted.connect(self.rename)
        self.banks.menu_wanted.connect(self._open_menu)
        self.add = _tool("Add a bank", "Add a bank of sixteen free pads")
        self.add.setIcon(icon("plus", "dim"))
        self.add.clicked.connect(self.bank_added)
        self.quantise = QButtonGroup(self)
        self.quantise.idClicked.connect(self._on_quantise_clicked)
        self._number = 0  # of the loaded bank
        self._index = 0  # the tab that a menu or a dialog is about
        self._lay_out()
        self.show_quantise(Quantise.NOW)

    @Slot(object, int)
    def show_banks(self, names: Sequence[str], loaded: int) -> None:
        """loaded: counted from 1."""
        self._number = loaded
        self.banks.show_names(names, loaded - 1)

    @Slot(object)
    def show_quantise(self, quantise: Quantise) -> None:
        self.quantise.button(list(WORDS).index(quantise)).setChecked(True)

    def show_set(self, name: str, is_modified: bool, tip: str) -> None:
        """What is open, and whether it is saved."""
        self.set_button.setText(beside_icon(f"{name}  · unsaved" if is_modified else name))
        self.set_button.setAccessibleName(f"Set: {name}{', unsaved' if is_modified else ''}")
        self.set_button.setToolTip(f"{tip}\nOpen, save, undo …   ({key_of('set_menu')})")

    @Slot(int)
    def rename(self, index: int) -> None:
        """Ask for another name; the show can be reached meanwhile."""
        if self.is_locked:
            return
        dialog = QInputDialog(self)
        dialog.setWindowTitle("Rename the bank")
        dialog.setLabelText("Name")
        dialog.setTextValue(self.banks.tabText(index))
        self._index = index
        dialog.textValueSelected.connect(self._on_named)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(int, QPoint)
    def _open_menu(self, index: int, place: QPoint) -> None:
        if self.is_locked:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._index = index
        menu.addAction(icon("rename-outline"), "Rename …", self._rename)
        menu.addAction(icon("eraser"), "Remove with its pads", self._remove)
        menu.popup(place)

    @Slot()
    def _rename(self) -> None:
        self.rename(self._index)

    @Slot()
    def _remove(self) -> None:
        self.bank_removed.emit(self._index + 1)

    @Slot(str)
    def _on_named(self, name: str) -> None:
        self.bank_renamed.emit(self._index + 1, name)

    @Slot(int)
    def _on_tab_clicked(self, index: int) -> None:
        self._choose(index + 1)

    @Slot(int)
    def _on_current_changed(self, index: int) -> None:
        self._choose(index + 1)

    def _choose(self, number: int) -> None:
        if number not in (0, self._number):
            self._number = number
            self.bank_chosen.emit(number)

    @Slot(int)
    def _on_quantise_clicked(self, number: int) -> None:
        self.quantise_chosen.emit(list(WORDS)[number])

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self.set_button)
        row.addWidget(self.banks)
        row.addWidget(self.add)
        row.addSpacing(GAP_PX)
        row.addStretch(1)
        caption = QLabel("Play")
        caption.setProperty("role", "caption")
        row.addWidget(caption)
        for number, (choice, word) in enumerate(WORDS.items()):
            button = QPushButton(word)
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(HELP[choice])
            button.setToolTip(f"{HELP[choice]}; Ctrl does it otherwise   ({key_of('quantise')})")
            self.quantise.addButton(button, number)
            row.addWidget(button)


class BankTabs(QTabBar):
    """One tab a bank. Signals: rename_wanted(index); menu_wanted(index, place on the screen)."""

    rename_wanted = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setAccessibleName("Banks")

    def show_names(self, names: Sequence[str], current: int) -> None:
        """Only what a person does is reported."""
        self.blockSignals(True)
        while self.count() > len(names):
            self.removeTab(self.count() - 1)
        while self.count() < len(names):
            self.addTab("")
        for index, name in enumerate(names):
            self.setTabText(index, name)
            self.setTabToolTip(index, f"{name}   ({key_of('next_bank')} for the next bank)")
        self.setCurrentIndex(current)
        self.blockSignals(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.tabAt(event.position().toPoint())
        if index >= 0:
            self.rename_wanted.emit(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_by_key else self.tabAt(event.pos())
        if index >= 0:
            self.menu_wanted.emit(index, event.globalPos())


def _tool(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
