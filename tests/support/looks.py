"""Looks, presets and sets of every kind, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine.parameter import Parameter
from engine.params import PARAMETERS, StreamParams
from engine.presets import PROMPT_NAMES, Preset
from engine.sets import NUM_PADS, Cue, Pad, PadBank, Place, Set, SetRender
from engine.transition import Ease, TimeUnit, Transition, TransitionKind

quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
WORDS = st.text("abcdefg :é,.", max_size=8).map(str.strip)
WEIGHTS = st.floats(0.01, 10.0)


def values(parameter: Parameter) -> st.SearchStrategy[object]:
    """Every value that a parameter may have."""
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    if parameter.kind is bool:
        return st.booleans()
    if parameter.kind is int:
        return st.integers(int(parameter.minimum), int(parameter.maximum))
    return st.floats(parameter.minimum, parameter.maximum)


@st.composite
def prompts(draw: st.DrawFn) -> str:
    """A single prompt or several with weights, as they are typed."""
    pieces = draw(st.lists(st.tuples(WORDS, WEIGHTS), min_size=1, max_size=3))
    return " | ".join(f"{words}::{weight:.4f}" for words, weight in pieces)


NUMBERS = {n: values(p) for n, p in PARAMETERS.items() if n not in PROMPT_NAMES}
LOOKS = st.builds(
    lambda prompt, negative, params: StreamParams(
        prompt=prompt, negative_prompt=negative, **params
    ),
    prompts(),
    WORDS,
    st.fixed_dictionaries(NUMBERS),
)
PRESETS = st.builds(
    Preset,
    name=st.text(min_size=1, max_size=10),
    prompt=prompts(),
    negative=WORDS,
    params=st.fixed_dictionaries({}, optional=NUMBERS),
)
TRANSITIONS = st.builds(
    Transition,
    kind=st.sampled_from(TransitionKind),
    duration=st.just(0.0) | st.floats(0.0, 8.0),
    unit=st.sampled_from(TimeUnit),
    ease=st.sampled_from(Ease),
)
PADS = st.builds(
    Pad, number=st.integers(1, NUM_PADS), look=PRESETS, transition=st.none() | TRANSITIONS
)
BANKS = st.builds(
    PadBank,
    name=st.text(min_size=1, max_size=10),
    pads=st.lists(PADS, max_size=4).map(tuple),
)
CUES = st.builds(
    Cue,
    look=PRESETS,
    transition=TRANSITIONS,
    follow=st.none() | st.floats(0.0, 5.0),
    follow_unit=st.sampled_from(TimeUnit),
)
PLAIN = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.floats(-9.0, 9.0) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
MAPPINGS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.text(max_size=5), PLAIN)
# What a set may name; tests/unit/test_file_names.py has what it may not.
PLACES = st.text("ab:é.", max_size=5)
SETS = st.builds(
    Set,
    name=st.text(min_size=1, max_size=10),
    source=PLACES,
    sinks=st.lists(PLACES, max_size=2).map(tuple),
    render=st.none() | st.builds(SetRender, model=PLACES.filter(bool)),
    transition=TRANSITIONS,
    place=st.none()
    | st.builds(Place, a=PRESETS, b=PRESETS, crossfade=st.floats(0.0, 1.0), cue=st.integers(0, 9)),
    banks=st.lists(BANKS, max_size=2).map(tuple),
    cues=st.lists(CUES, max_size=3).map(tuple),
    mappings=st.lists(MAPPINGS, max_size=2).map(tuple),
)
