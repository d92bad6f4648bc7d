"""All mappings together: which of them hear a message, and what they remember."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from engine.control.action import Pending
from engine.control.mapping import MESSAGES, GamepadControl, KeyControl, Mapping, MidiControl
from engine.control.messages import Message, MessageKind
from engine.control.response import Memory, respond

Slot = tuple[MessageKind, int | str]


class MappingTable:
    """Answers messages by the mappings in force. Thread: control."""

    def __init__(self) -> None:
        self.mappings: tuple[Mapping, ...] = ()
        self._memories: dict[Mapping, Memory] = {}
        self._by_slot: dict[Slot, list[Mapping]] = {}

    def use(self, mappings: Sequence[Mapping]) -> None:
        """Replace the mappings; those that stay keep what they remember, edited ones a part."""
        self.mappings = tuple(mappings)
        places = {(m.control, m.target): _place(old) for m, old in self._memories.items()}
        self._memories = {
            m: self._memories.get(m) or places.get((m.control, m.target), Memory())
            for m in mappings
        }
        by_slot: dict[Slot, list[Mapping]] = defaultdict(list)
        for mapping in self._memories:
            for slot in _slots(mapping):
                by_slot[slot].append(mapping)
        self._by_slot = dict(by_slot)

    def answer(self, message: Message, pending: Pending) -> list[Mapping]:
        """Add what the message leads to. Returns: the mappings that heard it."""
        heard = [
            mapping
            for mapping in self._by_slot.get((message.kind, message.name), ())
            if mapping.control.hears(message)
        ]
        for mapping in heard:
            standing = pending.read(mapping.target)
            number = None if isinstance(standing, str) else standing
            memory, action = respond(mapping, self._memories[mapping], message, number)
            self._memories[mapping] = memory
            if action is not None:
                pending.add(action)
        return heard

    def heard_s(self, mapping: Mapping) -> float:
        """When its control was last moved; minus infinity: never."""
        return self._memories[mapping].heard_s

    def travel(self, mapping: Mapping) -> float | None:
        """Where its control stands, 0-1; None while that isn't known. Thread: any."""
        return self._memories.get(mapping, Memory()).travel


def _place(memory: Memory) -> Memory:
    """What is true of a control however its mapping is edited."""
    return replace(memory, position=None, number=None, rest=0.0)


def _slots(mapping: Mapping) -> list[Slot]:
    control = mapping.control
    if isinstance(control, MidiControl):
        return [(MESSAGES[control.kind], name) for name in control.names]
    if isinstance(control, KeyControl):
        return [(MessageKind.KEY, control.key)]
    if isinstance(control, GamepadControl):
        kinds = [MessageKind.GAMEPAD, *([MessageKind.HELD] if mapping.is_rate else [])]
        return [(kind, control.axis) for kind in kinds]
    return [(MessageKind.OSC, control.address)]
