"""Side panels share the width: in a narrow window the one that was opened last stands alone."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from app.theme import scaled

NARROW_PX = (
    1560  # at the usual size of text; below, two of them would leave no room for the picture
)


class SidePanels(QObject):
    """Watches the panels; opening one in a narrow window closes the others."""

    def __init__(self, panels: Sequence[QWidget], window: QWidget) -> None:
        super().__init__(window)
        self._panels = panels
        self._window = window
        for panel in panels:
            panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShowToParent and self._is_narrow():
            for panel in self._panels:
                if panel is not watched:
                    panel.hide()
        return False

    def _is_narrow(self) -> bool:
        """Never before the window is shown: panels come back as they were left."""
        return self._window.isVisible() and self._window.width() < scaled(NARROW_PX)
