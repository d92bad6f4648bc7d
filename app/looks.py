"""The looks on the pads of the loaded bank: which there are, which one plays, which one waits."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.deck_link import DeckLink
from app.engine_link import EngineLink
from app.engine_names import (
    DeckState,
    OutputState,
    Pad,
    Preset,
    Quantise,
    RenderInfo,
    Set,
    StreamParams,
)

NUM_PADS = 16
NOBODYS = "Untitled"  # what the engine calls a look that is on no pad


class Looks(QObject):
    """Follows the set and the decks, whoever moves them. Thread: main. Pads are counted from 0.

    Signals: pads_changed(sixteen times Pad or None); banks_changed(names, number of the loaded one
    from 1); playing_changed(index) and waiting_changed(index), -1 for none;
    changed_from_preset(bool): a slider has moved since.
    """

    pads_changed = Signal(object)
    banks_changed = Signal(object, int)
    playing_changed = Signal(int)
    waiting_changed = Signal(int)
    changed_from_preset = Signal(bool)

    def __init__(self, link: EngineLink, decks: DeckLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pads: tuple[Pad | None, ...] = (None,) * NUM_PADS
        self.bank = 0
        self.playing = -1
        self.waiting = -1
        self.playing_name = ""
        self._link = link
        self._decks = decks
        self._model_name = ""
        decks.set_changed.connect(self._on_set_changed)
        decks.decks_changed.connect(self._on_decks_changed)
        link.info_changed.connect(self._on_info_changed)
        link.params_changed.connect(self._on_params_changed)

    # ---- playing

    @Slot(int)
    def fire(self, index: int) -> None:
        """Play a look when the choice of now, beat or bar says; a free pad does nothing."""
        self._fire(index, self._decks.quantise)

    @Slot(int)
    def fire_otherwise(self, index: int) -> None:
        """At once where pads wait, on the next bar where they don't."""
        waits = self._decks.quantise is not Quantise.NOW
        self._fire(index, Quantise.NOW if waits else Quantise.BAR)

    def step(self, places: int) -> None:
        """Play the look so many pads on, around the end; free ones are passed over."""
        taken = [index for index, pad in enumerate(self.pads) if pad is not None]
        if taken:
            at = taken.index(self.playing) if self.playing in taken else min(0, -places)
            self.fire(taken[(at + places) % len(taken)])

    def step_bank(self, places: int) -> None:
        """Lay the looks of another bank on the pads, around the end; what plays goes on."""
        num_banks = len(self._decks.live_set.banks)
        if num_banks:
            self._decks.load_bank((self.bank - 1 + places) % num_banks + 1)

    @Slot()
    def reset(self) -> None:
        """The look as it was stored, live; without one, the model's own values."""
        info, playing = self._link.info, self.playing_pad
        values = StreamParams().as_dict() | (info.defaults if info else {})
        values["prompt"] = self._link.params.prompt
        if playing is not None:
            values |= changes_of(playing.look)
            self._link.set_modulation(playing.look.modulation)
        self._link.update(values)
        self._link.set_output(OutputState.LIVE)

    @property
    def playing_pad(self) -> Pad | None:
        """The pad of the loaded bank that is on air."""
        return self.pads[self.playing] if self.playing >= 0 else None

    def _fire(self, index: int, quantise: Quantise) -> None:
        if self.pads[index] is not None:
            self._decks.trigger_pad(index + 1, quantise)

    # ---- following

    @Slot(object)
    def _on_set_changed(self, live_set: Set) -> None:
        self._show_bank(live_set, self._decks.state)
        self._on_decks_changed(self._decks.state)

    @Slot(object)
    def _on_decks_changed(self, state: DeckState) -> None:
        if state.bank != self.bank:
            self._show_bank(self._decks.live_set, state)
        self.waiting = self._index_of(state.waiting)
        self.waiting_changed.emit(self.waiting)
        name = state.b if state.is_b_on_air else state.a
        playing = (self._index_of(state.on_air), "" if name == NOBODYS else name)
        if playing != (self.playing, self.playing_name):
            self.playing, self.playing_name = playing
            self.playing_changed.emit(self.playing)
        self._show_changed(self._link.params)

    def _show_bank(self, live_set: Set, state: DeckState) -> None:
        self.bank = state.bank
        pads = live_set.bank(state.bank).pads if live_set.banks else ()
        by_number = {pad.number: pad for pad in pads}
        self.pads = tuple(by_number.get(number) for number in range(1, NUM_PADS + 1))
        self.banks_changed.emit([bank.name for bank in live_set.banks], state.bank)
        self.pads_changed.emit(self.pads)
        self.playing_changed.emit(self.playing)

    def _index_of(self, address: tuple[int, int] | None) -> int:
        """Its place on the pads that are seen; -1 for none, or for one of another bank."""
        return address[1] - 1 if address is not None and address[0] == self.bank else -1

    @Slot(object)
    def _on_info_changed(self, info: RenderInfo) -> None:
        """Another model: its own values instead of the last one's, or the set's that asked."""
        is_sets = self._decks.has_brought(self._link.show.render)
        if self._model_name not in ("", info.model_name) and not is_sets:
            self._link.update(info.defaults)
        self._model_name = info.model_name

    @Slot(object)
    def _on_params_changed(self, params: StreamParams) -> None:
        """Other words are another look: the decks know."""
        self._decks.pull()
        self._show_changed(params)

    def _show_changed(self, params: StreamParams) -> None:
        """Between the decks nothing is as it was stored, and nobody has changed it."""
        pad, state = self.playing_pad, self._decks.state
        is_between = state.crossfade not in (0.0, 1.0)
        if pad is None or is_between:
            self.changed_from_preset.emit(False)
        else:
            is_moved_else = pad.look.modulation != self._link.show.modulation
            self.changed_from_preset.emit(is_moved_else or pad.look.apply(params) != params)


def changes_of(preset: Preset) -> dict[str, object]:
    """The parameters that a look sets; it leaves the others as they are."""
    return {"prompt": preset.prompt, "negative_prompt": preset.negative, **preset.params}
