"""All keys on one sheet over the window; type to search."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.shortcuts import SHORTCUTS, Shortcut
from app.theme import scaled

WIDTH_PX, HEIGHT_PX, ROW_PX, GROUP_PX = 600, 580, 32, 90


class ShortcutsSheet(QFrame):
    """Lies over the middle of its parent; the show goes on behind it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._row_px = 0  # of the rows there are
        self.setObjectName("shortcutsSheet")
        self.search = QLineEdit(placeholderText="Search the keys", clearButtonEnabled=True)
        self.search.setAccessibleName("Search the keys")
        self.search.setToolTip("Words of what you want to do, or a key")
        self.rows = QListWidget()
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        title = QLabel("Keyboard")
        title.setProperty("role", "title")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        for widget in (title, self.search, self.rows):
            column.addWidget(widget)
        self.search.textChanged.connect(self._on_search_changed)
        self.hide()

    @Slot()
    def toggle(self) -> None:
        if self.isVisible():
            self.hide()
            return
        self._fill()
        area = self._over.rect()
        width_px, height_px = scaled(WIDTH_PX), scaled(HEIGHT_PX)
        self.resize(min(width_px, area.width() - 40), min(height_px, area.height() - 40))
        self.move(area.center() - self.rect().center())
        self.search.clear()
        self.show()
        self.raise_()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def found(self) -> list[str]:
        """The labels that match the search."""
        items = [self.rows.item(index) for index in range(self.rows.count())]
        return [item.data(Qt.ItemDataRole.UserRole)[1] for item in items if not item.isHidden()]

    def _fill(self) -> None:
        """Not before it's wanted, so that the window opens sooner; anew for larger text."""
        if self._row_px == scaled(ROW_PX):
            return
        self._row_px = scaled(ROW_PX)
        self.rows.clear()
        for shortcut in SHORTCUTS:
            self._add_row(shortcut)

    def _add_row(self, shortcut: Shortcut) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        keys = "  or  ".join(QKeySequence(key).toString(native) for key in shortcut.keys)
        item = QListWidgetItem(self.rows)
        item.setData(Qt.ItemDataRole.UserRole, (shortcut.group, shortcut.label, keys))
        row = _row(shortcut.group, shortcut.label, keys)
        item.setSizeHint(QSize(0, self._row_px))
        self.rows.setItemWidget(item, row)

    @Slot(str)
    def _on_search_changed(self, text: str) -> None:
        for index in range(self.rows.count()):
            item = self.rows.item(index)
            words = " ".join(item.data(Qt.ItemDataRole.UserRole)).lower()
            item.setHidden(not all(part in words for part in text.lower().split()))


def _row(group: str, label: str, keys: str) -> QWidget:
    row = QWidget()
    line = QHBoxLayout(row)
    line.setContentsMargins(4, 0, 4, 0)
    group_label, key_label = QLabel(group), QLabel(keys)
    group_label.setProperty("role", "caption")
    group_label.setFixedWidth(scaled(GROUP_PX))
    key_label.setProperty("role", "title")
    line.addWidget(group_label)
    line.addWidget(QLabel(label), 1)
    line.addWidget(key_label)
    return row
