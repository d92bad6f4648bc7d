"""Undo and redo: the values before and after the present one. Frozen and bounded; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
MAX_STEPS_BACK = 200


@dataclass(frozen=True)
class History(Generic[T]):
    """past: oldest first. future: what was undone, the next to redo first."""

    present: T
    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()

    def edited(self, value: T) -> History[T]:
        """A new present; what was undone before is gone. An equal value is no edit."""
        if value == self.present:
            return self
        return History(value, (*self.past, self.present)[-MAX_STEPS_BACK:])

    def undone(self) -> History[T]:
        """Errors: ValueError when there is nothing before."""
        if not self.past:
            raise ValueError("there is nothing to undo")
        return History(self.past[-1], self.past[:-1], (self.present, *self.future))

    def redone(self) -> History[T]:
        """Errors: ValueError when nothing was undone."""
        if not self.future:
            raise ValueError("there is nothing to redo")
        return History(self.future[0], (*self.past, self.present), self.future[1:])
