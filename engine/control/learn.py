"""Learning: from a few messages to the mapping that the hand meant. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from engine.control.gamepad_names import STICKS, TRIGGERS
from engine.control.mapping import (
    ControlKind,
    Encoding,
    GamepadControl,
    KeyControl,
    Mapping,
    MidiControl,
    Mode,
    OscControl,
    Takeover,
)
from engine.control.messages import Message, MessageKind
from engine.control.osc_address import ROOT, WILDCARDS
from engine.control.response import DECODERS
from engine.control.target import target_at

NUM_TELLING = 4  # messages of a controller number that tell a fader from an encoder
QUIET_S = 0.5  # after so long without another, fewer have to do
LARGEST_CLICK = 7  # what a hand that shows an encoder tells at once, at most
PUSHED = 0.5  # how far a stick or trigger goes that is meant
KINDS = {
    MessageKind.NOTE: ControlKind.NOTE,
    MessageKind.PROGRAM: ControlKind.PROGRAM,
    MessageKind.PITCH_BEND: ControlKind.PITCH_BEND,
}
Group = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Learning:
    """Armed for a target. heard: controller messages that don't yet tell what they are.

    pushed: of a gamepad, what was pushed far and is not let go yet.
    """

    target: str
    heard: tuple[Message, ...] = ()
    pushed: tuple[Message, ...] = ()


def begin(target: str) -> Learning:
    """Errors: ValueError for what doesn't exist or can't be mapped."""
    if target_at(target).scale is None:
        raise ValueError(f"{target} is a text; only OSC can set it, at {ROOT}{target}")
    return Learning(target)


def learn_from(learning: Learning, message: Message) -> tuple[Learning, Mapping | None]:
    """Take in one message; a mapping as soon as it is clear what the hand is on."""
    if message.kind is MessageKind.GAMEPAD:
        return _of_gamepad(learning, message)
    if not _is_suitable(message):
        return learning, None
    if message.kind is not MessageKind.CC:
        return learning, _at_once(learning.target, message)
    learning = replace(learning, heard=(*learning.heard, message))
    group = [m for m in learning.heard if _group(m) == _group(message)]
    return learning, _of_controller(learning.target, group) if len(group) >= NUM_TELLING else None


def settle(learning: Learning, now_s: float) -> Mapping | None:
    """What the messages so far tell, once no more come."""
    if not learning.heard or now_s - learning.heard[-1].time_s < QUIET_S:
        return None
    last = learning.heard[-1]
    return _of_controller(learning.target, [m for m in learning.heard if _group(m) == _group(last)])


def _is_suitable(message: Message) -> bool:
    """Keys and notes when they go down; numbers from OSC that isn't Reverie's own."""
    first = message.values[0] if message.values else 1
    if message.kind is MessageKind.CC:
        return True
    if message.kind is MessageKind.OSC:
        address = str(message.name)
        is_plain = not WILDCARDS.intersection(address) and len(address) <= 200
        is_move = not isinstance(first, str) and first != 0
        return is_plain and is_move and not address.startswith(ROOT)
    if message.kind is MessageKind.HELD:
        return False
    return message.kind is MessageKind.PITCH_BEND or first != 0


def _of_gamepad(learning: Learning, message: Message) -> tuple[Learning, Mapping | None]:
    """Learned when it is let go: on its way there it doesn't play yet."""
    place = float(message.values[0])
    pushed = next((m for m in learning.pushed if m.origin == message.origin), None)
    if pushed is not None and place == 0:
        return learning, _on_gamepad(learning.target, pushed)
    if pushed is None and abs(place) >= PUSHED:
        return replace(learning, pushed=(*learning.pushed, message)), None
    return learning, None


def _on_gamepad(target: str, pushed: Message) -> Mapping:
    """A stick comes back to its middle: it moves on what has a range, and its half is a button."""
    name, playing = str(pushed.name), target_at(target)
    has_range = playing.lasts and not playing.is_switch
    mode = Mode.VALUE if has_range and name in TRIGGERS else Mode.TOGGLE
    if name in STICKS:
        half = "-" if float(pushed.values[0]) < 0 else "+"
        name, mode = (name, Mode.RATE) if has_range else (f"{half}{name}", Mode.TOGGLE)
    control = GamepadControl(name=name, device=pushed.device)
    takeover = Takeover.JUMP if mode is Mode.TOGGLE else Takeover.PICK_UP
    return Mapping(control=control, target=target, mode=mode, takeover=takeover)


def _at_once(target: str, message: Message) -> Mapping:
    if message.kind is MessageKind.KEY:
        return Mapping(control=KeyControl(key=str(message.name)), target=target, mode=Mode.TOGGLE)
    if message.kind is MessageKind.OSC:
        return Mapping(control=OscControl(address=str(message.name)), target=target)
    control = _midi(KINDS[message.kind], message)
    if control.kind is ControlKind.PITCH_BEND:
        return Mapping(control=control, target=target, takeover=Takeover.PICK_UP)
    return Mapping(control=control, target=target, mode=Mode.TOGGLE)


def _of_controller(target: str, messages: list[Message]) -> Mapping:
    """A fine fader, an encoder, a button or a fader. messages: of one controller number or pair."""
    numbers = {int(m.name) for m in messages}
    if len(numbers) == 2:
        control = _midi(ControlKind.CC14, messages[0])
        return Mapping(control=control, target=target, takeover=Takeover.PICK_UP)
    values = [int(m.values[0]) for m in messages]
    if set(values) <= {0, 127}:
        return Mapping(control=_midi(ControlKind.CC, messages[0]), target=target, mode=Mode.TOGGLE)
    encoding = encoding_of(values)
    if encoding is None:
        control = _midi(ControlKind.CC, messages[0])
        return Mapping(control=control, target=target, takeover=Takeover.PICK_UP)
    control = _midi(ControlKind.ENCODER, messages[0]).model_copy(update={"encoding": encoding})
    return Mapping(control=control, target=target)


def encoding_of(values: list[int]) -> Encoding | None:
    """The encoding that makes every value a small turn; None for a fader.

    A fader doesn't tell the same value twice in a row; an encoder that is turned evenly does.
    """
    if all(before != value for before, value in pairwise(values)):
        return None
    for encoding, decode in DECODERS.items():
        if all(1 <= abs(decode(value)) <= LARGEST_CLICK for value in values):
            return encoding
    return None


def _midi(kind: ControlKind, message: Message) -> MidiControl:
    number = 0 if kind is ControlKind.PITCH_BEND else int(message.name)
    content = {"number": number % 32 if kind is ControlKind.CC14 else number}
    return MidiControl.model_validate(
        {"kind": kind, "channel": message.channel, "device": message.device, **content}
    )


def _group(message: Message) -> Group:
    """Equal for a controller number and its possible fine half."""
    number = int(message.name)
    return message.device, message.channel, number % 32 if number < 64 else number
