"""Random hands on the controls: seeded, always within what the parameter table allows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.api import PARAMETERS, GuidanceMode, OutputState, Parameter, Preset

# Words are the pads' business; the sampler belongs to the model.
LEFT_ALONE = ("prompt", "negative_prompt", "prompt_blend", "sampler")
KNOBS = tuple(p for name, p in PARAMETERS.items() if name not in LEFT_ALONE)
PANIC_SHARE, PAD_SHARE = 0.06, 0.4
ROW_MODES = (GuidanceMode.NONE, GuidanceMode.FULL, GuidanceMode.ONETIME_NEGATIVE)  # n, 2n, n + 1
REHEARSED_S = 3.0  # for one number of rows to be compiled beside the show


@dataclass(frozen=True)
class Move:
    """What is done next. pause_s: how long after the last move."""

    pause_s: float
    changes: Mapping[str, object] = field(default_factory=dict)
    output: OutputState | None = None


class Player:
    """Plays pads, moves knobs and presses panic buttons; the same seed plays the same show."""

    def __init__(self, seed: int, presets: Sequence[Preset]) -> None:
        self._random = random.Random(seed)
        self._presets = presets
        self._output = OutputState.LIVE

    def next_move(self) -> Move:
        """A pad, a knob, a panic button, or the way back from it."""
        pause_s = self._random.uniform(0.1, 2.0)
        if self._output is not OutputState.LIVE:
            return self._press(OutputState.LIVE, pause_s)
        dice = self._random.random()
        if dice < PANIC_SHARE:
            return self._press(self._random.choice(list(OutputState)), pause_s)
        if dice < PANIC_SHARE + PAD_SHARE:
            return Move(pause_s, pad_changes(self._random.choice(self._presets)))
        knob = self._random.choice(KNOBS)
        return Move(pause_s, {knob.name: self._value(knob)})

    def _press(self, output: OutputState, pause_s: float) -> Move:
        self._output = output
        return Move(pause_s, output=output)

    def _value(self, knob: Parameter) -> object:
        if knob.choices:
            return self._random.choice(knob.choices)
        if knob.kind is bool:
            return self._random.random() < 0.5
        return knob.clamp(knob.from_position(self._random.random()))


def rehearsal() -> list[Move]:
    """Every number of rows that a batch can have: what is compiled for them is there afterwards."""
    steps = PARAMETERS["num_inference_steps"]
    asked = [
        {
            "num_inference_steps": num_steps,
            "guidance_mode": mode,
            "guidance_scale": 2.0,
            "similarity_filter": False,
        }
        for num_steps in range(int(steps.minimum), int(steps.maximum) + 1)
        for mode in ROW_MODES
    ]
    return [Move(REHEARSED_S, changes, OutputState.LIVE) for changes in asked]


def pad_changes(preset: Preset) -> dict[str, object]:
    """What pressing the preset's pad sets."""
    return {"prompt": preset.prompt, "negative_prompt": preset.negative, **preset.params}
