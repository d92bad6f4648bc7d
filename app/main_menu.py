"""Reverie's own menu: what belongs to no panel. Each row is an action of the table of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.shortcuts import SHORTCUTS, key_of

ROWS = (
    ("welcome", "help"),
    ("performance", "output_window", "screen_menu", "identify"),
    ("larger_text", "smaller_text", "usual_text"),
    ("save_report", "quit"),
)
LABELS = {shortcut.action: shortcut.label for shortcut in SHORTCUTS} | {"help": "All keys"}


class MainMenu(QMenu):
    """Empty until `fill` says what the rows do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Reverie", parent)
        self._actions: Mapping[str, Callable[[], object]] = {}
        self.triggered.connect(self._on_triggered)

    def fill(self, actions: Mapping[str, Callable[[], object]]) -> None:
        """Once, when every part of the window is there."""
        self._actions = actions
        for names in ROWS:
            self.addSeparator()
            for name in names:
                self.addAction(f"{LABELS[name]}\t{key_of(name)}").setObjectName(name)

    @Slot(QAction)
    def _on_triggered(self, row: QAction) -> None:
        self._actions[row.objectName()]()
