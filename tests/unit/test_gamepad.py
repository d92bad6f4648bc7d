"""What a gamepad tells, and what a mapping makes of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.control.gamepad_names import AXES, BUTTONS, NAMES, STICKS, TRIGGERS, place_of_axis
from engine.control.gamepad_system import (
    PadCame,
    PadMoved,
    SdlGamepads,
    list_gamepads,
    read_axis,
    read_button,
)
from engine.control.gamepads import Pads
from engine.control.learn import begin, learn_from
from engine.control.mapping import GamepadControl, Mapping, Mode, Takeover
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.control.messages import Message, MessageKind, describe
from engine.control.shape import modes_of, why_no_curve, why_no_threshold
from engine.control.table import MappingTable
from engine.errors import ControlError
from tests.support.control import Instrument, fader, perform
from tests.support.gamepad import NAME, FakeGamepads, VirtualPad


def told(place: float, name: str, device: str = "gamepad 1") -> Message:
    return Message(MessageKind.GAMEPAD, device, name, (place,))


def held(place: float, name: str) -> Message:
    """For a second, unless place is less."""
    return Message(MessageKind.HELD, "gamepad 1", name, (place,))


def on_pad(name: str, target: str, **traits: object) -> Mapping:
    control = {"kind": "gamepad", "name": name}
    return Mapping.model_validate({"control": control, "target": target, **traits})


# ---- SDL's words and numbers


def test_the_names_are_sdls_own_in_its_order() -> None:
    pytest.importorskip("sdl2dll")
    sdl = pytest.importorskip("sdl2")
    axes = [sdl.SDL_GameControllerGetStringForAxis(i) for i in range(sdl.SDL_CONTROLLER_AXIS_MAX)]
    num_buttons = sdl.SDL_CONTROLLER_BUTTON_MAX
    buttons = [sdl.SDL_GameControllerGetStringForButton(i) for i in range(num_buttons)]
    assert [name.decode() for name in axes] == list(AXES)
    assert [name.decode() for name in buttons] == list(BUTTONS)


@given(st.sampled_from(AXES), st.integers(-32768, 32767))
def test_an_axis_is_at_rest_in_its_dead_zone_and_goes_evenly_to_its_end(
    name: str, raw: int
) -> None:
    place = place_of_axis(name, raw)
    assert -1.0 <= place <= 1.0
    assert abs(place) <= abs(place_of_axis(name, min(32767, round(raw * 1.1)))) or raw < -29000
    if abs(raw) < 0.1 * 32767:
        assert place == 0.0


@pytest.mark.parametrize(
    ("name", "raw", "place"),
    [
        ("leftx", 8191, 0.0),  # 25 % of the way
        ("leftx", 19660, 0.5),  # half way from there to 95 %
        ("leftx", -19660, -0.5),
        ("lefty", -19660, 0.5),  # SDL's upwards is negative
        ("righty", 32767, -1.0),
        ("rightx", -32768, -1.0),
        ("lefttrigger", 3932, 0.0),
        ("lefttrigger", 17530, 0.5),
        ("righttrigger", 32767, 1.0),
    ],
)
def test_where_an_axis_stands(name: str, raw: int, place: float) -> None:
    assert place_of_axis(name, raw) == pytest.approx(place, abs=1e-4)


@pytest.mark.parametrize("number", [-1, 6, 21, 255])
def test_axes_and_buttons_of_a_later_sdl_are_left_alone(number: int) -> None:
    event: Any = SimpleNamespace(which=0, axis=number, button=number, value=9, state=1)
    assert read_axis(event) is None
    assert number == 6 or read_button(event) is None


def test_gamepads_are_listed_by_name_and_a_missing_library_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with VirtualPad():
        assert NAME in list_gamepads()
    monkeypatch.setitem(sys.modules, "sdl2dll", None)
    with pytest.raises(ControlError, match=r"^Gamepads aren't available here \(.+\); install "):
        SdlGamepads(lambda name: True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that can be sent")
def test_the_program_can_still_be_told_to_end() -> None:
    pytest.importorskip("sdl2dll")
    told = (
        "import os, signal; from engine.control.gamepad_system import SdlGamepads;"
        "pads = SdlGamepads(lambda name: True); os.kill(os.getpid(), signal.SIGTERM); pads.events()"
    )
    ended = subprocess.run([sys.executable, "-c", told], check=False, timeout=60)
    assert ended.returncode == -signal.SIGTERM


def test_listing_lets_go_of_everything() -> None:
    fake = FakeGamepads(PadCame(1, "One"))
    assert list_gamepads(lambda wants: fake) == ["One"]
    assert fake.num_closed == 1


# ---- which pad is which


def test_a_pad_has_its_number_again_unless_another_one_took_its_place() -> None:
    pads = Pads()
    assert [pads.came(PadCame(i, name, name)).number for i, name in enumerate("ab")] == [1, 2]
    pads.gone(0)
    pads.gone(1)
    assert pads.came(PadCame(2, "b", "b")).number == 2
    assert pads.came(PadCame(3, "c", "c")).number == 1
    assert pads.came(PadCame(4, "a", "a")).number == 3


def test_nothing_is_told_while_nothing_changes() -> None:
    pads = Pads()
    pads.came(PadCame(5, "pad"))
    moves = [PadMoved(5, "leftx", place) for place in (0.0, 0.5, 0.5, 0.0, 0.0)]
    assert [pads.moved(move) is not None for move in moves] == [False, True, False, True, False]
    assert pads.moved(PadMoved(6, "leftx", 1.0)) is None


# ---- mappings


def test_a_stick_follows_from_end_to_end_or_from_its_middle_to_one_side() -> None:
    places = {"leftx": [0.0, 0.5, 1.0], "+leftx": [0.0, 0.0, 1.0], "-leftx": [1.0, 0.0, 0.0]}
    for name, expected in places.items():
        instrument = Instrument(strength=0.3)
        reached = []
        for place in (-1.0, 0.0, 1.0):
            perform([on_pad(name, "strength")], instrument, told(place, "leftx"))
            reached.append(instrument.places["strength"])
        assert reached == expected


def test_a_pad_that_takes_over_softly_waits_until_it_comes_by() -> None:
    instrument = Instrument(strength=0.5)
    trigger = on_pad("lefttrigger", "strength", takeover="pick_up")
    perform([trigger], instrument, told(0.2, "lefttrigger"))
    assert instrument.places["strength"] == 0.5
    perform([trigger], instrument, told(0.49, "lefttrigger"), told(0.8, "lefttrigger"))
    assert instrument.places["strength"] == 0.8


@pytest.mark.parametrize(
    ("name", "pushes", "traits", "strength"),
    [
        ("leftx", [1.0], {}, 0.75),  # a second of two leads through half the range
        ("leftx", [-0.5], {}, 0.0),
        ("leftx", [0.5, 0.5], {}, 0.75),
        ("leftx", [1.0], {"speed": 0.5}, 0.5),
        ("leftx", [0.5], {"is_inverted": True}, 0.0),
        ("leftx", [1.0, 1.0, 1.0], {"maximum": 0.6}, 0.6),
        ("leftx", [0.5], {"maximum": 0.6}, 0.25 + 0.15),
        ("-leftx", [1.0], {}, 0.25),
        ("-leftx", [-1.0], {}, 0.75),
    ],
)
def test_a_rate_leads_on_from_where_the_target_stands(
    name: str, pushes: list[float], traits: dict[str, object], strength: float
) -> None:
    instrument = Instrument(strength=0.25)
    mapping = on_pad(name, "strength", mode="rate", **traits)
    perform([mapping], instrument, told(1.0, "leftx"), *[held(push, "leftx") for push in pushes])
    assert instrument.places["strength"] == pytest.approx(strength)


def test_a_rate_gathers_small_pushes_until_they_make_a_whole_step() -> None:
    instrument = Instrument(num_inference_steps=1.0)
    ends = {"minimum": 1, "maximum": 3}  # one step in a second
    table = MappingTable()
    table.use([on_pad("dpup", "num_inference_steps", mode="rate", **ends)])
    perform(table, instrument, *[held(1 / 128, "dpup") for _ in range(127)])
    assert instrument.places["num_inference_steps"] == 1
    perform(table, instrument, held(1 / 128, "dpup"))
    assert instrument.places["num_inference_steps"] == 2


def test_only_a_rate_hears_what_is_held_and_a_switch_has_none() -> None:
    for mode, target in (("value", "strength"), ("toggle", "strength"), ("rate", "pad/1")):
        instrument = Instrument(strength=0.5)
        perform([on_pad("a", target, mode=mode)], instrument, held(1.0, "a"))
        assert instrument.played == []
    perform([on_pad("a", "pad/1", mode="rate")], instrument, told(1.0, "a"), held(1.0, "a"))
    assert instrument.played == [("pad/1", True)]


def test_what_makes_no_difference_to_a_rate_says_why() -> None:
    rate, follows = on_pad("leftx", "strength", mode="rate"), on_pad("leftx", "strength")
    assert "for as long as it is held" in str(why_no_curve(rate))
    assert why_no_threshold(rate) == why_no_curve(rate)
    assert why_no_curve(follows) is None
    assert Mode.RATE in modes_of(follows)
    assert Mode.RATE not in modes_of(fader("strength"))


def test_mappings_of_a_gamepad_in_a_file_are_read_and_bad_ones_named() -> None:
    good = on_pad("+righty", "strength", mode="rate", speed=2.0)
    bad_name = {"control": {"kind": "gamepad", "name": "z"}, "target": "strength"}
    bad_mode = {"control": {"kind": "cc"}, "target": "strength", "mode": "rate"}
    read, problems = load_mappings([*dump_mappings([good]), bad_name, bad_mode])
    assert read == (good, Mapping.model_validate({**bad_mode, "mode": "value"}))
    assert problems[0].startswith("Mapping 2: control.name was left out: a gamepad has no 'z'; it")
    assert problems[-1] == "Mapping 3: mode was left out: the mode rate is one of gamepads."
    with pytest.raises(ValidationError, match="a gamepad has no"):
        GamepadControl(name="+a")


def test_the_monitor_names_the_pad_and_its_control() -> None:
    assert describe(told(-0.51234, "leftx")) == "gamepad 1 leftx -0.5123"


# ---- learning


def learned(target: str, *places: tuple[str, float]) -> Mapping | None:
    learning, mapping = begin(target), None
    for name, place in places:
        assert mapping is None
        learning, mapping = learn_from(learning, told(place, name))
    return mapping


@pytest.mark.parametrize("stick", STICKS)
def test_a_stick_is_learned_as_a_rate_and_for_a_pad_as_the_half_that_was_pushed(stick: str) -> None:
    path = ((stick, -0.2), (stick, -0.8), (stick, -0.1), (stick, 0.0))
    rate, half = learned("strength", *path), learned("pad/3", *path)
    assert rate is not None
    assert (rate.control.label, rate.mode) == (f"gamepad 1 {stick}", Mode.RATE)
    assert half is not None
    assert (half.control.label, half.mode) == (f"gamepad 1 -{stick}", Mode.TOGGLE)


def test_triggers_follow_and_buttons_change_over() -> None:
    for name in TRIGGERS:
        trigger = learned("strength", (name, 0.7), (name, 0.0))
        assert trigger is not None
        assert (trigger.mode, trigger.takeover) == (Mode.VALUE, Takeover.PICK_UP)
    for name in BUTTONS:
        button = learned("panic/freeze", (name, 1.0), (name, 0.0))
        assert button is not None
        assert (button.mode, button.takeover) == (Mode.TOGGLE, Takeover.JUMP)


def test_what_was_stirred_by_the_way_or_is_not_let_go_yet_is_not_learned() -> None:
    assert learned("strength", ("leftx", 0.3), ("leftx", 0.0), ("a", 1.0)) is None
    diagonal = learned("strength", ("lefty", 0.4), ("leftx", 0.9), ("lefty", 0.0), ("leftx", 0.0))
    assert diagonal is not None
    assert diagonal.control.label == "gamepad 1 leftx"


@given(st.sampled_from(NAMES), st.floats(-1.0, 1.0))
def test_every_control_travels_within_its_span(name: str, place: float) -> None:
    control = GamepadControl(name=name)
    low, high = control.span
    assert control.pushed(low) in (0.0, -1.0)
    assert control.pushed(high) == 1.0
    assert -1.0 <= control.pushed(place) <= 1.0
    assert control.hears(told(place, control.axis))
