"""How a mapping answers a message: pure functions of (mapping, memory, message, where it stands).

Nothing here leaves the target's declared range, whatever comes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.control.action import Action
from engine.control.mapping import (
    ControlKind,
    Encoding,
    GamepadControl,
    Mapping,
    MidiControl,
    Mode,
    OscControl,
    Takeover,
)
from engine.control.messages import Message, MessageKind, origin_text
from engine.control.shape import number_at, place_of, shaped

# A fader this near to its target's place has reached it: four of 127.
PICK_UP_REACH = 4 / 127
UNMOVED = 1e-6  # relative to the target's range
RATE_S = 2.0  # a stick that is pushed to its end leads through the mapping's range in so long

DECODERS: dict[Encoding, Callable[[int], int]] = {
    Encoding.TWOS_COMPLEMENT: lambda raw: raw if raw < 64 else raw - 128,
    Encoding.BINARY_OFFSET: lambda raw: raw - 64,
    Encoding.SIGNED_BIT: lambda raw: raw if raw < 64 else 64 - raw,
}
FULL_TRAVEL = {
    ControlKind.KEY: 1,
    ControlKind.NOTE: 127,
    ControlKind.CC: 127,
    ControlKind.PITCH_BEND: 16383,
}


@dataclass(frozen=True, slots=True)
class Memory:
    """What a mapping remembers from one message to the next.

    travel: of the control, 0-1. position: the same, curve applied. number: what this mapping last
    set; as long as the target stands there, nobody else has moved it. coarse: the first half of a
    14-bit value. rest: turns of an encoder, or of a rate, that were too small for a whole step.
    heard_s: when, engine clock.
    """

    travel: float | None = None
    position: float | None = None
    number: float | None = None
    is_down: bool = False
    coarse: int | None = None
    rest: float = 0.0
    heard_s: float = -math.inf


def respond(
    mapping: Mapping, memory: Memory, message: Message, standing: float | None
) -> tuple[Memory, Action | None]:
    """What the mapping remembers, and does, after a message that its control hears.

    standing: the target's number now; None where it has none.
    """
    memory = replace(memory, heard_s=message.time_s)
    if mapping.control.kind is ControlKind.ENCODER:
        memory, number = _turn(mapping, memory, message, standing)
    elif message.kind is MessageKind.HELD:
        memory, number = _push(mapping, memory, message, standing)
    else:
        memory, position = _travel(mapping, memory, message)
        if position is None:
            return memory, None
        memory, number = _move(mapping, memory, position, standing)
    if number is None:
        return memory, None
    return memory, Action(mapping.playing, mapping.playing.value_of(number), origin_text(message))


# ---- encoders and rates


def _turn(
    mapping: Mapping, memory: Memory, message: Message, standing: float | None
) -> tuple[Memory, float | None]:
    """An encoder moves by steps of the target's own, from wherever it stands."""
    target, scale = mapping.playing, mapping.playing.number_scale
    clicks = _clicks(mapping, message)
    if not clicks:
        return memory, None
    if not target.lasts:
        is_nudge = not target.is_switch
        happens = is_nudge or clicks > 0
        return memory, clicks * mapping.speed * scale.step if happens else None
    return _advance(mapping, memory, clicks * mapping.speed * scale.step, standing)


def _push(
    mapping: Mapping, memory: Memory, message: Message, standing: float | None
) -> tuple[Memory, float | None]:
    """A stick, trigger or button that is held leads on through the range."""
    control, raw = mapping.control, _number(message)
    if raw is None or not isinstance(control, GamepadControl):
        return memory, None
    pushed = control.pushed(raw)
    if not pushed:
        return memory, None
    bottom, top = mapping.ends
    return _advance(mapping, memory, pushed * mapping.speed * (top - bottom) / RATE_S, standing)


def _advance(
    mapping: Mapping, memory: Memory, moved: float, standing: float | None
) -> tuple[Memory, float | None]:
    """By so much of the target's unit, and what was left over; to the nearer end at most."""
    scale = mapping.playing.number_scale
    moved += memory.rest
    whole = math.trunc(moved) if scale.kind is int else moved
    low, high = sorted(mapping.ends)
    start = low if standing is None else standing
    number = min(high, max(low, start + whole))
    return replace(memory, rest=moved - whole), number


