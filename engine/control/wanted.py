"""Which controllers are meant, by a part of their names. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.control.state import ControlState

ALL = "all"


def is_wanted(name: str, wanted: Iterable[str]) -> bool:
    """Whether a controller is meant by a part of its name, or by `ALL`."""
    return any(part == ALL or part.casefold() in name.casefold() for part in wanted)


def absent_states(
    what: str, wanted: Iterable[str], names: Collection[str]
) -> tuple[ControlState, ...]:
    """Of everything wanted that none of the names means. what: "controller" or "gamepad"."""
    missing = [part for part in wanted if not any(is_wanted(name, (part,)) for name in names)]
    return tuple(ControlState(part, False, _absent(what, part)) for part in missing)


def _absent(what: str, part: str) -> str:
    subject = f"No {what} is" if part == ALL else f"No {what} named {part} is"
    return f"{subject} connected; it is taken as soon as it is plugged in."
