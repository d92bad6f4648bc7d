"""Whatever the sliders say, a picture comes out; and neutral ones change nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.effects import Effects
from engine.frame import Frame
from engine.params import EFFECTS, PARAMETERS, StreamParams


def values_of(name: str) -> st.SearchStrategy[object]:
    parameter = PARAMETERS[name]
    if parameter.choices:
        return st.sampled_from(parameter.choices)
    ends = st.sampled_from([parameter.minimum, parameter.default, parameter.maximum])
    return ends | st.floats(parameter.minimum, parameter.maximum)


PARAMS = st.fixed_dictionaries({}, optional={
    name: values_of(name) for name in [*sorted(EFFECTS), "dry_wet"]
}).map(lambda values: StreamParams(**values))  # fmt: skip
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=150, deadline=None)
@given(looks=st.lists(PARAMS, min_size=1, max_size=5), size=SIZES, seed=st.integers(0, 99))
def test_any_values_give_pictures_of_the_same_shape(looks, size, seed) -> None:
    effects = Effects()
    generator = np.random.default_rng(seed)
    for sequence, params in enumerate(looks):
        image = generator.integers(0, 256, (*size, 3), dtype=np.uint8)
        entered = effects.seen(Frame(image, sequence, 0.0), params)
        effects.admit(entered)
        painted = entered.with_image(255 - entered.image)
        for frame in (entered, effects.finish(painted, params)):
            assert frame.image.shape == (*size, 3)
            assert frame.image.dtype == np.uint8
            assert not frame.image.flags.writeable
            assert frame.sequence == sequence


@settings(max_examples=50, deadline=None)
@given(before=PARAMS, size=SIZES)
def test_neutral_is_the_identity_whatever_was_before(before, size) -> None:
    effects = Effects()
    first = effects.seen(Frame(np.full((*size, 3), 90, np.uint8), 0, 0.0), before)
    effects.finish(first, before)
    frame = Frame(np.full((*size, 3), 30, np.uint8), 1, 0.0)
    entered = effects.seen(frame, StreamParams())
    effects.admit(entered)
    assert entered is frame
    assert effects.finish(frame, StreamParams()).image is frame.image
    assert effects.is_settled
