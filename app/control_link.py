"""The part of the link that controllers have: ports, mappings, learning, what arrives."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.deck_link import DeckLink
from app.engine_link import EngineLink
from app.engine_names import (
    ControlDesk,
    ControlMapping,
    OscSpec,
    Set,
    dump_mappings,
    load_mappings,
)

PULL_MS = 50  # a fader that moves is seen to move
ALL = "all"


class ControlLink(QObject):
    """Thread: main. Pulls while a show runs and somebody looks.

    The mappings are part of the set: every edit, and what is learned, can be undone there.
    Signals: pulled(ControlDesk), for whoever shows it; mappings_changed(tuple of ControlMapping);
    learned(ControlMapping).
    """

    pulled = Signal(object)
    mappings_changed = Signal(object)
    learned = Signal(object)

    def __init__(self, link: EngineLink, decks: DeckLink, kept: Sequence[object]) -> None:
        """kept: what the hardware plays when the set says nothing; bad ones are left out."""
        super().__init__(decks)
        self._link = link
        self._decks = decks
        self._kept, self._problems = load_mappings(list(kept))
        self.mappings: tuple[ControlMapping, ...] = ()
        self._is_learning = False
        self._is_looked_at = False
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.timeout.connect(self.pull)
        decks.set_changed.connect(self._follow_set)
        link.running_changed.connect(self._on_running_changed)

    @property
    def desk(self) -> ControlDesk | None:
        """None: no show is running."""
        return self._link.engine.controls if self._link.is_running else None

    def saved(self) -> list[dict[str, object]]:
        """The mappings as plain values."""
        return dump_mappings(self.mappings)

    @Slot(bool)
    def look(self, is_looked_at: bool) -> None:
        """Whether anybody sees what is pulled."""
        self._is_looked_at = is_looked_at
        self._run_timer()

    def stop(self) -> None:
        """For good: the window closes."""
        self._timer.stop()

    @Slot(bool)
    def set_midi(self, is_on: bool) -> None:
        """All controllers, those that come later included, or none."""
        if self.desk is not None:
            self.desk.open_midi() if is_on else self.desk.close_midi()
        self._link.set_midi((ALL,) if is_on else ())

    @Slot(bool)
    def set_gamepads(self, is_on: bool) -> None:
        """The same of gamepads."""
        if self.desk is not None:
            self.desk.open_gamepads() if is_on else self.desk.close_gamepads()
        self._link.set_gamepads((ALL,) if is_on else ())

    def set_osc(self, port: int | None) -> None:
        """Heard on this machine alone; None: nowhere."""
        spec = None if port is None else OscSpec(port)
        if self.desk is not None:
            self.desk.close_osc() if spec is None else self.desk.open_osc(spec)
        self._link.set_osc(spec)

    def learn(self, target: str) -> None:
        """Map the next control that moves to this target."""
        if self.desk is None:
            self._link.refused.emit("No show is running; start it first (F5).")
        else:
            self._is_learning = self._link.carry_out(self.desk.learn, target)

    @Slot()
    def cancel(self) -> None:
        """Harmless when nothing is being learned."""
        self._is_learning = False
        if self.desk is not None:
            self.desk.cancel_learning()

    def press_key(self, key: str, is_down: bool) -> None:
        """A key that isn't the window's own went down or up."""
        if self.desk is not None:
            self.desk.press_key(key, is_down)

    @Slot(object, object)
    def replace(self, old: ControlMapping, new: ControlMapping | None) -> None:
        """Another mapping in its place; None takes it away."""
        self._decks.edit_mapping(old, new)

    @Slot()
    def pull(self) -> None:
        if self.desk is None:
            return
        self.pulled.emit(self.desk)
        learned = self.desk.learned
        if self._is_learning and learned is not None:
            self._is_learning = False
            self._decks.pull()  # the set has it by now
            self.learned.emit(learned)

    @Slot(object)
    def _follow_set(self, live_set: Set) -> None:
        mappings = load_mappings(live_set.mappings)[0]
        if mappings != self.mappings:
            self.mappings = mappings
            self.mappings_changed.emit(mappings)

    @Slot(bool)
    def _on_running_changed(self, is_running: bool) -> None:
        if is_running:
            self._bring_kept()
        for problem in self._problems:
            self._link.refused.emit(problem)
        self._problems = []
        self._run_timer()

    def _bring_kept(self) -> None:
        """Into a set that says nothing of its own, at the first start."""
        kept, self._kept = self._kept, ()
        if kept and not self._decks.live_set.mappings:
            self._decks.bring_mappings(dump_mappings(kept))
            if self.desk is not None:
                self.desk.set_mappings(kept)

    def _run_timer(self) -> None:
        if self._is_looked_at and self._link.is_running:
            self._timer.start()
        else:
            self._timer.stop()
