"""Whose value counts: the user's, then the model's, then the declared one."""

from __future__ import annotations

import pytest

from engine.live_params import LiveParams, changed_names
from engine.params import StreamParams


def test_the_models_defaults_fill_only_what_the_user_left_alone() -> None:
    params = LiveParams(StreamParams(strength=0.9))
    params.apply_defaults({"strength": 0.2, "guidance_scale": 4.0})
    assert (params.value.strength, params.value.guidance_scale) == (0.9, 4.0)


def test_a_value_that_the_user_chose_stays_even_if_it_is_the_declared_default() -> None:
    declared = StreamParams()
    params = LiveParams(declared, explicit=frozenset({"strength"}))
    params.apply_defaults({"strength": 0.2})
    assert params.value.strength == declared.strength


def test_what_one_model_preferred_does_not_stick_to_the_next() -> None:
    params = LiveParams(StreamParams())
    params.apply_defaults({"guidance_scale": 4.0})
    params.apply_defaults({"strength": 0.3})
    assert params.value.guidance_scale == StreamParams().guidance_scale
    assert params.value.strength == 0.3


def test_a_live_change_counts_as_the_users_choice() -> None:
    params = LiveParams(StreamParams())
    params.update({"strength": 0.6})
    params.apply_defaults({"strength": 0.2})
    assert params.value.strength == 0.6


def test_a_refused_change_changes_nothing() -> None:
    params = LiveParams(StreamParams())
    before = params.value
    with pytest.raises(ValueError, match="there is no parameter speed"):
        params.update({"strength": 0.6, "speed": 1})
    assert params.value is before


def test_the_changed_names_are_those_that_differ_from_the_declared_defaults() -> None:
    assert changed_names(StreamParams()) == frozenset()
    assert changed_names(StreamParams(prompt="ink", seed=9)) == {"prompt", "seed"}
