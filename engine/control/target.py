"""What can be played: every target once, for keyboard, MIDI, OSC and modulation alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engine.enums import StrEnum
from engine.modulation import NUM_MACROS
from engine.parameter import Parameter, Value
from engine.params import PARAMETERS

NUM_PADS = 16


class PanicName(StrEnum):
    """The buttons of the panic row."""

    FREEZE = "freeze"
    BYPASS = "bypass"
    BLACKOUT = "blackout"
    LAST_GOOD = "last_good"
    STOP_MODULATION = "stop_modulation"
    RESET = "reset"


class Playable(Protocol):
    """What a control plays. Thread: any; returns at once.

    by: which control it was, for the report. Errors: ValueError with a sentence.
    """

    def set_parameter(self, name: str, value: Value, by: str = "") -> None: ...

    def nudge_parameter(self, name: str, steps: float, by: str = "") -> None:
        """By so many of the parameter's own steps, within its range."""
        ...

    def trigger_pad(self, number: int) -> None:
        """number: from 1."""
        ...

    def set_panic(self, name: PanicName, is_on: bool) -> None: ...

    def set_crossfade(self, position: float) -> None:
        """position: 0 is deck A, 1 is deck B."""
        ...

    def tap(self) -> None: ...

    def nudge_beat(self, beats: float) -> None: ...

    def set_macro(self, number: int, value: float) -> None:
        """number: from 1; value: 0-1."""
        ...

    def go_cue(self, step: int) -> None:
        """step: 1 for the next cue, -1 for the one before."""
        ...


class Readable(Protocol):
    """Where the targets stand, for takeover, toggles and lights. Thread: any."""

    def read(self, address: str) -> float | str | None:
        """A number on the target's scale, a text, or None where there is nothing to read."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that can be played.

    address: its name everywhere; OSC puts /reverie/ before it.
    scale: range, step and curve of its number (a switch is 0 or 1, a choice its place in the
    list); None for a text, which only OSC can set.
    lasts: it has a state that stays, instead of only happening.
    parameter: the declared one, if it is one. usual: the ends of a mapping that names none.
    """

    address: str
    label: str
    help: str
    scale: Parameter | None
    play: Callable[[Playable, Value, str], None]
    lasts: bool = True
    parameter: Parameter | None = None
    usual: tuple[float, float] | None = None

    @property
    def number_scale(self) -> Parameter:
        """Errors: ValueError for a text."""
        if self.scale is None:
            raise ValueError(f"{self.address} is a text and can't be set by a number")
        return self.scale

    @property
    def reach(self) -> tuple[float, float]:
        """What a mapping's ends are when it names none."""
        return self.usual or (self.number_scale.minimum, self.number_scale.maximum)

    @property
    def is_switch(self) -> bool:
        """On or off, and nothing else."""
        scale, declared = self.scale, self.parameter
        is_binary = scale is not None and scale.kind is int and scale.maximum - scale.minimum == 1
        return is_binary and (declared is None or not declared.choices)

    def value_of(self, number: float) -> Value:
        """What to play for a number on the scale; one out of range becomes the nearest."""
        bounded = self.number_scale.clamp(number)
        declared = self.parameter
        if declared is not None and declared.choices:
            return declared.choices[int(bounded)]
        if declared is not None and declared.kind is bool:
            return bool(bounded)
        return bounded

    def number_of(self, value: Value) -> float | str:
        """The other way round, from a parameter's value."""
        declared = self.parameter
        if declared is not None and declared.choices:
            return declared.choices.index(str(value))
        return value if isinstance(value, str) else float(value)


def target_at(address: str) -> Target:
    """Errors: ValueError that names what there is."""
    if address not in TARGETS:
        raise ValueError(
            f"there is nothing to play at {address!r}; there are the parameters, pad/1 to "
            f"pad/{NUM_PADS}, panic/NAME, crossfade, macro/1 to macro/{NUM_MACROS}, tempo/tap, "
            "tempo/nudge, cue/next, cue/previous"
        )
    return TARGETS[address]


