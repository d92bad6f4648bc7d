"""Keeps the output screen where it belongs while displays come and go."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.displays import choose_display, display_of, find_display, list_displays
from app.engine_link import EngineLink
from app.output_window import OutputWindow
from app.scaling import Scaling

MOVED = "The output's display is gone: it plays on {}, and goes back when the display does."
WAITING = "The output's display is gone. The output screen comes back as soon as the display does."


class CleanFeed(QObject):
    """Opens, moves and closes the output window. Thread: main.

    wanted_key: the display it belongs to, "" while none was chosen. is_wanted: it is to be open,
    even while its display is away. is_locked: nothing on the output screen itself closes it.
    Signals: shown_changed(bool); scaled(Scaling, is smooth); changed: what the settings keep;
    noticed(sentence), refused(sentence); outdated(sentence): one of those isn't true any more.
    """

    shown_changed = Signal(bool)
    scaled = Signal(object, bool)
    changed = Signal()
    noticed = Signal(str)
    refused = Signal(str)
    outdated = Signal(str)

    def __init__(self, link: EngineLink, player: QWidget) -> None:
        super().__init__(player)
        self.window: OutputWindow | None = None
        self.wanted_key = ""
        self.is_wanted = False
        self.is_locked = False
        self._told = ""  # where the output is instead of where it belongs
        self.scaling, self.is_smooth = Scaling.FIT, True
        self._link, self._player = link, player
        self._settling = QTimer(self, singleShot=True, interval=0)
        self._settling.timeout.connect(self._settle)
        app = QGuiApplication.instance()
        app.screenAdded.connect(self._on_displays_changed)  # type: ignore[union-attr]
        app.screenRemoved.connect(self._on_displays_changed)  # type: ignore[union-attr]

    @property
    def shown_key(self) -> str:
        """The display that it is on; "" while it is closed."""
        display = display_of(self.window.screen(), list_displays()) if self.window else None
        return display.key if display else ""

    @Slot()
    def toggle(self) -> None:
        if self.is_wanted:
            self.close()
        else:
            self.open()

    def open(self, key: str = "") -> None:
        """On a display of that key; without one where it was last, or beside the window."""
        displays = list_displays()
        present = display_of(self._player.screen(), displays)
        display = choose_display(key or self.wanted_key, displays, present) or present
        if display is None:
            self.refused.emit("There is no display to open the output screen on.")
            return
        self.wanted_key = display.key
        self.is_wanted = True
        self._tell("")
        self._fill(display.key)
        self.changed.emit()

    @Slot()
    def close(self) -> None:
        self.is_wanted = False
        self._tell("")
        self._shut()
        self.changed.emit()

    def stop(self) -> None:
        """For good: the window closes; what the settings keep stays as it is."""
        self._settling.stop()
        self._shut()

    def restore(self, key: str, is_wanted: bool) -> None:
        """As it was when Reverie was closed, but never over the window itself."""
        self.wanted_key, self.is_wanted = key, is_wanted
        present = display_of(self._player.screen(), list_displays())
        if present is not None and find_display(key, [present]) is not None:
            self.is_wanted = False
        self._settle()

    def set_scaling(self, scaling: Scaling, is_smooth: bool) -> None:
        """From the next picture on."""
        self.scaling, self.is_smooth = scaling, is_smooth
        self.scaled.emit(scaling, is_smooth)
        self.changed.emit()

    @Slot()
    def _on_displays_changed(self) -> None:
        """Qt moves windows about by itself meanwhile: settle afterwards."""
        self._settling.start()

    @Slot()
    def _settle(self) -> None:
        """Put the window where it belongs by now."""
        if not self.is_wanted:
            return
        displays = list_displays()
        present = display_of(self._player.screen(), displays)
        display = choose_display(self.wanted_key, displays, present)
        if display is None:
            self._shut()
            if self._tell(WAITING):
                self.refused.emit(WAITING)
            return
        is_home = find_display(self.wanted_key, [display]) is not None
        sentence = "" if is_home else MOVED.format(display.name)
        if self._tell(sentence) and sentence:
            self.noticed.emit(sentence)
        self._fill(display.key)

    def _tell(self, sentence: str) -> bool:
        """Take back what was told before. Returns: whether this is new."""
        told, self._told = self._told, sentence
        if told and told != sentence:
            self.outdated.emit(told)
        return told != sentence

    def _fill(self, key: str) -> None:
        display = find_display(key, list_displays())
        if display is None or (self.window is not None and self.shown_key == key):
            return
        if self.window is None:
            self.window = self._make()
            self.shown_changed.emit(True)
        self.window.fill(display.screen)

    def _make(self) -> OutputWindow:
        window = OutputWindow(self._player)
        window.set_scaling(self.scaling, self.is_smooth)
        self._link.output_arrived.connect(window.show_frame)
        self.scaled.connect(window.set_scaling)
        window.close_wanted.connect(self._on_close_wanted)
        return window

    def _shut(self) -> None:
        window, self.window = self.window, None
        if window is not None:
            window.close()
            window.deleteLater()
            self.shown_changed.emit(False)

    @Slot()
    def _on_close_wanted(self) -> None:
        if not self.is_locked:
            self.close()
