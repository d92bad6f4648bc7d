"""What comes in from a control, in one form for keyboard, MIDI, OSC and gamepads."""

from __future__ import annotations

from dataclasses import dataclass

from engine.enums import StrEnum

Argument = float | int | bool | str


class MessageKind(StrEnum):
    """Where a message comes from and what it tells."""

    KEY = "key"  # 1 down, 0 up
    NOTE = "note"  # the velocity 0-127; 0 for a note that ends
    CC = "cc"  # 0-127
    PITCH_BEND = "pitch_bend"  # 0-16383, 8192 in the middle
    PROGRAM = "program"  # no value; the number says it
    OSC = "osc"  # whatever the sender put in
    GAMEPAD = "gamepad"  # where it stands now: a stick -1 to 1, a trigger 0-1, a button 0 or 1
    HELD = "held"  # of a gamepad, again and again: the same times the seconds since the last one


KEYBOARD = "keyboard"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that a control told.

    device: the port's stable name, `KEYBOARD`, "gamepad 1", or an OSC sender's host:port.
    channel: 1-16 for MIDI, else 0. name: note, controller or program 0-127, the key, the OSC
    address, SDL's name. values: one number, except for OSC. time_s: engine clock, of its arrival.
    """

    kind: MessageKind
    device: str
    name: int | str
    values: tuple[Argument, ...]
    channel: int = 0
    time_s: float = 0.0

    @property
    def origin(self) -> tuple[str, str, int, int | str]:
        """Equal for all messages of one control."""
        return (self.kind, self.device, self.channel, self.name)


def key_message(key: str, is_down: bool, time_s: float) -> Message:
    """A key of the keyboard; the name is the window's business, "F" or "Shift+1" say."""
    return Message(MessageKind.KEY, KEYBOARD, key, (int(is_down),), 0, time_s)


def describe(message: Message) -> str:
    """A line for the monitor: where it came from and what it says."""
    told = " ".join(_shown(value) for value in message.values)
    return f"{origin_text(message)} {told}".rstrip()


def origin_text(message: Message) -> str:
    """The control alone, as the report and the monitor name it."""
    if message.kind is MessageKind.OSC:
        return f"osc {message.name} from {message.device}"
    if message.kind is MessageKind.KEY:
        return f"key {message.name}"
    if message.kind in (MessageKind.GAMEPAD, MessageKind.HELD):
        return f"{message.device} {message.name}"
    number = "" if message.kind is MessageKind.PITCH_BEND else f" {message.name}"
    kind = str(message.kind).replace("_", " ")
    return f"midi {message.device} {kind}{number} channel {message.channel}"


def _shown(value: Argument) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return repr(value[:60]) if isinstance(value, str) else str(value)
