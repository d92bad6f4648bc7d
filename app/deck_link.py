"""The part of the link that the set has: its pads, cues and decks, to be played and edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine_link import EXPECTED_ERRORS, EngineLink, sentence_of
from app.engine_names import (
    ControlMapping,
    DeckState,
    Pad,
    Performance,
    Preset,
    Quantise,
    RenderSpec,
    Set,
    first_set,
    load_mappings,
    with_edited,
)
from app.set_wording import what_changed

LONGEST_NAME = 80
PULL_MS = 50  # a crossfader that glides is seen to glide


@dataclass(frozen=True)
class LeftSet:
    """A set that wasn't saved. path: its file, if it has one; saved: what that holds."""

    live_set: Set
    path: Path | None
    saved: Set | None


class DeckLink(QObject):
    """Thread: main. Follows the set and the decks, whoever moves them; every call returns at once.

    Signals: set_changed(Set), for an edit, another file or another model's looks;
    decks_changed(DeckState); quantise_changed(Quantise): when a pressed pad acts;
    file_changed: another name, file or unsaved mark; left_behind(LeftSet): a set gave way to
    another one before it was saved; opened: another set with mappings of its own;
    refused(sentence), and nothing has changed then; noticed(sentence).
    """

    set_changed = Signal(object)
    decks_changed = Signal(object)
    quantise_changed = Signal(object)
    file_changed = Signal()
    left_behind = Signal(object)
    opened = Signal()
    refused = Signal(str)
    noticed = Signal(str)

    def __init__(self, link: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.quantise = Quantise.NOW
        self._link = link
        self._shown_set: Set | None = None
        self._shown_state: DeckState | None = None
        self._shown_file: tuple[object, ...] = ()
        self._saved: Set | None = None
        self._brought: RenderSpec | None = None  # the model that an opened set is to play on
        # Mappings that a set without a file began with.
        self._carried: tuple[dict[str, Any], ...] = ()
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

    def edit(self, live_set: Set) -> bool:
        """Put an edited set in place of the present one."""
        return self._carry_out(self._performance.edit, live_set)

    def edit_mapping(self, old: ControlMapping, new: ControlMapping | None) -> bool:
        """What the hardware plays, changed as `new` differs from `old`; None takes it away."""
        edit = partial(with_edited, old=old, new=new)
        return self._carry_out(self._performance.change_mappings, edit)

    def bring_mappings(self, mappings: Sequence[dict[str, Any]]) -> None:
        """What the hardware played before there was this set: part of it, and no edit of it."""
        self._performance.keep_mappings(mappings)
        self._carried = self.live_set.mappings
        if self._saved is not None:
            self._saved = self._saved.model_copy(update={"mappings": self._carried})
        self.pull()

    def store_on_air(self, pad: Pad) -> bool:
        """Put what plays on a pad of the loaded bank, as the pad says it."""
        return self._carry_out(self._performance.store_on_air, pad)

    @Slot()
    def undo(self) -> None:
        newer = self.live_set
        if self._carry_out(self._performance.undo):
            self.noticed.emit(f"Undone: {what_changed(self.live_set, newer)}.")

    @Slot()
    def redo(self) -> None:
        older = self.live_set
        if self._carry_out(self._performance.redo):
            self.noticed.emit(f"Done again: {what_changed(older, self.live_set)}.")

    # ---- its file

    @property
    def is_modified(self) -> bool:
        """Whether it differs from its file; without one from what Reverie brings along."""
        model = self._link.show.render.model
        carried = {"mappings": self._carried}
        like = self._saved or first_set(model).model_copy(update=carried)
        return _parts(self.live_set) != _parts(like)

    def open_set(self, path: Path) -> bool:
        """Play another set, on its own model; source and sinks are the place's and stay.

        What can't be read of it is told part by part.
        """
        left, problems = self._leave(), list[str]()
        if not self._carry_out(lambda: problems.extend(self._link.engine.open_set(path))):
            return False
        self.opened.emit()
        self._bring_model()
        self._settle(path, self.live_set, left)
        for problem in problems:
            self.refused.emit(problem)
        return True

    def open_left(self, path: Path) -> None:
        """Take up the set of a session that did not end in order: it has no file of its own."""
        if self.open_set(path):
            self._settle(None, None, None)

    @Slot()
    def new_set(self) -> None:
        """The looks that Reverie brings along, under no name; what plays goes on."""
        left = self._leave()
        self._carry_out(self._performance.begin_afresh, self._link.show.render.model)
        self._carried = self.live_set.mappings
        self._settle(None, None, left)

    def go_back_to(self, left: LeftSet) -> None:
        """The set that gave way, as it was, still unsaved."""
        self._carry_out(self._link.engine.take_over, left.live_set)
        self.opened.emit()
        self._bring_model()
        self._settle(left.path, left.saved, None)

    def save_set(self, path: Path | None = None) -> bool:
        """Write the set as it stands; without a path to its own file. Another file names it."""
        path = path or self.path
        if path is None:
            self.refused.emit("The set has no file yet; save it under a name first.")
            return False
        if path != self.path:
            self.edit(self.live_set.model_copy(update={"name": path.stem[:LONGEST_NAME]}))
        if not self._carry_out(self._link.engine.save_set, path):
            return False
        self._settle(path, self.live_set, None)
        self.noticed.emit(f"“{self.live_set.name}” is saved to {path}.")
        return True

    def remember(self, path: Path | None, saved: Set | None) -> None:
        """Which file the present set came from, and what that holds."""
        self._settle(path, saved, None)

    def has_brought(self, render: RenderSpec) -> bool:
        """Whether the set has asked for this model, which plays now; to be asked once a model."""
        brought, self._brought = self._brought, None
        return brought == render

    def _bring_model(self) -> None:
        """The one that the set was made for, in the background; the old look plays on."""
        made_for, present = self.live_set.render, self._link.wanted_render
        if made_for is None or made_for.on(present) == present:
            return
        if self.live_set.place is not None:  # its looks know what they want of that model
            self._brought = made_for.on(present)
        self._link.load(made_for.on(present))

    def _leave(self) -> LeftSet | None:
        if not self.is_modified:
            return None
        return LeftSet(self._link.engine.set_as_it_stands(), self.path, self._saved)

    def _settle(self, path: Path | None, saved: Set | None, left: LeftSet | None) -> None:
        self.path, self._saved = path, saved
        self._tell_file()
        if left is not None:
            self.left_behind.emit(left)

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

    @Slot()
    def step_quantise(self) -> None:
        """Now, beat, bar, and around."""
        choices = list(Quantise)
        self.set_quantise(choices[(choices.index(self.quantise) + 1) % len(choices)])

    def trigger_pad(self, number: int, quantise: Quantise | None = None) -> None:
        """Fire a pad of the loaded bank, 1-16; quantise: None takes the present choice."""
        wanted = self.quantise if quantise is None else quantise
        self._carry_out(self._performance.trigger_pad, number, wanted)

    def play_look(self, look: Preset) -> bool:
        """A look that is on no pad; False when it can't, and `refused` has said why."""
        return self._carry_out(self._performance.play_look, look)

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
            self._tell_file()
        if state != self._shown_state:
            self._shown_state = state
            self.decks_changed.emit(state)

    def stop(self) -> None:
        """For good: the window closes."""
        self._timer.stop()

    def _tell_file(self) -> None:
        file = (self.live_set.name, self.path, self.is_modified)
        if file != self._shown_file:
            self._shown_file = file
            self.file_changed.emit()

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
        self._link.follow_params()
        self.pull()
        if is_running:
            self._timer.start()
        else:
            self._timer.stop()


def _parts(live_set: Set) -> tuple[object, ...]:
    """What a performer edits; the place and the machine are kept by themselves."""
    mappings = load_mappings(live_set.mappings)[0]
    return live_set.name, live_set.transition, live_set.banks, live_set.cues, mappings
