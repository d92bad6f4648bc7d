"""How a port does, for the window and the report; where a mapping stands, for its picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlState:
    """is_open: it can be played. message: why it can't, for people."""

    name: str
    is_open: bool = False
    message: str = ""


@dataclass(frozen=True, slots=True)
class ControlPlace:
    """travel: of a mapping's control, 0-1. standing: its target's number. None: not known."""

    travel: float | None = None
    standing: float | None = None
