"""The part of the link that controllers have: ports, mappings, learning, what arrives."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine_link import EngineLink
from app.engine_names import ControlDesk, ControlMapping, OscSpec, dump_mappings, load_mappings

PULL_MS = 100
ALL = "all"


class ControlLink(QObject):
    """Thread: main. Pulls while a show runs and somebody looks.

    Signals: pulled(ControlDesk), for whoever shows it; learned(ControlMapping).
    """

    pulled = Signal(object)
    learned = Signal(object)

    def __init__(
        self, link: EngineLink, mappings: Sequence[object], parent: QObject | None = None
    ) -> None:
        """mappings: as they were saved; what can't be read is left out."""
        super().__init__(parent)
        self._link = link
        self.mappings, self._problems = load_mappings(list(mappings))
        self._is_looked_at = False
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.timeout.connect(self.pull)
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
            self._link.carry_out(self.desk.learn, target)

    @Slot()
    def cancel(self) -> None:
        """Harmless when nothing is being learned."""
        if self.desk is not None:
            self.desk.cancel_learning()

    def replace(self, old: ControlMapping, new: ControlMapping | None) -> None:
        """Another mapping in its place; None takes it away."""
        kept = [new if each == old else each for each in self.mappings]
        self.mappings = tuple(each for each in kept if each is not None)
        if self.desk is not None:
            self.desk.set_mappings(self.mappings)
        self._link.show_changed.emit(self._link.show)  # so that it is kept

    @Slot()
    def pull(self) -> None:
        desk = self.desk
        if desk is None:
            return
        new = [mapping for mapping in desk.mappings if mapping not in self.mappings]
        if desk.mappings != self.mappings:
            self.mappings = desk.mappings
            self._link.show_changed.emit(self._link.show)
        for mapping in new:
            self.learned.emit(mapping)
        self.pulled.emit(desk)

    @Slot(bool)
    def _on_running_changed(self, is_running: bool) -> None:
        if is_running and self.mappings and self.desk is not None:
            self.desk.set_mappings(self.mappings)
        for problem in self._problems:
            self._link.refused.emit(problem)
        self._problems = []
        self._run_timer()

    def _run_timer(self) -> None:
        if self._is_looked_at and self._link.is_running:
            self._timer.start()
        else:
            self._timer.stop()
