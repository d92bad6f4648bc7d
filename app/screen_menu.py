"""The output screen: on which display, how the picture fills it, and which number is which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.clean_feed import CleanFeed
from app.displays import display_of, list_displays
from app.identify import Identify
from app.scaling import Scaling
from app.shortcuts import key_of
from app.theme import add_caption, icon

SCALINGS = {
    Scaling.FIT: "Fit: all of it, with bars",
    Scaling.FILL: "Fill: no bars, the edges are cut",
    Scaling.STRETCH: "Stretch: out of proportion",
    Scaling.ACTUAL: "1:1: pixel for pixel",
}
PIXELS = {True: "Smooth", False: "Square pixels"}


class ScreenMenu(QMenu):
    """Filled anew each time it opens: displays come and go."""

    def __init__(self, feed: CleanFeed, parent: QWidget) -> None:
        super().__init__("Output screen", parent)
        self.setIcon(icon("monitor"))
        self.identify = Identify(self)
        self._feed, self._window = feed, parent
        self.aboutToShow.connect(self.fill)

    @Slot()
    def fill(self) -> None:
        self.clear()
        self._add_displays()
        off = self.addAction(icon("monitor-off"), f"Off   ({key_of('output_window')})")
        off.setEnabled(self._feed.is_wanted)
        off.triggered.connect(self._feed.close)
        self.addAction(icon("numeric"), "Identify the displays", self.identify.show)
        add_caption(self, "Picture")
        self._add_choices(SCALINGS, self._feed.scaling, self._choose_scaling)
        add_caption(self, "Pixels")
        self._add_choices(PIXELS, self._feed.is_smooth, self._choose_pixels)

    def _add_displays(self) -> None:
        add_caption(self, "Output screen on")
        displays = list_displays()
        present = display_of(self._window.screen(), displays)
        for display in displays:
            note = "   (this window)" if display == present else ""
            action = self._add_choice(display.label + note, display.key == self._feed.shown_key)
            action.triggered.connect(partial(self._feed.open, display.key))

    def _add_choices(
        self, words: Mapping[Any, str], present: object, choose: Callable[[QAction], None]
    ) -> None:
        group = QActionGroup(self)
        for value, label in words.items():
            action = self._add_choice(label, value == present)
            action.setData(value)
            group.addAction(action)
        group.triggered.connect(choose)

    def _add_choice(self, label: str, is_chosen: bool) -> QAction:
        action = self.addAction(label)
        action.setCheckable(True)
        action.setChecked(is_chosen)
        return action

    @Slot(QAction)
    def _choose_scaling(self, action: QAction) -> None:
        self._feed.set_scaling(action.data(), self._feed.is_smooth)

    @Slot(QAction)
    def _choose_pixels(self, action: QAction) -> None:
        self._feed.set_scaling(self._feed.scaling, action.data())
