"""Where a look or a cue is to be found after the set around it was edited. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.decks.look import Look, PadAddress
from engine.presets import Preset
from engine.sets import Cue, Pad, Set


def pad_like(live_set: Set, loaded: int, look: Preset) -> PadAddress | None:
    """The pad that holds a look of this name and these words; first seen to in the loaded bank."""
    found = [
        address
        for address, pad in _pads(live_set)
        if (pad.look.name, pad.look.prompt) == (look.name, look.prompt)
    ]
    return min(found, key=lambda address: address.bank != loaded, default=None)


def pad_with_words(live_set: Set, loaded: int, look: Look) -> tuple[PadAddress, str] | None:
    """The pad whose look has this one's prompt, and its name; first seen to in the loaded bank."""
    found = [
        (address, pad.look.name)
        for address, pad in _pads(live_set)
        if look.params.prompt and pad.look.prompt == look.params.prompt
    ]
    return min(found, key=lambda each: each[0].bank != loaded, default=None)


def followed_pad(old: Set, new: Set, address: PadAddress | None) -> PadAddress | None:
    """Where the pad has gone by an edit; edited in its place it is still the same one."""
    before, after = dict(_pads(old)), dict(_pads(new))
    if address is None or address not in before:
        return None
    look = before[address].look
    had = {place for place, pad in before.items() if pad.look == look}
    has = {place for place, pad in after.items() if pad.look == look}
    if address not in has and has - had:
        return min(has - had)
    return address if address in after else None


def followed_look(old: Set, new: Set, look: Look) -> Look:
    """The look with the address and the name that its pad has after an edit."""
    address = followed_pad(old, new, look.pad)
    pad = dict(_pads(new))[address] if address else None
    return replace(look, pad=address, name=pad.look.name if pad else look.name)


def followed_cue(old: tuple[Cue, ...], new: tuple[Cue, ...], number: int) -> int:
    """The number after an edit of the cue that had this one; of a deleted one, the cue before."""
    is_edited_in_place = len(new) == len(old) and number > 0 and old[number - 1] not in new
    if is_edited_in_place:
        return number
    for cue in reversed(old[:number]):
        places = [place for place, each in enumerate(new, start=1) if each == cue]
        if places:
            return min(places, key=lambda place: abs(place - number))
    return 0


def _pads(live_set: Set) -> Iterator[tuple[PadAddress, Pad]]:
    for number, bank in enumerate(live_set.banks, start=1):
        for pad in bank.pads:
            yield PadAddress(number, pad.number), pad
