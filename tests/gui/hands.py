"""What a hand does in the window, and what an eye reads there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.main_window import MainWindow


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def press(
    window: MainWindow,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.keyClick(window, key, modifier)


def told(window: MainWindow) -> str:
    """The notice that is shown."""
    return window.stage.notices.text.text()


def names(window: MainWindow) -> list[str]:
    """What the first four pads are called."""
    return [pad.text() for pad in window.pads.pads[:4]]
