"""Between the bytes of MIDI, as mido has them, and `Message`. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.control.mapping import ControlKind, MidiControl
from engine.control.messages import Message, MessageKind
from engine.enums import StrEnum


class ClockKind(StrEnum):
    """MIDI's own beat: 24 ticks a quarter note."""

    TICK = "clock"
    START = "start"
    CONTINUE = "continue"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class ClockMessage:
    """One message of a device's MIDI clock. time_s: engine clock, of its arrival."""

    kind: ClockKind
    device: str
    time_s: float


# mido's type → kind, the number of the control, its value
_READERS: dict[str, tuple[MessageKind, Callable[[Any], int], Callable[[Any], tuple[int, ...]]]] = {
    "note_on": (MessageKind.NOTE, lambda m: m.note, lambda m: (m.velocity,)),
    "note_off": (MessageKind.NOTE, lambda m: m.note, lambda m: (0,)),
    "control_change": (MessageKind.CC, lambda m: m.control, lambda m: (m.value,)),
    "pitchwheel": (MessageKind.PITCH_BEND, lambda m: 0, lambda m: (m.pitch + 8192,)),
    "program_change": (MessageKind.PROGRAM, lambda m: m.program, lambda m: ()),
}


def read_midi(message: Any, device: str, time_s: float) -> Message | ClockMessage | None:
    """What a mido message means here; None for one that nothing can be mapped to."""
    if message.type in list(ClockKind):
        return ClockMessage(ClockKind(message.type), device, time_s)
    if message.type not in _READERS:
        return None
    kind, name_of, values_of = _READERS[message.type]
    channel = message.channel + 1
    return Message(kind, device, name_of(message), values_of(message), channel, time_s)


def light_bytes(control: MidiControl, level: float) -> list[list[int]]:
    """The MIDI messages that light a control, or move its motor. level: 0-1."""
    channel = (control.channel or 1) - 1
    coarse = round(level * 127)
    fine = round(level * 16383)
    number = control.number
    writers: dict[ControlKind, list[list[int]]] = {
        ControlKind.NOTE: [[0x90 | channel, number, coarse]],
        ControlKind.CC: [[0xB0 | channel, number, coarse]],
        ControlKind.ENCODER: [[0xB0 | channel, number, coarse]],
        ControlKind.CC14: [
            [0xB0 | channel, number, fine >> 7],
            [0xB0 | channel, (number + 32) & 0x7F, fine & 0x7F],
        ],
        ControlKind.PITCH_BEND: [[0xE0 | channel, fine & 0x7F, fine >> 7]],
    }
    return writers.get(control.kind, [])
