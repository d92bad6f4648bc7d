"""The size of the text, and with it of everything that must hold text. Ctrl+plus, minus, 0."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Signal, Slot
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QAbstractButton, QApplication, QLayout, QMainWindow, QWidget

from app.theme import apply_text_scale

PERCENTS = (80, 90, 100, 110, 125, 150, 175, 200, 250)
USUAL = 100
TALL_PX = 2000  # a 4K display that the system doesn't scale by itself
LARGEST_PX = 16_777_215  # Qt's own sign for no limit

Limits = tuple[int, int, int, int]  # least width and height, most width and height


class TextScale(QObject):
    """Scales the widgets that a window has when this is made. Thread: main.

    No text is larger than the window has room for on its screen: no control goes out of reach.
    Signals: changed; refused(sentence) when the screen is too small for what is wanted.
    """

    changed = Signal()
    refused = Signal(str)

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.percent = USUAL
        self.wanted_percent = USUAL
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
        """Any of PERCENTS. It stays wanted where the screen has no room for it."""
        if percent in PERCENTS:
            self.wanted_percent = percent
            self.fit_to_screen()

    @Slot()
    def fit_to_screen(self) -> None:
        """What is wanted, or the largest that this screen has room for; a sentence says so."""
        before, room = self.percent, self._room()
        self._take(self.wanted_percent)
        wanted = self._needed()
        smaller = [each for each in PERCENTS if each < self.wanted_percent]
        while smaller and not _fits(self._needed(), room):
            self._take(smaller.pop())
        self.keep_room()
        if not _fits(wanted, room):
            self.refused.emit(self._why_not(wanted, room, before))
        if self.percent != before:
            self.changed.emit()

    @Slot()
    def keep_room(self) -> None:
        """Let the window be no smaller than what it holds needs, as far as the screen goes."""
        needed = self._smallest.expandedTo(self._needed())
        self._window.setMinimumSize(needed.boundedTo(self._room()))

    def _step(self, places: int) -> None:
        place = PERCENTS.index(self.percent) + places
        if 0 <= place < len(PERCENTS):
            self.set_percent(PERCENTS[place])

    def _take(self, percent: int) -> None:
        if percent != self.percent:
            self.percent = percent
            self._apply()

    def _needed(self) -> QSize:
        """Of the window as it stands; layouts and what they hold keep older sizes unless told."""
        for widget in self._window.findChildren(QWidget):
            widget.ensurePolished()
            widget.updateGeometry()
        for layout in self._window.findChildren(QLayout):
            layout.invalidate()
        return self._window.minimumSizeHint()

    def _room(self) -> QSize:
        return self._window.screen().availableGeometry().size()

    def _why_not(self, wanted: QSize, room: QSize, before: int) -> str:
        outcome = "stays" if self.percent == before else "is shown"
        return (
            f"Text at {self.wanted_percent} % needs {_figures(wanted)}; "
            f"this screen has {_figures(room)}, so it {outcome} at {self.percent} %."
        )

    def _apply(self) -> None:
        """Sizes that the stylesheet sets are its own; those set in code are scaled here."""
        scale = self.percent / 100
        apply_text_scale(QApplication.instance(), scale)  # type: ignore[arg-type]
        for widget, limits in self._limits.items():
            _set_limits(widget, limits, scale)
        for button, size in self._icon_sizes.items():
            button.setIconSize(size * scale)


def usual_percent(screen: QScreen) -> int:
    """Twice the size on a 4K display that the system shows unscaled."""
    return 2 * USUAL if screen.availableGeometry().height() >= TALL_PX else USUAL


def _fits(needed: QSize, room: QSize) -> bool:
    return needed.boundedTo(room) == needed


def _figures(size: QSize) -> str:
    return f"{size.width()}×{size.height()}"


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
