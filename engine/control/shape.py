"""How the travel of a control becomes a number of its target, and back. Pure.

Nothing here leaves the target's declared range, whatever comes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.control.mapping import ControlKind, Mapping, MidiControl, Mode, Response
from engine.control.midi_message import light_bytes

CURVES: dict[Response, Callable[[float], float]] = {
    Response.LINEAR: lambda travel: travel,
    Response.FINE_START: lambda travel: travel**2,
    Response.FINE_END: math.sqrt,
    Response.S_CURVE: lambda travel: travel * travel * (3.0 - 2.0 * travel),
}
ENDLESS = "An encoder has no ends: it moves by steps from wherever the target stands."
RATE = "It moves on from wherever the target stands, for as long as it is held."
PROGRAM = "A program change has no way to go: it is always a press."


def why_no_mode(mapping: Mapping) -> str | None:
    """Why it makes no difference what a press does; None when it does."""
    if mapping.control.kind is ControlKind.ENCODER:
        return ENDLESS
    if not mapping.playing.lasts:
        return f"{mapping.playing.label} happens at every press."
    return None


def modes_of(mapping: Mapping) -> tuple[Mode, ...]:
    """Those that its control has."""
    is_gamepad = mapping.control.kind is ControlKind.GAMEPAD
    return tuple(mode for mode in Mode if is_gamepad or mode is not Mode.RATE)


def why_no_curve(mapping: Mapping) -> str | None:
    """Why the curve makes no difference; None when it does."""
    kind = mapping.control.kind
    if kind is ControlKind.ENCODER:
        return ENDLESS
    if mapping.is_rate:
        return RATE
    if kind is ControlKind.PROGRAM:
        return PROGRAM
    if _is_pressed(mapping):
        return "A press knows the two ends and nothing between them."
    return None


def why_no_threshold(mapping: Mapping) -> str | None:
    """Why the threshold makes no difference; None when it does."""
    kind = mapping.control.kind
    if kind is ControlKind.ENCODER:
        return ENDLESS
    if mapping.is_rate:
        return RATE
    if kind is ControlKind.PROGRAM:
        return PROGRAM
    if not _is_pressed(mapping):
        return "It follows the control all the way; nothing is pressed."
    return None


def has_takeover(mapping: Mapping) -> bool:
    """Whether it matters where its control stands when that begins to move."""
    return why_no_curve(mapping) is None


def has_speed(mapping: Mapping) -> bool:
    """Whether it moves on by itself or by steps, of a size that can be chosen."""
    return mapping.control.kind is ControlKind.ENCODER or mapping.is_rate


def has_light(mapping: Mapping) -> bool:
    """Whether its control may have a light or a motor."""
    return isinstance(mapping.control, MidiControl) and bool(light_bytes(mapping.control, 1.0))


def shaped(mapping: Mapping, travel: float) -> float:
    """How far between the mapping's ends, 0-1, for a travel of the control of 0-1."""
    if _is_pressed(mapping):
        return float(travel >= mapping.threshold)
    return CURVES[mapping.curve](travel)


def number_at(mapping: Mapping, share: float) -> float:
    """The target's number so far between the mapping's ends, 0-1; in its own unit."""
    scale, (low, high) = mapping.playing.number_scale, sorted(mapping.ends)
    bottom, top = (scale.to_position(end) for end in mapping.ends)
    number = scale.from_position(bottom + share * (top - bottom))
    return scale.clamp(min(high, max(low, number)))


def place_of(mapping: Mapping, number: float) -> float:
    """The share 0-1 at which the mapping gives this number, or comes nearest."""
    scale = mapping.playing.number_scale
    bottom, top = (scale.to_position(end) for end in mapping.ends)
    if bottom == top:
        return 0.0
    share = (scale.to_position(scale.clamp(number)) - bottom) / (top - bottom)
    return min(1.0, max(0.0, share))


def slider_at(mapping: Mapping, travel: float) -> float:
    """Where the target's slider stands, 0-1, when the control is at a travel of 0-1."""
    number = number_at(mapping, shaped(mapping, travel))
    return mapping.playing.number_scale.to_position(number)


def light_of(mapping: Mapping, standing: float) -> float:
    """How bright the controller's light is, or where its motor goes: 0-1 of the control's travel.

    By bisection of the curve, which rises.
    """
    place = place_of(mapping, standing)
    curve, low, high = CURVES[mapping.curve], 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(middle) < place else (low, middle)
    return high if place > 0 else 0.0


def _is_pressed(mapping: Mapping) -> bool:
    """Whether only being pressed or not counts."""
    target = mapping.playing
    follows = mapping.mode in (Mode.VALUE, Mode.RATE)
    return not target.lasts or target.is_switch or not follows
