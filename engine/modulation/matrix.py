"""Which signal moves which parameter, and by how much: a pure function from params to params.

A modulated parameter is a changed one: while it moves the similarity gate rests nothing, as the
picture does change. So that a signal at rest leaves the parameters exactly alone, they move in
steps too small to be seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, field_validator

from engine.enums import Cost
from engine.modulation.signals import Moment, Signal
from engine.params import PARAMETERS, StreamParams

STEPS = 1000  # of a slider's whole travel


class Route(BaseModel):
    """One signal on one parameter.

    amount: how far a full signal moves it, in the slider's travel; negative: the other way.
    offset: added as well, in the same measure. attack_s, release_s: time constants with which the
    movement follows a rising and a falling signal. is_on: False keeps the route without effect.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    parameter: str
    signal: Signal
    amount: float = Field(0.5, ge=-1.0, le=1.0)
    offset: float = Field(0.0, ge=-1.0, le=1.0)
    attack_s: float = Field(0.0, ge=0.0, le=10.0)
    release_s: float = Field(0.0, ge=0.0, le=10.0)
    is_on: bool = True

    @field_validator("parameter")
    @classmethod
    def _can_be_moved(cls, name: str) -> str:
        why_not = why_not_movable(name)
        if why_not:
            raise ValueError(why_not)
        return name


Matrix = tuple[Route, ...]
Shares = tuple[tuple[Route, float], ...]


def why_not_movable(name: str) -> str:
    """Why a parameter can't be modulated, in a sentence's half; "" when it can."""
    parameter = PARAMETERS.get(name)
    if parameter is None:
        return f"there is no parameter {name}"
    if not parameter.is_number:
        return f"{name} is no number: only numbers can be modulated"
    if parameter.cost is not Cost.LIVE:
        return (
            f"{name} can't be modulated: every change of it holds the output for some frames; "
            "choose a live parameter"
        )
    return ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Where each route's smoothed signal was, and when."""

    signals: Mapping[Route, float] = field(default_factory=dict[Route, float])
    time_s: float = -math.inf


def blend(matrix_a: Matrix, matrix_b: Matrix, position: float) -> Shares:
    """The routes of two looks at a place of the crossfader: each as far as its look is heard."""
    share_b = min(1.0, max(0.0, position))
    shares = [*((route, 1.0 - share_b) for route in matrix_a), *((r, share_b) for r in matrix_b)]
    return tuple((route, share) for route, share in shares if route.is_on and share > 0.0)


def modulate(
    shares: Shares, params: StreamParams, moment: Moment, memory: Memory
) -> tuple[StreamParams, Memory]:
    """The parameters as the signals have moved them, each within its declared range.

    shares: routes and how far each counts, 0-1; several on one parameter add up. Where no signal
    has any effect the result is `params` itself. memory: of the evaluation before this one.
    """
    signals = {route: _smoothed(route, moment, memory) for route, _ in shares}
    travels: dict[str, float] = {}
    for route, share in shares:
        travel = share * (route.offset + route.amount * signals[route])
        travels[route.parameter] = travels.get(route.parameter, 0.0) + travel
    moved = {
        name: moved_value(name, getattr(params, name), travel) for name, travel in travels.items()
    }
    changes = {name: value for name, value in moved.items() if value != getattr(params, name)}
    return (params.with_changes(changes) if changes else params), Memory(signals, moment.time_s)


def moved_value(name: str, value: float, travel: float) -> float:
    """A parameter's value after moving its slider by so much of its travel, 0-1."""
    parameter = PARAMETERS[name]
    steps = round(travel * STEPS)
    if steps == 0:
        return value
    position = min(1.0, max(0.0, parameter.to_position(value) + steps / STEPS))
    return parameter.clamp(parameter.from_position(position))


def _smoothed(route: Route, moment: Moment, memory: Memory) -> float:
    target = _finite(route.signal.value(moment))
    elapsed_s = moment.time_s - memory.time_s
    if route not in memory.signals or elapsed_s < 0.0:
        return target  # the first evaluation, or time was set back
    before = memory.signals[route]
    time_constant_s = route.attack_s if target > before else route.release_s
    return approach(before, target, elapsed_s, time_constant_s)


def approach(before: float, target: float, elapsed_s: float, time_constant_s: float) -> float:
    """One step of a first-order low-pass; the same place whatever the steps' number."""
    if time_constant_s <= 0.0:
        return target
    return target + (before - target) * math.exp(-elapsed_s / time_constant_s)


def _finite(signal: float) -> float:
    """An input may say anything."""
    return min(1.0, max(-1.0, signal)) if math.isfinite(signal) else 0.0
