"""What an edit of a set was about, in a performer's words: pure, from the two sets alone."""

from __future__ import annotations

from itertools import zip_longest

from app.engine_names import TARGETS, Pad, PadBank, Set, load_mappings


def what_changed(older: Set, newer: Set) -> str:
    """The edit that leads from one set to the next, as a phrase without an article."""
    if older.banks != newer.banks:
        return _what_of_banks(older, newer)
    if older.cues != newer.cues:
        return _what_of_cues(older, newer)
    if older.transition != newer.transition:
        return "transition between looks"
    if older.mappings != newer.mappings:
        return _what_of_mappings(older, newer)
    return "name of the set"


def _what_of_banks(older: Set, newer: Set) -> str:
    if len(older.banks) < len(newer.banks):
        return f"new bank “{newer.banks[-1].name}”"
    pairs = list(zip_longest(older.banks, newer.banks))
    before, after = next((old, new) for old, new in pairs if old != new)
    if len(older.banks) > len(newer.banks):
        return f"removal of bank “{before.name}”"
    if before.name != after.name:
        return f"name of bank “{after.name}”"
    return _what_of_pads(before, after)


def _what_of_pads(before: PadBank, after: PadBank) -> str:
    numbers = sorted({pad.number for pad in (*before.pads, *after.pads)})
    changed = [number for number in numbers if before.pad(number) != after.pad(number)]
    if len(changed) > 1:
        return f"order of pads {' and '.join(str(number) for number in changed[:2])}"
    number = changed[0]
    return _what_of_pad(number, before.pad(number), after.pad(number))


def _what_of_pad(number: int, before: Pad | None, after: Pad | None) -> str:
    if before is None or after is None:
        pad = after or before
        name = pad.look.name if pad else ""
        return f"{'new' if before is None else 'clearing of'} pad {number} “{name}”"
    place = f"of pad {number} “{after.look.name}”"
    if before.transition != after.transition:
        return f"transition {place}"
    same = after.look.model_copy(update={"colour": before.look.colour})
    if same == before.look:
        return f"colour {place}"
    same = after.look.model_copy(update={"name": before.look.name})
    return f"name {place}" if same == before.look else f"look {place}"


def _what_of_mappings(older: Set, newer: Set) -> str:
    before, after = (load_mappings(each.mappings)[0] for each in (older, newer))
    changed = [each for each in after if each not in before]
    changed += [each for each in before if each not in after]
    label = TARGETS[changed[0].target].label if changed else ""
    if len(before) != len(after):
        return f"{'new' if len(before) < len(after) else 'removal of a'} mapping of {label}"
    return f"mapping of {label}"


def _what_of_cues(older: Set, newer: Set) -> str:
    if len(older.cues) != len(newer.cues):
        return "new cue" if len(older.cues) < len(newer.cues) else "removal of a cue"
    changed = [n for n, (a, b) in enumerate(zip(older.cues, newer.cues, strict=True), 1) if a != b]
    return f"cue {changed[0]}" if len(changed) == 1 else "order of the cues"
