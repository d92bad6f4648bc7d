"""Which displays there are, what people call them, and which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtGui import QGuiApplication, QScreen

SEPARATOR = "|"


class Display(NamedTuple):
    """One display. number: from 1, as shown by Identify. key: names it from one start to the next.

    width_px, height_px: its own pixels, whatever Qt scales them by.
    """

    number: int
    name: str
    width_px: int
    height_px: int
    key: str
    screen: QScreen

    @property
    def label(self) -> str:
        return f"{self.number}   {self.name}   {self.width_px}×{self.height_px}"


def list_displays() -> list[Display]:
    """In the system's order."""
    return [_display(number, screen) for number, screen in enumerate(QGuiApplication.screens(), 1)]


def display_of(screen: QScreen, displays: Sequence[Display]) -> Display | None:
    """The display that a window is on; None for one that has just gone."""
    return next((each for each in displays if each.screen is screen), None)


def find_display(key: str, displays: Sequence[Display]) -> Display | None:
    """The display of that key, also in another socket if its serial number tells it."""
    exact = [each for each in displays if each.key == key]
    serial = key.rpartition(SEPARATOR)[2]
    same = [each for each in displays if serial and each.key.rpartition(SEPARATOR)[2] == serial]
    return next(iter(exact or same), None)


def choose_display(
    wanted: str, displays: Sequence[Display], present: Display | None
) -> Display | None:
    """Where the clean feed goes: the wanted display, else one without the window, else nowhere.

    wanted: a key, "" for any. present: the display that the window is on.
    """
    others = [each for each in displays if each != present]
    return find_display(wanted, displays) or next(iter(others), None)


def _display(number: int, screen: QScreen) -> Display:
    size = screen.size() * screen.devicePixelRatio()
    words = (screen.name(), screen.manufacturer(), screen.model(), screen.serialNumber())
    return Display(
        number, screen.model() or screen.name(), size.width(), size.height(),
        SEPARATOR.join(words), screen,
    )  # fmt: skip
