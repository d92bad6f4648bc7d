"""What one live parameter is: its range, cost and help, and how it reads a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.enums import Cost, StrEnum

Value = float | int | bool | str


class Curve(StrEnum):
    """How a slider's travel maps to the value."""

    LINEAR = "linear"
    SQUARE = "square"  # fine near the minimum


class Section(StrEnum):
    """Where in the path of a picture a parameter acts; long lists are laid out by it."""

    LOOK = "look"  # the model and the show
    INPUT = "input"  # between camera and model
    FEEDBACK = "feedback"  # from the last output into the model
    PICTURE = "picture"  # behind the model


@dataclass(frozen=True, slots=True)
class Parameter:
    """What everybody needs to know of one live parameter.

    minimum, maximum: inclusive, for numbers; choices: allowed words, for a closed choice.
    check: for a text; raises ValueError for one that can't be read.
    inert: why the value has no effect under the given `StreamParams`, or None when it has.
    """

    name: str
    label: str
    help: str
    kind: type
    default: Value
    cost: Cost = Cost.LIVE
    minimum: float = 0.0
    maximum: float = 1.0
    step: float = 0.01
    unit: str = ""
    curve: Curve = Curve.LINEAR
    section: Section = Section.LOOK
    choices: tuple[str, ...] = ()
    check: Callable[[str], object] = str
    inert: Callable[[Any], str | None] = lambda params: None

    @property
    def is_number(self) -> bool:
        return self.kind in (int, float)

    def from_position(self, position: float) -> float:
        """The value at a slider's travel of 0-1."""
        travel = position**2 if self.curve is Curve.SQUARE else position
        return self.minimum + travel * (self.maximum - self.minimum)

    def to_position(self, value: float) -> float:
        """The slider's travel 0-1 for a value."""
        travel = (value - self.minimum) / (self.maximum - self.minimum)
        return math.sqrt(travel) if self.curve is Curve.SQUARE else travel

    def clamp(self, value: float) -> float:
        """The nearest allowed number; controllers and modulation can't leave the range."""
        bounded = min(self.maximum, max(self.minimum, value))
        return round(bounded) if self.kind is int else bounded

    def parse(self, value: object) -> Value:
        """Check and convert a value from a file, a command line or a widget.

        Errors: ValueError that names the parameter, what came and what is allowed.
        """
        if self.kind is bool:
            return self._parse_switch(value)
        if self.choices:
            return self._parse_choice(value)
        if self.kind is str:
            return self._parse_text(value)
        return self._parse_number(value)

    def _parse_text(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{self.name} is a text, not {value!r}")
        try:
            self.check(value)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None
        return value

    def _parse_switch(self, value: object) -> bool:
        words = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise ValueError(f"{self.name} is on or off, not {value!r}")

    def _parse_choice(self, value: object) -> str:
        if isinstance(value, str) and value in self.choices:
            return self.kind(value)
        raise ValueError(f"{self.name} is one of {', '.join(self.choices)}, not {value!r}")

    def _parse_number(self, value: object) -> float:
        wanted = "a whole number" if self.kind is int else "a number"
        span = f"{wanted} from {self.minimum:g} to {self.maximum:g}"
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(f"{self.name} is {span}, not {value!r}")
        try:
            # int() first: a seed must survive without a detour through float
            number = int(value) if self.kind is int and isinstance(value, str) else float(value)
            is_whole = self.kind is not int or float(number).is_integer()
        except (ValueError, OverflowError):  # no number, or one of hundreds of digits
            raise ValueError(f"{self.name} is {span}, not {_short(value)}") from None
        if not (is_whole and self.minimum <= number <= self.maximum):
            raise ValueError(f"{self.name} is {span}, not {_short(value)}")
        return self.kind(number)


def _short(value: object) -> str:
    """A value that came, as part of a sentence."""
    text = repr(value) if not isinstance(value, int) or value.bit_length() < 200 else "one so large"
    return text if len(text) <= 80 else f"{text[:79]}…"
