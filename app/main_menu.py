"""Reverie's own menu: what belongs to no panel. Each row is an action of the table of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.previews import HELP
from app.shortcuts import SHORTCUTS, key_of

ROWS = (
    ("welcome", "help"),
    ("performance", "output_window", "screen_menu", "identify"),
    ("previews",),
    ("larger_text", "smaller_text", "usual_text"),
    ("save_report", "quit"),
)
LABELS = {shortcut.action: shortcut.label for shortcut in SHORTCUTS} | {"help": "All keys"}


class MainMenu(QMenu):
    """Empty until `fill` says what the rows do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Reverie", parent)
        self._actions: Mapping[str, Callable[[], object]] = {}
        self._is_previewing = False
        self.triggered.connect(self._on_triggered)

    def fill(self, actions: Mapping[str, Callable[[], object]]) -> None:
        """Once, when every part of the window is there."""
        self._actions = actions
        for names in ROWS:
            self.addSeparator()
            for name in names:
                self.addAction(f"{LABELS[name]}\t{key_of(name)}").setObjectName(name)
        self.setToolTipsVisible(True)
        self._row("previews").setToolTip(HELP)

    @Slot(bool)
    def show_previewing(self, is_on: bool) -> None:
        """Check its row or not."""
        self._is_previewing = is_on
        row = self._row("previews")
        row.setCheckable(True)
        row.setChecked(is_on)

    def _row(self, name: str) -> QAction:
        return next(row for row in self.actions() if row.objectName() == name)

    @Slot(QAction)
    def _on_triggered(self, row: QAction) -> None:
        self._actions[row.objectName()]()
        self.show_previewing(self._is_previewing)  # the row checks itself, whatever comes of it
