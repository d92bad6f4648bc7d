"""How a port does, for the window and the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ControlState:
    """is_open: it can be played. message: why it can't, for people."""

    name: str
    is_open: bool = False
    message: str = ""
