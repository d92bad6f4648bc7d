"""A look as a deck holds it: all parameters, and whose choice each of them is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from engine.modulation import Matrix
from engine.params import EFFECTS, PARAMETERS, StreamParams
from engine.presets import PROMPT_NAMES, Preset

UNNAMED = "Untitled"


class PadAddress(NamedTuple):
    """A pad of the set, counted from 1 as performers do."""

    bank: int
    number: int


@dataclass(frozen=True, slots=True)
class Look:
    """params: all of them. chosen: those that a hand or a preset set; the rest are the model's.

    name, pad: of the pad or cue that it came from, until other words make it another look.
    modulation: what moves it by itself. own_effects: those that its preset named.
    """

    params: StreamParams = field(default_factory=StreamParams)
    chosen: frozenset[str] = frozenset()
    name: str = UNNAMED
    pad: PadAddress | None = None
    modulation: Matrix = ()
    own_effects: frozenset[str] = frozenset()

    def with_changes(self, changes: Mapping[str, object]) -> Look:
        """Errors: ValueError naming the parameter and what is allowed."""
        params = self.params.with_changes(changes)
        chosen = self.chosen | frozenset(changes)
        changed = replace(self, params=params, chosen=chosen)
        if params.prompt != self.params.prompt:
            return replace(changed, name=UNNAMED, pad=None)
        return changed

    def with_preset(self, preset: Preset, pad: PadAddress | None) -> Look:
        """What the preset doesn't name stays, except what belonged to the look before: what moved
        it, and the effects that it brought, wherever a hand has moved them since.
        """
        neutral = {name: PARAMETERS[name].default for name in self.own_effects}
        params = preset.apply(self.params.with_changes(neutral))
        chosen = (self.chosen - self.own_effects) | {*PROMPT_NAMES, *preset.params}
        own_effects = EFFECTS.intersection(preset.params)
        return Look(params, chosen, preset.name, pad, preset.modulation, own_effects)

    def on_model(self, defaults: Mapping[str, object]) -> Look:
        """What nobody chose gets the value that a new model was made for."""
        present = self.params.as_dict()
        chosen = {name: present[name] for name in self.chosen}
        return replace(self, params=StreamParams().with_changes({**defaults, **chosen}))

    def as_preset(self) -> Preset:
        """Its words and what was chosen, for a file."""
        values = self.params.as_dict()
        kept = {n: values[n] for n in PARAMETERS if n in self.chosen and n not in PROMPT_NAMES}
        return Preset(
            name=self.name,
            prompt=self.params.prompt,
            negative=self.params.negative_prompt,
            params=kept,
            modulation=self.modulation,
        )
