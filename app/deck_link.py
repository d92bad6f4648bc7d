"""The part of the link that the set has: its pads, cues and decks, to be played and edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine_link import EXPECTED_ERRORS, EngineLink, sentence_of
from app.engine_names import DeckState, Performance, Preset, Quantise, Set

PULL_MS = 50  # a crossfader that glides is seen to glide


class DeckLink(QObject):
    """Thread: main. Follows the set and the decks, whoever moves them; every call returns at once.

    Signals: set_changed(Set), for an edit, another file or another model's looks;
    decks_changed(DeckState); quantise_changed(Quantise): when a pressed pad acts;
    refused(sentence), and nothing has changed then; noticed(sentence).
    """

    set_changed = Signal(object)
    decks_changed = Signal(object)
    quantise_changed = Signal(object)
    refused = Signal(str)
    noticed = Signal(str)

    def __init__(self, link: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.quantise = Quantise.NOW
        self._link = link
        self._shown_set: Set | None = None
        self._shown_state: DeckState | None = None
        self.path: Path | None = None  # the file that the set was opened from or saved to
        self._timer = QTimer(self, interval=PULL_MS)
        self._timer.timeout.connect(self.pull)
        link.running_changed.connect(self._on_running_changed)

    # ---- the set

    @property
    def live_set(self) -> Set:
        return self._performance.live_set

    @property
    def can_undo(self) -> bool:
        return self._performance.can_undo

    @property
    def can_redo(self) -> bool:
        return self._performance.can_redo

    def look_on_air(self) -> Preset | None:
        """The look that plays, at the settings it has now; None without a show."""
        return self._performance.look_on_air() if self._link.is_running else None

    def edit(self, live_set: Set) -> None:
        """Put an edited set in place of the present one."""
        self._carry_out(self._performance.edit, live_set)

    @Slot()
    def undo(self) -> None:
        self._carry_out(self._performance.undo)

    @Slot()
    def redo(self) -> None:
        self._carry_out(self._performance.redo)

    def open_set(self, path: Path) -> bool:
        """Play another set; what can't be read of it is told part by part."""
        try:
            problems = self._link.engine.open_set(path)
        except EXPECTED_ERRORS as error:
            self.refused.emit(sentence_of(error))
            return False
        self.path = path
        self.pull()
        for problem in problems:
            self.refused.emit(problem)
        return True

    def save_set(self, path: Path | None = None) -> bool:
        """Write the set as it stands; without a path to the file that it came from."""
        path = path or self.path
        if path is None:
            self.refused.emit("The set has no file yet; save it under a name first.")
            return False
        if not self._carry_out(self._link.engine.save_set, path):
            return False
        self.path = path
        self.noticed.emit(f"“{self.live_set.name}” is saved to {path}.")
        return True

    # ---- playing

    @property
    def state(self) -> DeckState:
        return self._performance.state()

    @Slot(object)
    def set_quantise(self, quantise: Quantise) -> None:
        """When pads act that are pressed in the window."""
        if quantise is not self.quantise:
            self.quantise = quantise
            self.quantise_changed.emit(quantise)

    def trigger_pad(self, number: int, quantise: Quantise | None = None) -> None:
        """Fire a pad of the loaded bank, 1-16; quantise: None takes the present choice."""
        wanted = self.quantise if quantise is None else quantise
        self._carry_out(self._performance.trigger_pad, number, wanted)

    def set_crossfade(self, position: float) -> None:
        """0 is deck A, 1 is deck B."""
        self._carry_out(self._performance.set_crossfade, position)

    @Slot()
    def swing(self) -> None:
        """The crossfader over to the other deck, by the set's own transition."""
        self._carry_out(self._performance.swing)

    def go_cue(self, step: int) -> None:
        """1 for the next cue, -1 for the one before."""
        self._carry_out(self._performance.go_cue, step)

    def load_bank(self, bank: int | str) -> None:
        """By number, from 1, or by name."""
        self._carry_out(self._performance.load_bank, bank)

    # ---- following

    @Slot()
    def pull(self) -> None:
        """Tell what has changed since the last time."""
        live_set, state = self.live_set, self.state
        if live_set is not self._shown_set:
            self._shown_set = live_set
            self.set_changed.emit(live_set)
        if state != self._shown_state:
            self._shown_state = state
            self.decks_changed.emit(state)

    def stop(self) -> None:
        """For good: the window closes."""
        self._timer.stop()

    @property
    def _performance(self) -> Performance:
        return self._link.engine.performance

    def _carry_out(self, command: Callable[..., object], *arguments: object) -> bool:
        """False when the engine refuses; `refused` has said why."""
        try:
            command(*arguments)
        except EXPECTED_ERRORS as error:
            self.refused.emit(sentence_of(error))
            return False
        self._link.follow_params()
        self.pull()
        return True

    @Slot(bool)
    def _on_running_changed(self, is_running: bool) -> None:
        self.pull()
        if is_running:
            self._timer.start()
        else:
            self._timer.stop()
