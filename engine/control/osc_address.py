"""Reverie's own OSC addresses: /reverie/ and a target's address. No mapping is needed."""

from __future__ import annotations

import math

from pythonosc.dispatcher import Dispatcher

from engine.control.action import Action
from engine.control.messages import Argument, Message, origin_text
from engine.control.target import NUDGE, TARGETS, Target
from engine.parameter import Value

ROOT = "/reverie/"
AUTH = f"{ROOT}auth"
WILDCARDS = frozenset("*?[]{}")
MAX_PATTERN = 200  # characters; a longer one matches nothing
OWN = {f"{ROOT}{address}": target for address, target in TARGETS.items()}


class Matcher:
    """Finds the targets that an address means; patterns as python-osc's dispatcher reads them."""

    def __init__(self) -> None:
        self._dispatcher = Dispatcher()
        for address, target in OWN.items():
            self._dispatcher.map(address, _unused, target)  # type: ignore[reportUnknownMemberType]

    def targets(self, address: str) -> list[Target]:
        """Empty for an address that isn't Reverie's, and for a pattern that matches nothing."""
        if address in OWN:
            return [OWN[address]]
        if len(address) > MAX_PATTERN or not WILDCARDS.intersection(address):
            return []
        return [handler.args[0] for handler in self._dispatcher.handlers_for_address(address)]


def _unused(*_arguments: object) -> None:
    """The dispatcher wants a handler; only its matching is used."""


def own_action(target: Target, message: Message) -> Action | None:
    """What a message to one of Reverie's own addresses asks for; None for a button let go.

    Errors: ValueError naming the target and what is allowed.
    """
    argument = message.values[0] if message.values else None
    if not target.lasts and target is not NUDGE:
        is_press = argument is None or _number(target, argument) > 0
        return Action(target, True, origin_text(message)) if is_press else None
    if argument is None:
        raise ValueError(f"{target.address} needs a value")
    return Action(target, _value(target, argument), origin_text(message))


def _value(target: Target, argument: Argument) -> Value:
    """Numbers out of range become the nearest; words are as on the command line."""
    declared = target.parameter
    if isinstance(argument, str) and declared is not None:
        return declared.parse(argument)
    if target.scale is None:
        raise ValueError(f"{target.address} is a text, not {argument!r}")
    number = _number(target, argument)
    return target.value_of(float(number >= 0.5) if target.is_switch else number)


def _number(target: Target, argument: Argument) -> float:
    try:
        number = float(argument)
    except ValueError:
        raise ValueError(f"{target.address} is a number, not {argument!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"{target.address} is a finite number, not {number}")
    return number