def scale_of(parameter: Parameter) -> Parameter | None:
    """The parameter as a number: itself, or what stands for a switch or a choice."""
    if parameter.is_number:
        return parameter
    if parameter.choices:
        last = float(len(parameter.choices) - 1)
        return replace(parameter, kind=int, choices=(), minimum=0.0, maximum=last, step=1.0)
    if parameter.kind is bool:
        return replace(parameter, kind=int, minimum=0.0, maximum=1.0, step=1.0)
    return None


def _parameter_target(parameter: Parameter) -> Target:
    def play(playable: Playable, value: Value, by: str) -> None:
        playable.set_parameter(parameter.name, value, by)

    return Target(
        parameter.name,
        parameter.label,
        parameter.help,
        scale_of(parameter),
        play,
        parameter=parameter,
    )


def _plain_scale(name: str, label: str, **traits: object) -> Parameter:
    return replace(Parameter(name, label, "", float, 0.0), **traits)  # type: ignore[arg-type]


def _switch(address: str, label: str) -> Parameter:
    return _plain_scale(address, label, kind=int, step=1.0)


def _pad_target(number: int) -> Target:
    address, label = f"pad/{number}", f"Pad {number}"
    return Target(
        address,
        label,
        "Plays the look of this pad.",
        _switch(address, label),
        lambda playable, value, by: playable.trigger_pad(number),
        lasts=False,
    )


def _macro_target(number: int) -> Target:
    address, label = f"macro/{number}", f"Macro {number}"
    return Target(
        address,
        label,
        "Moves whatever the look's modulation ties to it.",
        _plain_scale(address, label),
        lambda playable, value, by: playable.set_macro(number, float(value)),
    )


def _panic_target(name: PanicName, help: str) -> Target:
    address, label = f"panic/{name}", str(name).replace("_", " ").capitalize()
    return Target(
        address,
        label,
        help,
        _switch(address, label),
        lambda playable, value, by: playable.set_panic(name, bool(value)),
    )


def _happening(
    address: str, label: str, help: str, play: Callable[[Playable, Value, str], None]
) -> Target:
    return Target(address, label, help, _switch(address, label), play, lasts=False)


PANIC_HELP = {
    PanicName.FREEZE: "Holds this picture.",
    PanicName.BYPASS: "Shows the input, not painted.",
    PanicName.BLACKOUT: "Shows black.",
    PanicName.LAST_GOOD: "Returns to the look that played before this one, as it was.",
    PanicName.STOP_MODULATION: "Stops everything that moves a parameter by itself.",
    PanicName.RESET: "Begins the stream anew: nothing in flight, nothing under way.",
}
NUDGE_BEATS = 0.1  # what one press of a mapped button moves the beat by, unless it says else
NUDGE = Target(
    "tempo/nudge",
    "Nudge",
    "Moves the beat by so many beats.",
    _plain_scale("tempo/nudge", "Nudge", minimum=-1.0, maximum=1.0, unit="beats"),
    lambda playable, value, by: playable.nudge_beat(float(value)),
    lasts=False,
    usual=(-NUDGE_BEATS, NUDGE_BEATS),
)
CROSSFADE = Target(
    "crossfade",
    "Crossfade",
    "Moves between deck A (0) and deck B (1).",
    _plain_scale("crossfade", "Crossfade"),
    lambda playable, value, by: playable.set_crossfade(float(value)),
)
_ALL = (
    *map(_parameter_target, PARAMETERS.values()),
    *(_pad_target(number) for number in range(1, NUM_PADS + 1)),
    *(_panic_target(name, help) for name, help in PANIC_HELP.items()),
    CROSSFADE,
    *(_macro_target(number) for number in range(1, NUM_MACROS + 1)),
    _happening("tempo/tap", "Tap", "One beat, tapped.", lambda playable, value, by: playable.tap()),
    NUDGE,
    _happening("cue/next", "Next cue", "Goes on.", lambda playable, value, by: playable.go_cue(1)),
    _happening(
        "cue/previous", "Cue before", "Goes back.", lambda playable, value, by: playable.go_cue(-1)
    ),
)
TARGETS: dict[str, Target] = {target.address: target for target in _ALL}
