"""Reverie's own menu: what belongs to no panel. Each row is an action of the table of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from app.shortcuts import SHORTCUTS, key_of

ROWS = (
    ("help",),
    ("performance", "output_window", "screen_menu", "identify"),
    ("larger_text", "smaller_text", "usual_text"),
    ("save_report", "quit"),
)
LABELS = {shortcut.action: shortcut.label for shortcut in SHORTCUTS} | {"help": "All keys"}


class MainMenu(QMenu):
    """Empty until `fill` says what the rows do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Reverie", parent)

    def fill(self, actions: Mapping[str, Callable[[], object]]) -> None:
        """Once, when every part of the window is there."""
        for names in ROWS:
            self.addSeparator()
            for name in names:
                row = self.addAction(f"{LABELS[name]}\t{key_of(name)}")
                row.setObjectName(name)
                row.triggered.connect(partial(_act, actions[name]))


def _act(action: Callable[[], object], _is_checked: bool) -> None:
    action()
