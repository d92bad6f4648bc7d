"""The look that plays, ready to be kept: as a pad's or as a cue's."""

from __future__ import annotations

from app.engine_names import PARAMETERS, Matrix, Preset, StreamParams

# How the machine rests is no part of a look; the words have fields of their own.
NOT_IN_PARAMS = frozenset([
    "prompt", "negative_prompt", "similarity_filter", "similarity_threshold", "max_skips",
    "bypass_after_s", "blackout_fade_s",
])  # fmt: skip
FREE_COLOUR = "#8a94a6"
LONGEST_NAME = 40


def make_look(params: StreamParams, modulation: Matrix, name: str, like: Preset | None) -> Preset:
    """The present parameters and what moves them as a look; the rest as the one it replaces."""
    values = params.as_dict()
    base = like or Preset(name=name, colour=FREE_COLOUR, key="")
    return base.model_copy(update={
        "name": name,
        "prompt": params.prompt,
        "negative": params.negative_prompt,
        "modulation": modulation,
        "params": {key: values[key] for key in PARAMETERS if key not in NOT_IN_PARAMS},
    })  # fmt: skip


def name_from(prompt: str) -> str:
    """The first words of a prompt, for a look that nobody has named."""
    words = " ".join(prompt.replace(",", " ").split()[:3])
    return words[:LONGEST_NAME].capitalize() or "Own look"
