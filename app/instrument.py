"""The part of the link that plays: the panic row's deeds, the beat, and what moves by itself."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine_link import EngineLink
from app.engine_names import BeatLeader, PanicName

PULL_MS = 50  # as often as a hand or an eye can use


class Instrument(QObject):
    """Thread: main. Pulls while a show runs; every call returns at once.

    Signals: heard(Sound, Beat) and moved(StreamParams, Matrix) at every pull;
    held_changed(bool): whether everything that moves by itself is stopped.
    """

    heard = Signal(object, object)
    moved = Signal(object, object)
    held_changed = Signal(bool)

    def __init__(self, link: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._is_held = False
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.timeout.connect(self._pull)
        link.running_changed.connect(self._on_running_changed)

    # ---- panic

    def panic(self, name: PanicName, is_on: bool = True) -> None:
        """Press or let go; acts on the next output, also while a model is loading."""
        if not self._link.is_running:
            self._link.refused.emit("No show is running; start it first (F5).")
        elif self._link.carry_out(self._link.engine.panic, name, is_on):
            self._link.follow_params()

    @Slot()
    def go_back(self) -> None:
        """The look that played before this one."""
        self.panic(PanicName.LAST_GOOD)

    @Slot()
    def begin_anew(self) -> None:
        """The stream, not the look."""
        self.panic(PanicName.RESET)

    @Slot()
    def toggle_modulation(self) -> None:
        """Hold everything that moves by itself, or let it go on."""
        self.panic(PanicName.STOP_MODULATION, not self._is_held)
        self._is_held = self._link.engine.is_pressed(PanicName.STOP_MODULATION)
        self.held_changed.emit(self._is_held)

    # ---- the beat

    @Slot()
    def tap(self) -> None:
        """One beat, now."""
        if self._link.is_running:
            self._link.engine.hearing.tap()

    def nudge(self, beats: float) -> None:
        """Shift the beat; positive: earlier."""
        if self._link.is_running:
            self._link.carry_out(self._link.engine.hearing.nudge, beats)

    @Slot(object)
    def follow(self, leader: BeatLeader) -> None:
        """Choose who says where the beat is."""
        if self._link.is_running:
            self._link.carry_out(self._link.engine.hearing.follow, leader)

    def stop(self) -> None:
        """For good: the window closes."""
        self._timer.stop()

    # ---- following

    @Slot(bool)
    def _on_running_changed(self, is_running: bool) -> None:
        if is_running:
            self._timer.start()
        else:
            self._timer.stop()

    @Slot()
    def _pull(self) -> None:
        if self._link.is_running:
            self._show_held()
            hearing = self._link.engine.hearing
            self.moved.emit(self._link.engine.moved, self._link.engine.modulation)
            self.heard.emit(hearing.sound.value, hearing.now())

    def _show_held(self) -> None:
        is_held = self._link.engine.is_pressed(PanicName.STOP_MODULATION)
        if is_held != self._is_held:
            self._is_held = is_held
            self.held_changed.emit(is_held)
