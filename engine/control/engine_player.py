"""Plays the engine: the targets of a control as calls to the engine, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.control.target import TARGETS, PanicName
from engine.parameter import Value
from engine.params import PARAMETERS, StreamParams
from engine.show import OutputState


class ParameterSet(Protocol):
    """What the engine has in any case."""

    @property
    def params(self) -> StreamParams: ...

    def update(self, changes: Mapping[str, object], by: str = ...) -> StreamParams: ...

    @property
    def output(self) -> OutputState: ...


Reader = Callable[[], float]


@dataclass(frozen=True)
class Abilities:
    """What else of the instrument this show has; None: not in this show.

    readers: where targets stand that are neither parameters nor output states, by address.
    """

    trigger_pad: Callable[[int], object] | None = None
    set_crossfade: Callable[[float], object] | None = None
    set_panic: Callable[[PanicName, bool], object] | None = None
    go_cue: Callable[[int], object] | None = None
    tap: Callable[[], object] | None = None
    nudge_beat: Callable[[float], object] | None = None
    set_macro: Callable[[int, float], object] | None = None
    readers: Mapping[str, Reader] = field(default_factory=dict[str, Reader])


OUTPUTS = {
    PanicName.FREEZE: OutputState.FREEZE,
    PanicName.BYPASS: OutputState.BYPASS,
    PanicName.BLACKOUT: OutputState.BLACKOUT,
}


class EnginePlayer:
    """`Playable` and `Readable` over the engine. Thread: any."""

    def __init__(self, engine: ParameterSet, abilities: Abilities) -> None:
        self._engine = engine
        self._abilities = abilities

    def set_parameter(self, name: str, value: Value, by: str = "") -> None:
        self._update({name: value}, by)

    def nudge_parameter(self, name: str, steps: float, by: str = "") -> None:
        target = TARGETS.get(name)
        if target is None or target.parameter is None:
            raise ValueError(f"there is no parameter {name}; there are {', '.join(PARAMETERS)}")
        standing = target.number_of(getattr(self._engine.params, name))
        if isinstance(standing, str):
            raise ValueError(f"{name} is a text and has no steps")
        moved = standing + steps * target.number_scale.step
        self._update({name: target.value_of(moved)}, by)

    def trigger_pad(self, number: int) -> None:
        _play(self._abilities.trigger_pad, "Pads", number)

    def set_crossfade(self, position: float) -> None:
        _play(self._abilities.set_crossfade, "The crossfade", position)

    def set_panic(self, name: PanicName, is_on: bool) -> None:
        _play(self._abilities.set_panic, "The panic row", name, is_on)

    def tap(self) -> None:
        _play(self._abilities.tap, "The beat")

    def nudge_beat(self, beats: float) -> None:
        _play(self._abilities.nudge_beat, "The beat", beats)

    def set_macro(self, number: int, value: float) -> None:
        _play(self._abilities.set_macro, "Macros", number, value)

    def go_cue(self, step: int) -> None:
        _play(self._abilities.go_cue, "The cue list", step)

    def read(self, address: str) -> float | str | None:
        target = TARGETS.get(address)
        if target is not None and target.parameter is not None:
            return target.number_of(getattr(self._engine.params, address))
        if address in self._abilities.readers:
            try:
                return self._abilities.readers[address]()
            except ValueError:  # the show has just ended: there is nothing to read any more
                return None
        for name, state in OUTPUTS.items():
            if address == f"panic/{name}":
                return float(self._engine.output is state)
        return None

    def _update(self, changes: Mapping[str, object], by: str) -> None:
        _play(self._engine.update, "Parameters", changes, by)


def _play(ability: Callable[..., object] | None, what: str, *arguments: object) -> None:
    if ability is None:
        raise ValueError(f"{what} can't be played: not available in this show")
    try:
        ability(*arguments)
    except RuntimeError as error:  # the show has just ended
        raise ValueError(str(error)) from error
