"""What a message leads to, and how the actions of one control tick become few."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.control.target import NUDGE, Playable, Readable, Target
from engine.parameter import Value


@dataclass(frozen=True, slots=True)
class Action:
    """Play a target. value: as `Target.value_of` gives it. by: the control, for the report."""

    target: Target
    value: Value
    by: str = ""

    def perform(self, playable: Playable) -> None:
        """Errors: ValueError with a sentence."""
        self.target.play(playable, self.value, self.by)


class Pending:
    """The actions of one control tick: the newest per target, in the order of their arrival.

    However many messages came, a target is played once. Nudges of the beat add up. Reading looks
    here first, so that two presses of a toggle within one tick undo each other.
    """

    def __init__(self, readable: Readable) -> None:
        self._readable = readable
        self._actions: dict[str, Action] = {}

    def add(self, action: Action) -> None:
        address = action.target.address
        before = self._actions.pop(address, None)
        if before is not None and action.target is NUDGE:
            total = float(before.value) + float(action.value)
            action = replace(action, value=NUDGE.value_of(total))
        self._actions[address] = action

    def read(self, address: str) -> float | str | None:
        pending = self._actions.get(address)
        if pending is None:
            return self._readable.read(address)
        return pending.target.number_of(pending.value)

    def take(self) -> list[Action]:
        actions = list(self._actions.values())
        self._actions.clear()
        return actions
