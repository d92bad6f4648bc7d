"""Side panels share the width: in a narrow window the one that was opened last stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.theme import scaled

NARROW_PX = (
    1560  # at the usual size of text; below, two of them would leave no room for the picture
)


class SidePanels(QObject):
    """Watches the panels; opening one in a narrow window closes the others.

    Signal: changed, when one has come or gone.
    """

    changed = Signal()

    def __init__(self, panels: Sequence[QWidget], window: QWidget) -> None:
        super().__init__(window)
        self._panels = panels
        self._window = window
        for panel in panels:
            panel.installEventFilter(self)

    @Slot()
    def make_room(self) -> None:
        """Leave the last of them alone where the window is narrow."""
        self._close_others([panel for panel in self._panels if not panel.isHidden()][-1:])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShowToParent and self._window.isVisible():
            self._close_others([watched])
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self.changed.emit()
        return False

    def _close_others(self, kept: Sequence[QObject]) -> None:
        if self._window.width() < scaled(NARROW_PX):
            for panel in self._panels:
                if panel not in kept:
                    panel.hide()
