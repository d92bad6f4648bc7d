"""Signals, routes, and what they make of the parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from engine.audio import Sound
from engine.audio.beat_clock import Beat
from engine.modulation import Band, BeatPhase, Level, Lfo, Macro, Onset, Route, Shape, Walk, blend
from engine.modulation.matrix import Memory, modulate
from engine.modulation.signals import Moment, random_value
from engine.params import PARAMETERS, StreamParams

BASE = StreamParams(strength=0.5)


def values(signal: Lfo | Walk, times_s: list[float]) -> list[float]:
    return [signal.value(Moment(time_s)) for time_s in times_s]


def moved(
    *routes: Route, moment: Moment | None = None, params: StreamParams = BASE
) -> StreamParams:
    return modulate(blend(routes, (), 0.0), params, moment or Moment(), Memory())[0]


def on_strength(signal: object, **traits: object) -> Route:
    return Route.model_validate({"parameter": "strength", "signal": signal, **traits})


QUARTERS_S = [0.0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Shape.SINE, [0.0, 1.0, 0.0, -1.0]),
        (Shape.TRIANGLE, [0.0, 1.0, 0.0, -1.0]),
        (Shape.SAW, [-1.0, -0.5, 0.0, 0.5]),
        (Shape.SQUARE, [1.0, 1.0, -1.0, -1.0]),
    ],
)
def test_each_shape_runs_through_its_cycle(shape: Shape, expected: list[float]) -> None:
    lfo = Lfo(shape=shape, rate_hz=1.0)
    assert values(lfo, QUARTERS_S) == pytest.approx(expected, abs=1e-9)
    assert values(lfo, [t + 7.0 for t in QUARTERS_S]) == pytest.approx(expected, abs=1e-9)


def test_sample_and_hold_holds_for_a_cycle_and_then_draws_anew() -> None:
    lfo = Lfo(shape=Shape.SAMPLE_HOLD, rate_hz=2.0, seed=7)
    held = values(lfo, [0.0, 0.2, 0.49])
    assert len(set(held)) == 1
    assert lfo.value(Moment(0.51)) != held[0]


def test_a_phase_shifts_the_cycle() -> None:
    assert Lfo(rate_hz=1.0, phase=0.25).value(Moment(0.0)) == pytest.approx(1.0)


def test_an_oscillator_in_beats_follows_the_beat_and_not_the_time() -> None:
    lfo = Lfo(shape=Shape.SAW, beats=4.0)
    assert lfo.value(Moment(99.0, beat=Beat(position=2.0))) == pytest.approx(0.0)
    assert lfo.value(Moment(-1.0, beat=Beat(position=3.0))) == pytest.approx(0.5)


def test_a_walk_is_continuous_bounded_and_the_same_for_the_same_seed() -> None:
    times_s = np.arange(0.0, 60.0, 0.01).tolist()
    walk = values(Walk(rate_hz=1.0, seed=3), times_s)
    assert max(np.abs(np.diff(walk))) < 0.04  # at most 2 x 1.5 of slope a second
    assert -1.0 <= min(walk) < -0.5 < 0.5 < max(walk) <= 1.0
    assert walk == values(Walk(rate_hz=1.0, seed=3), times_s)
    assert walk != values(Walk(rate_hz=1.0, seed=4), times_s)


def test_random_values_are_spread_evenly() -> None:
    draws = [random_value(seed, index) for seed in range(20) for index in range(-50, 50)]
    counts, _ = np.histogram(draws, bins=8, range=(-1.0, 1.0))
    assert counts.sum() == 2000
    assert counts.min() > 190


def test_what_is_heard_moves_a_parameter() -> None:
    sound = Sound(level=0.2, bands=(0.1, 0.4, 0, 0, 0, 0, 0, 0.9), onset=0.6)
    moment = Moment(sound=sound, beat=Beat(position=8.25), macros=(0.0, 0.0, 0.3, 0, 0, 0, 0, 0))
    for signal, expected in [
        (Level(), 0.2),
        (Band(number=2), 0.4),
        (Band(number=8), 0.9),
        (Onset(), 0.6),
        (BeatPhase(), 0.75),
        (BeatPhase(beats=2.0), 0.875),
        (Macro(number=3), 0.3),
        (Macro(number=8), 0.0),
    ]:
        assert signal.value(moment) == pytest.approx(expected)
        route = Route(parameter="strength", signal=signal, amount=0.5)
        assert moved(route, moment=moment).strength == pytest.approx(
            0.5 + 0.5 * expected, abs=0.001
        )


def test_amount_and_offset_are_measured_in_the_sliders_travel() -> None:
    # guidance_scale is 0-8 on a square curve: 1.5 lies at sqrt(1.5 / 8) of the travel
    route = Route(parameter="guidance_scale", signal=Lfo(phase=0.25), amount=0.2, offset=0.1)
    expected = 8.0 * (math.sqrt(1.5 / 8.0) + 0.3) ** 2
    assert moved(route).guidance_scale == pytest.approx(expected, rel=0.01)


def test_a_negative_amount_moves_the_other_way() -> None:
    sound = Sound(level=1.0)
    assert moved(
        on_strength({"kind": "level"}, amount=-0.25), moment=Moment(sound=sound)
    ).strength == pytest.approx(0.25)


def test_routes_on_one_parameter_add_up_within_its_range() -> None:
    up = on_strength({"kind": "level"}, amount=0.4)
    other = on_strength({"kind": "onset"}, amount=0.3)
    moment = Moment(sound=Sound(level=0.5, onset=1.0))
    assert moved(up, other, moment=moment).strength == pytest.approx(1.0)


def test_whole_numbers_stay_whole() -> None:
    route = Route(parameter="max_skips", signal=Lfo(phase=0.25), amount=0.123)
    value = moved(route).max_skips
    assert isinstance(value, int)
    assert value == round(10 + 0.123 * 300)


def test_without_effect_the_parameters_are_the_very_same_object() -> None:
    for route in (
        on_strength({"kind": "level"}),
        on_strength({"kind": "lfo", "phase": 0.25}, is_on=False),
        on_strength({"kind": "lfo", "phase": 0.25}, amount=0.0),
        on_strength({"kind": "macro"}),
    ):
        assert moved(route, moment=Moment(macros=(math.nan,))) is BASE


def test_a_fading_signal_comes_to_rest_so_that_the_gate_may_rest() -> None:
    route = on_strength({"kind": "onset"}, release_s=0.2)
    shares, memory = blend((route,), (), 0.0), Memory()
    params, memory = modulate(shares, BASE, Moment(0.0, Sound(onset=1.0)), memory)
    assert params.strength == 1.0
    for time_s in (0.5, 1.0, 1.5, 2.0):
        params, memory = modulate(shares, BASE, Moment(time_s), memory)
    assert params is BASE


def test_attack_and_release_are_time_constants_whatever_the_frame_rate() -> None:
    route = on_strength({"kind": "level"}, amount=1.0, attack_s=0.5, release_s=0.1)
    for step_s in (0.01, 0.05):
        shares, base, memory = blend((route,), (), 0.0), StreamParams(strength=0.0), Memory()
        _, memory = modulate(shares, base, Moment(0.0), memory)
        for time_s in np.arange(step_s, 0.5 + 1e-9, step_s):
            risen, memory = modulate(shares, base, Moment(time_s, Sound(level=1.0)), memory)
        assert risen.strength == pytest.approx(1.0 - math.exp(-1.0), abs=0.002)
        for time_s in np.arange(0.5 + step_s, 0.6 + 1e-9, step_s):
            fallen, memory = modulate(shares, base, Moment(time_s), memory)
        assert fallen.strength == pytest.approx(risen.strength * math.exp(-1.0), abs=0.002)


def test_between_two_looks_each_routes_counts_as_far_as_its_look_is_heard() -> None:
    up, down = (
        on_strength({"kind": "level"}, amount=0.4),
        on_strength({"kind": "level"}, amount=-0.4),
    )
    moment = Moment(sound=Sound(level=1.0))
    for position, expected in ((0.0, 0.9), (0.25, 0.7), (0.5, 0.5), (1.0, 0.1)):
        shares = blend((up,), (down,), position)
        params, _ = modulate(shares, BASE, moment, Memory())
        assert params.strength == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ("num_inference_steps", "every change of it holds the output for some frames"),
        ("prompt", "prompt is no number"),
        ("guidance_mode", "guidance_mode is no number"),
        ("strenght", "there is no parameter strenght"),
    ],
)
def test_what_cannot_be_modulated_is_refused_with_the_reason(parameter: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Route(parameter=parameter, signal=Level())


def test_every_live_number_can_be_modulated() -> None:
    live = [p.name for p in PARAMETERS.values() if p.is_number and p.cost == "live"]
    assert len(live) > 5
    for name in live:
        Route(parameter=name, signal=Level())
