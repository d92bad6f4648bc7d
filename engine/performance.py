"""The set that is played and edited, beside the show that runs or doesn't."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.control.mapping_edits import Mappings
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.decks.history import History
from engine.decks.look import UNNAMED, Look, PadAddress
from engine.decks.state import Shot
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.params import StreamParams
from engine.presets import Preset
from engine.set_files import load_set
from engine.sets import NUM_PADS, Pad, PadBank, Place, Set, first_set
from engine.show import ShowSpec
from engine.transition import Quantise, TimeUnit

MOST_LETTERS = 40  # of a name


@dataclass(frozen=True, slots=True)
class DeckState:
    """For the window. bank: the loaded one. waiting: the pad that waits for its beat, if any.

    on_air: the pad whose look plays or is coming, if it is one. crossfade: 0 is A, 1 is B.
    cue: the number of the cue that went last, 0 for none. follow_in: how long until the next one
    goes by itself, in `follow_unit`, to a tenth; None: it doesn't. fade: how much of a transition
    on the picture is done, 1 when none is under way.
    """

    a: str
    b: str
    is_b_on_air: bool
    crossfade: float
    bank: int
    on_air: PadAddress | None
    waiting: PadAddress | None
    cue: int
    follow_in: float | None = None
    follow_unit: TimeUnit = TimeUnit.SECONDS
    fade: float = 1.0


class Performance:
    """Threads: any. A refusal is a ValueError with a sentence; nothing changes then."""

    def __init__(self, live_set: Set, on_mappings: Callable[[], object] = lambda: None) -> None:
        """on_mappings: called on any thread once the set says otherwise what the controls play."""
        self._on_mappings = on_mappings
        self._lock = threading.RLock()
        self._history = History(live_set)
        self._bank = _bank_of(live_set)
        self._params: LiveParams | None = None
        self._looks: Latest[tuple[StreamParams, ...]] = Latest(())
        self._begun_with: Set | None = None
        self._first_banks: tuple[PadBank, ...] = ()

    # ---- the set

    @property
    def live_set(self) -> Set:
        return self._history.present

    def edit(self, live_set: Set) -> Set:
        """Put an edited set in place of the present one; but see `change_mappings` for those."""
        with self._lock:
            mappings = self.live_set.mappings  # one may have been learned since it was looked at
            edited = live_set.model_copy(update={"mappings": mappings})
            return self._turn(lambda history: history.edited(edited))

    def store_on_air(self, pad: Pad) -> Set:
        """Put the look on air, as the pad has it, on the loaded bank; it plays on as that pad."""
        with self._lock:
            number, bank = self._bank, self.live_set.bank(self._bank)
            live_set = self.edit(self.live_set.with_bank(number, bank.with_pad(pad)))
            if self._params is not None:
                address, name = PadAddress(number, pad.number), pad.look.name
                self._params.change(lambda decks, now: decks.with_pad_on_air(address, name))
            return live_set

    def undo(self) -> Set:
        return self._turn(lambda history: history.undone())

    def redo(self) -> Set:
        return self._turn(lambda history: history.redone())

    @property
    def can_undo(self) -> bool:
        return bool(self._history.past)

    @property
    def can_redo(self) -> bool:
        return bool(self._history.future)

    def open(self, path: Path) -> list[str]:
        """Take over a set from its file; what plays follows its looks, if it was played before.

        Returns: a sentence for each part that was left out. Errors: SetError.
        """
        live_set, problems = load_set(path)
        self.take_over(live_set)
        return problems

    def take_over(self, live_set: Set) -> None:
        """Another set: its bank, its cues and, if it was played, its looks. No way back.

        A set without mappings leaves the hardware as it is: it goes on playing what it played.
        """
        with self._lock:
            before = self.live_set.mappings
            live_set = live_set.model_copy(update={"mappings": live_set.mappings or before})
            self._history = History(live_set)
            self._bank = _bank_of(live_set)
            if self._params is not None:
                self._params.change(lambda decks, now: decks.as_left(live_set, now))
            if live_set.mappings != before:
                self._on_mappings()
            self._announce()

    def change_mappings(self, change: Callable[[Mappings], Mappings]) -> Set:
        """What the controls play, as an edit that can be undone.

        change: makes the new ones from the present ones, which nobody else changes meanwhile.
        """
        with self._lock:
            mappings = change(load_mappings(self.live_set.mappings)[0])
            content = {"mappings": tuple(dump_mappings(mappings))}
            edited = self.live_set.model_copy(update=content)
            return self._turn(lambda history: history.edited(edited))

    def keep_mappings(self, mappings: Sequence[dict[str, Any]]) -> None:
        """What the controls play already belongs to the set; it is no edit of its own."""
        with self._lock:
            live_set = self.live_set.model_copy(update={"mappings": tuple(mappings)})
            if live_set != self.live_set:
                self._history = replace(self._history, present=live_set)

    def snapshot(self) -> Set:
        """The set with the place it stands at, for a file."""
        with self._lock:
            if self._params is None:
                return self.live_set
            decks, position = self._params.decks, self._params.crossfade
            place = Place(
                a=decks.a.as_preset(),
                b=decks.b.as_preset(),
                crossfade=position,
                bank=self._bank,
                cue=decks.cue,
            )
            return self.live_set.model_copy(update={"place": place})

    def _turn(self, step: Callable[[History[Set]], History[Set]]) -> Set:
        with self._lock:
            before = self.live_set
            self._history = step(self._history)
            live_set = self.live_set
            self._bank = max(1, min(self._bank, len(live_set.banks)))
            if self._params is not None:
                self._params.change(lambda decks, now: decks.with_set(before, live_set))
            if live_set.mappings != before.mappings:
                self._on_mappings()
            self._announce()
            return live_set

    # ---- playing

    def begin(
        self, params: LiveParams, looks: Latest[tuple[StreamParams, ...]], show: ShowSpec
    ) -> None:
        """A show starts: with its own set the first time that is seen, else where the last ended.

        What the show says of its parameters counts more in either case.
        looks: told which looks one touch can play.
        """
        with self._lock:
            left, wanted = self.snapshot(), show.params.as_dict()
            self._params, self._looks = params, looks
            if show.live_set is None or show.live_set is self._begun_with:
                params.change(lambda decks, now: decks.resumed(left, wanted, show.modulation, now))
            else:
                self._begun_with = show.live_set
                self.take_over(show.live_set)
                params.update({name: wanted[name] for name in show.explicit or ()})
            self.follow_model(show.render.model)
            live_set, bank = self.live_set, self._bank
            params.change(lambda decks, now: decks.recognised(live_set, bank))
            self._announce()

    def follow_model(self, model: str) -> None:
        """Without banks of one's own the pads have the first looks for the model."""
        with self._lock:
            banks = first_set(model).banks
            if not self.live_set.banks or self.live_set.banks == self._first_banks:
                self.take_over(first_set(model).model_copy(update=_kept(self.live_set)))
            if self.live_set.banks == banks:
                self._first_banks = banks

    def begin_afresh(self, model: str) -> None:
        """The first looks for a model in place of the set; what plays and what controls go on."""
        with self._lock:
            self.take_over(Set())
            self.follow_model(model)

    def load_bank(self, bank: int | str) -> None:
        """By number, from 1, or by name."""
        with self._lock:
            names = [bank.name for bank in self.live_set.banks]
            if isinstance(bank, str):
                if bank not in names:
                    raise ValueError(f"there is no bank {bank!r}; there are {', '.join(names)}")
                bank = names.index(bank) + 1
            self.live_set.bank(bank)  # refuses what isn't there
            self._bank = bank
            self._announce()

    def trigger_pad(self, number: int, quantise: Quantise = Quantise.NOW) -> None:
        """Fire a pad of the loaded bank, now or at the next beat or bar."""
        with self._lock:
            pad = self.live_set.bank(self._bank).pad(number)
            if pad is None:
                raise ValueError(f"pad {number} of bank {self._bank} is empty")
            address = PadAddress(self._bank, number)
            shot = Shot(pad.look, pad.transition or self.live_set.transition, address)
            self._playing().change(lambda decks, now: decks.fire_on(shot, quantise, now))

    def play_look(self, look: Preset) -> None:
        """One that is on no pad, by the set's own transition."""
        shot = Shot(look, self.live_set.transition)
        self._playing().change(lambda decks, now: decks.fire(shot, now))

    def go_cue(self, step: int) -> None:
        """1 for the next cue, -1 for the one before."""
        self._playing().change(lambda decks, now: decks.go(decks.cue + step, now))

    def set_crossfade(self, position: float) -> None:
        """0 is deck A, 1 is deck B."""
        self._playing().change(lambda decks, now: decks.with_crossfade(position))

    def swing(self) -> None:
        """Move the crossfader to the other deck, by the set's own transition."""
        transition = self.live_set.transition
        self._playing().change(lambda decks, now: decks.swing(transition, now))

    def look_on_air(self) -> Preset:
        """As it stands now, for a pad or a cue; without a name of its own, one of its words."""
        look = self._playing().decks.on_air
        words = " ".join(look.params.prompt.replace(",", " ").split()[:3])[:MOST_LETTERS]
        name = words.capitalize() if words and look.name == UNNAMED else look.name
        return look.as_preset().model_copy(update={"name": name})

    def looks_on_decks(self) -> tuple[Look, Look]:
        """Of deck A and deck B, as they stand before modulation."""
        decks = self._playing().decks
        return decks.a, decks.b

    def params_if_fired(self, look: Preset) -> StreamParams:
        """What would be played if a pad with this look were pressed now."""
        return self._playing().decks.on_air.with_preset(look, None).params

    def state(self) -> DeckState:
        """Where the decks stand."""
        with self._lock:
            decks, now = (self._params or LiveParams(StreamParams())).present()
            left, picture_fade = decks.follows_in(now), decks.picture_fade_at(now)
            return DeckState(
                a=decks.a.name,
                b=decks.b.name,
                is_b_on_air=decks.glide.is_towards_b,
                crossfade=decks.glide.position_at(now),
                bank=self._bank,
                on_air=decks.on_air.pad,
                waiting=decks.waiting.shot.pad if decks.waiting else None,
                cue=decks.cue,
                follow_in=None if left is None else round(left, 1),
                follow_unit=decks.follow_on.unit if decks.follow_on else TimeUnit.SECONDS,
                fade=1.0 if picture_fade is None else picture_fade.progress,
            )

    def readers(self) -> dict[str, Callable[[], float]]:
        """Where the crossfader and the pads stand, by the addresses that controls have for them."""
        pads = {
            f"pad/{number}": partial(self._is_on_air, number) for number in range(1, NUM_PADS + 1)
        }
        return {**pads, "crossfade": lambda: self._playing().crossfade}

    def _is_on_air(self, number: int) -> float:
        return float(self._playing().decks.on_air.pad == PadAddress(self._bank, number))

    def go_back(self) -> None:
        """Last good look: the one that played before the present one, at the settings it had."""
        self._playing().change(lambda decks, now: decks.go_back_to_previous(now))

    def rest(self) -> None:
        """What moves by itself is at its end, and nothing waits."""
        self._playing().change(lambda decks, now: decks.at_rest())

    def hold(self, is_held: bool) -> None:
        """Nothing moves by itself any more, until it is let go."""
        self._playing().change(lambda decks, now: replace(decks, is_held=is_held))

    def _announce(self) -> None:
        """Every look that one touch can play: the loaded bank's and the cues'."""
        live_set, number = self.live_set, self._bank
        pads = live_set.bank(number).pads if number <= len(live_set.banks) else ()
        presets = [pad.look for pad in pads] + [cue.look for cue in live_set.cues]
        self._looks.value = tuple(preset.apply(StreamParams()) for preset in presets)

    def _playing(self) -> LiveParams:
        if self._params is None:
            raise ValueError("no show is running; start one first")
        return self._params


def _kept(live_set: Set) -> dict[str, Any]:
    """What of a set isn't looks: it stays when another model brings its own."""
    return {"cues": live_set.cues, "transition": live_set.transition}


def _bank_of(live_set: Set) -> int:
    """The bank that was loaded when the set was left, as far as there is one."""
    wanted = live_set.place.bank if live_set.place else 1
    return max(1, min(wanted, len(live_set.banks)))
