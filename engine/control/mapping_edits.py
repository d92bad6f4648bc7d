"""Edits of the mappings, each made from those that are there when it is made. Pure.

What is learned and what is edited may meet, on two threads: neither may lose the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.control.mapping import Mapping
from engine.control.target import TARGETS

Mappings = tuple[Mapping, ...]


def with_learned(mappings: Sequence[Mapping], learned: Mapping) -> Mappings:
    """One control plays one target: what it played before is replaced.

    What is learned once more stays as it has been edited.
    """
    kept = [m for m in mappings if m.control != learned.control or m.target == learned.target]
    is_known = any(m.identity == learned.identity for m in kept)
    return tuple(kept) if is_known else (*kept, learned)


def with_edited(mappings: Sequence[Mapping], old: Mapping, new: Mapping | None) -> Mappings:
    """What makes `new` differ from `old`, on the mapping as it is now; None takes it away.

    Errors: ValueError when something else was learned in its place meanwhile.
    """
    place = _place_of(old, mappings)
    if place is None:
        if new is None:
            return tuple(mappings)
        label = TARGETS[old.target].label
        raise ValueError(f"the control of {label} has been learned anew; its edit came too late")
    edited = [] if new is None else [_changed_alike(mappings[place], old, new)]
    return (*mappings[:place], *edited, *mappings[place + 1 :])


def _place_of(wanted: Mapping, mappings: Sequence[Mapping]) -> int | None:
    """The same one, else the one of the same control and target."""
    same = [place for place, m in enumerate(mappings) if m.identity == wanted.identity]
    return next((place for place in same if mappings[place] == wanted), next(iter(same), None))


def _changed_alike(present: Mapping, old: Mapping, new: Mapping) -> Mapping:
    changed = {
        name: getattr(new, name)
        for name in type(new).model_fields
        if getattr(new, name) != getattr(old, name)
    }
    return present.model_copy(update=changed)