def _clicks(mapping: Mapping, message: Message) -> int:
    control, raw = mapping.control, _number(message)
    if raw is None or not isinstance(control, MidiControl):
        return 0
    clicks = DECODERS[control.encoding](int(raw))
    return -clicks if mapping.is_inverted else clicks


# ---- everything with two ends


def _travel(mapping: Mapping, memory: Memory, message: Message) -> tuple[Memory, float | None]:
    """Where the control stands now, 0-1; None while that isn't known."""
    control, raw = mapping.control, _number(message)
    if control.kind is ControlKind.PROGRAM:
        return replace(memory, is_down=False), 1.0  # there is no message for its end
    if isinstance(control, OscControl):
        if not message.values:
            return replace(memory, is_down=False), 1.0
        return memory, None if raw is None else _within(raw, control.low, control.high)
    if raw is None:
        return memory, None
    if isinstance(control, MidiControl) and control.kind is ControlKind.CC14:
        return _fine(control, memory, message, int(raw))
    if isinstance(control, GamepadControl):
        return memory, _within(raw, *control.span)
    return memory, _within(raw, 0.0, FULL_TRAVEL[control.kind])


def _fine(
    control: MidiControl, memory: Memory, message: Message, raw: int
) -> tuple[Memory, float | None]:
    """The coarse half is kept until its fine half comes. Source: MIDI 1.0, control change."""
    if message.name == control.number:
        return replace(memory, coarse=raw), None
    if memory.coarse is None:
        return memory, None
    return memory, _within(memory.coarse * 128 + raw, 0.0, 16383)


def _move(
    mapping: Mapping, memory: Memory, position: float, standing: float | None
) -> tuple[Memory, float | None]:
    is_down = position >= mapping.threshold
    changed, is_pressed = is_down != memory.is_down, is_down and not memory.is_down
    after = replace(memory, is_down=is_down, travel=position)
    bottom, top = mapping.ends
    if not mapping.playing.lasts:
        return after, top if is_pressed else None
    if mapping.is_rate:
        return after, None  # what it does while it is held
    if mapping.mode is Mode.TOGGLE:
        return after, _other_end(mapping, standing) if is_pressed else None
    if mapping.mode is Mode.MOMENTARY:
        return after, (top if is_down else bottom) if changed else None
    return _follow(mapping, after, position, standing)


def _other_end(mapping: Mapping, standing: float | None) -> float:
    bottom, top = mapping.ends
    is_at_top = standing is not None and abs(standing - top) <= abs(standing - bottom)
    return bottom if is_at_top else top


def _follow(
    mapping: Mapping, memory: Memory, position: float, standing: float | None
) -> tuple[Memory, float | None]:
    """The target goes where the fader is, once the fader has it."""
    place = shaped(mapping, position)
    after = replace(memory, position=place)
    if mapping.takeover is Takeover.PICK_UP and not _has_it(mapping, memory, place, standing):
        return replace(after, number=None), None
    number = number_at(mapping, place)
    return replace(after, number=number), number


def _has_it(mapping: Mapping, memory: Memory, place: float, standing: float | None) -> bool:
    if standing is None:
        return True
    scale = mapping.playing.number_scale
    if memory.number is not None:
        tolerance = UNMOVED * (scale.maximum - scale.minimum)
        if abs(memory.number - standing) <= tolerance:
            return True  # it is where this fader put it
    goal = place_of(mapping, standing)
    if abs(place - goal) <= PICK_UP_REACH:
        return True
    return memory.position is not None and (memory.position - goal) * (place - goal) <= 0


def _number(message: Message) -> float | None:
    """The first value, if it is a number that can be used."""
    first = message.values[0] if message.values else None
    if isinstance(first, str) or first is None or not math.isfinite(first):
        return None
    return float(first)


def _within(raw: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (raw - low) / (high - low)))
