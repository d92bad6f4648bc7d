"""No modulation takes a parameter out of its range, whatever it is made of."""

from __future__ import annotations

import math

import pytest
import tomli
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import NUM_BANDS, Sound
from engine.audio.beat_clock import Beat
from engine.modulation import (
    NUM_MACROS,
    Band,
    BeatPhase,
    Level,
    Lfo,
    Macro,
    Matrix,
    Onset,
    Route,
    Shape,
    Walk,
    blend,
    why_not_movable,
)
from engine.modulation.matrix import Memory, modulate
from engine.modulation.signals import Moment
from engine.params import PARAMETERS, StreamParams
from engine.presets import Preset

MOVABLE = [name for name in PARAMETERS if not why_not_movable(name)]

unit = st.floats(0.0, 1.0)
bipolar = st.floats(-1.0, 1.0)
anything = st.floats() | unit
rhythm = {
    "rate_hz": st.floats(0.0, 30.0),
    "beats": st.none() | st.floats(1 / 32, 256.0),
    "phase": unit,
    "seed": st.integers(0, 2**32 - 1),
}
signals = st.one_of(
    st.builds(Lfo, shape=st.sampled_from(Shape), **rhythm),
    st.builds(Walk, **rhythm),
    st.builds(Level),
    st.builds(Band, number=st.integers(1, NUM_BANDS)),
    st.builds(Onset),
    st.builds(BeatPhase, beats=st.floats(1 / 32, 256.0)),
    st.builds(Macro, number=st.integers(1, NUM_MACROS)),
)
routes = st.builds(
    Route,
    parameter=st.sampled_from(MOVABLE),
    signal=signals,
    amount=bipolar,
    offset=bipolar,
    attack_s=st.floats(0.0, 10.0),
    release_s=st.floats(0.0, 10.0),
    is_on=st.booleans(),
)
matrices = st.lists(routes, max_size=8).map(tuple)
moments = st.builds(
    Moment,
    time_s=st.floats(0.0, 1e6),
    sound=st.builds(
        Sound, level=anything, bands=st.tuples(*[anything] * NUM_BANDS), onset=anything
    ),
    beat=st.builds(Beat, position=st.floats(-1e6, 1e6)),
    macros=st.tuples(*[anything] * NUM_MACROS),
)


@st.composite
def bases(draw: st.DrawFn) -> StreamParams:
    positions = {name: draw(unit) for name in MOVABLE}
    return StreamParams().with_changes(
        {
            name: PARAMETERS[name].clamp(PARAMETERS[name].from_position(p))
            for name, p in positions.items()
        }
    )


@settings(deadline=None, max_examples=60)
@given(bases(), matrices, matrices, st.lists(st.tuples(moments, bipolar), max_size=4))
def test_every_parameter_stays_in_its_range_and_those_without_a_route_stay_put(
    base: StreamParams, matrix_a: Matrix, matrix_b: Matrix, ticks: list[tuple[Moment, float]]
) -> None:
    memory = Memory()
    targets = {route.parameter for route in matrix_a + matrix_b}
    for moment, position in ticks:
        # with_changes would raise for a value out of range; this says it without its help
        moved, memory = modulate(blend(matrix_a, matrix_b, position), base, moment, memory)
        for name, parameter in PARAMETERS.items():
            value = getattr(moved, name)
            if name not in targets:
                assert value == getattr(base, name)
            else:
                assert parameter.minimum <= value <= parameter.maximum
                assert not math.isnan(value)
                assert isinstance(value, parameter.kind)


@settings(deadline=None, max_examples=30)
@given(matrices)
def test_a_preset_comes_back_from_its_file_with_the_same_modulation(matrix: Matrix) -> None:
    saved = Preset(modulation=matrix)
    content = saved.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    assert Preset.model_validate(tomli.loads(tomli_w.dumps(content))) == saved


def test_there_is_something_to_modulate() -> None:
    assert {"strength", "guidance_scale", "seed_blend", "dry_wet"} <= set(MOVABLE)
    with pytest.raises(ValueError, match="holds the output"):
        Route(parameter="num_inference_steps", signal=Level())
