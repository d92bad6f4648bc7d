"""The size of the text, and with it of everything that must hold text. Ctrl+plus, minus, 0."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QAbstractButton, QApplication, QMainWindow, QWidget

from app.theme import apply_text_scale

PERCENTS = (80, 90, 100, 110, 125, 150, 175, 200, 250)
USUAL = 100
TALL_PX = 2000  # a 4K display that the system doesn't scale by itself
LARGEST_PX = 16_777_215  # Qt's own sign for no limit

Limits = tuple[int, int, int, int]  # least width and height, most width and height


class TextScale(QObject):
    """Scales the widgets that a window has when this is made. Thread: main.

    Signals: changed; refused(sentence) when the screen is too small for larger text.
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.percent = USUAL
        self._window = window
        self._smallest = window.minimumSize()
        self._limits = {widget: _limits(widget) for widget in window.findChildren(QWidget)}
        buttons = window.findChildren(QAbstractButton)
        self._icon_sizes = {button: button.iconSize() for button in buttons}

    @Slot()
    def larger(self) -> None:
        self._step(1)

    @Slot()
    def smaller(self) -> None:
        self._step(-1)

    @Slot()
    def reset(self) -> None:
        """The usual size for this screen."""
        self.set_percent(usual_percent(self._window.screen()))

    def set_percent(self, percent: int) -> None:
        """Any of PERCENTS; one that the screen has no room for changes nothing and says so."""
        if percent not in PERCENTS or percent == self.percent:
            return
        before, self.percent = self.percent, percent
        self._apply()
        if percent > before and not self._fits():
            self.percent = before
            self._apply()
            self.refused.emit("This screen has no room for larger text.")
        else:
            self.changed.emit()

    def _step(self, places: int) -> None:
        place = PERCENTS.index(self.percent) + places
        if 0 <= place < len(PERCENTS):
            self.set_percent(PERCENTS[place])

    def _fits(self) -> bool:
        needed, room = self._window.minimumSizeHint(), self._window.screen().availableSize()
        return needed.width() <= room.width() and needed.height() <= room.height()

    def _apply(self) -> None:
        """Sizes that the stylesheet sets are its own; those set in code are scaled here."""
        scale = self.percent / 100
        apply_text_scale(QApplication.instance(), scale)  # type: ignore[arg-type]
        for widget, limits in self._limits.items():
            _set_limits(widget, limits, scale)
        for button, size in self._icon_sizes.items():
            button.setIconSize(size * scale)
        room = self._window.screen().availableSize()
        needed = self._smallest.expandedTo(self._window.minimumSizeHint())
        self._window.setMinimumSize(needed.boundedTo(room))


def usual_percent(screen: QScreen) -> int:
    """Twice the size on a 4K display that the system shows unscaled."""
    return 2 * USUAL if screen.availableSize().height() >= TALL_PX else USUAL


def _limits(widget: QWidget) -> Limits:
    return (
        widget.minimumWidth(),
        widget.minimumHeight(),
        widget.maximumWidth(),
        widget.maximumHeight(),
    )


def _set_limits(widget: QWidget, limits: Limits, scale: float) -> None:
    """Only those that were set: the stylesheet has set others since."""
    setters = (
        widget.setMinimumWidth,
        widget.setMinimumHeight,
        widget.setMaximumWidth,
        widget.setMaximumHeight,
    )
    for set_limit, px in zip(setters, limits, strict=True):
        if 0 < px < LARGEST_PX:
            set_limit(round(px * scale))
