"""A hand on a gamepad changes the picture that comes out. The pad is SDL's own virtual one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.api import ControlMapping, Engine, EventKind, OutputState
from engine.control.desk import ControlMakers
from engine.control.gamepad_system import PadCame, PadMoved, PadRefused
from tests.support.control_show import UNGATED, show, shown, wait_for_picture
from tests.support.gamepad import NAME, STICK_END, FakeGamepads, VirtualPad
from tests.support.rig import Rig

LEFT_X, LEFT_Y, LEFT_TRIGGER = 0, 1, 4
A, DPAD_UP = 0, 11


@pytest.fixture
def pad() -> Iterator[VirtualPad]:
    with VirtualPad() as plugged:
        yield plugged


def gamepad(name: str, target: str, **traits: object) -> ControlMapping:
    return mapping_of("", name, target, **traits)


def mapping_of(device: str, name: str, target: str, **traits: object) -> ControlMapping:
    control = {"kind": "gamepad", "name": name, "device": device}
    return ControlMapping.model_validate({"control": control, "target": target, **traits})


def wait_for_pad(rig: Rig, engine: Engine) -> None:
    rig.clock.run_until(lambda: any(s.is_open for s in engine.controls.states), step_s=0.1)


def test_a_trigger_that_is_pulled_changes_the_frame_that_comes_out(pad: VirtualPad) -> None:
    with show(gamepads=(NAME.lower(),)) as (rig, engine):
        engine.controls.set_mappings([gamepad("lefttrigger", "strength")])
        wait_for_pad(rig, engine)
        pad.axis(LEFT_TRIGGER, STICK_END)
        wait_for_picture(rig, 1.0)
        pad.axis(LEFT_TRIGGER, -32768)
        wait_for_picture(rig, 0.0)
        report = engine.report()
        assert report["controls"] == [
            {"name": f"gamepad 1: {NAME}", "is_open": True, "message": ""}
        ]
    assert "gamepad 1 lefttrigger" in str(report["parameters"])
    assert rig.sink.levels[-1] == shown(0.0)


def test_a_stick_that_is_held_leads_on_through_the_range_and_stops_when_it_is_let_go(
    pad: VirtualPad,
) -> None:
    with show(gamepads=("all",)) as (rig, engine):
        engine.controls.set_mappings([gamepad("lefty", "strength", mode="rate")])
        wait_for_pad(rig, engine)
        engine.update({"strength": 0.25})
        pad.axis(LEFT_Y, -STICK_END)  # SDL's upwards
        rig.clock.run_until(lambda: engine.params.strength > 0.5)
        pad.axis(LEFT_Y, 0)
        rig.clock.run_until(lambda: "gamepad 1 lefty 0" in came(engine))
        stopped = engine.params.strength
        for _ in range(120):
            rig.clock.advance(1 / 120)
        assert 0.5 < engine.params.strength == stopped < 1.0
        pad.axis(LEFT_Y, STICK_END)
        rig.clock.run_until(lambda: engine.params.strength == 0.0)
        wait_for_picture(rig, 0.0)
        assert len(came(engine)) == 3  # what is held is not told again and again


def came(engine: Engine) -> list[str]:
    return [line.came for line in engine.controls.monitor()]


def test_a_pad_that_is_unplugged_lets_go_and_comes_back_with_its_number_and_mappings(
    pad: VirtualPad,
) -> None:
    with VirtualPad("Another Pad", product=2) as other, show(gamepads=("pad",)) as (rig, engine):
        engine.controls.set_mappings(
            [
                mapping_of("gamepad 1", "dpup", "panic/blackout", mode="momentary"),
                mapping_of("gamepad 2", "lefttrigger", "strength"),
            ]
        )
        wait_for_pad(rig, engine)
        assert [s.name for s in engine.controls.states] == [
            f"gamepad 1: {NAME}",
            "gamepad 2: Another Pad",
        ]
        wait_for_picture(rig, UNGATED.strength)
        pad.button(DPAD_UP, True)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 0)
        pad.unplug()
        wait_for_picture(rig, UNGATED.strength)
        assert rig.messages(EventKind.CONTROL_AWAY) == [
            f"The gamepad {NAME} is away; its mappings are kept until one comes."
        ]
        other.unplug()
        rig.clock.run_until(lambda: "taken as soon as" in engine.controls.states[0].message)
        other.plug()  # before the first one: it has its own number all the same
        wait_for_pad(rig, engine)
        assert engine.controls.states[0].name == "gamepad 2: Another Pad"
        other.axis(LEFT_TRIGGER, STICK_END)
        wait_for_picture(rig, 1.0)
        pad.plug()
        rig.clock.run_until(lambda: len(engine.controls.states) == 2)
        pad.button(DPAD_UP, True)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == 0)


def test_a_stick_is_learned_when_it_is_let_go_and_then_leads_on(pad: VirtualPad) -> None:
    with show(gamepads=("all",)) as (rig, engine):
        wait_for_pad(rig, engine)
        engine.controls.learn("strength")
        pad.axis(LEFT_X, STICK_END)
        rig.clock.run_until(lambda: "gamepad 1 leftx 1" in came(engine))
        pad.axis(LEFT_X, 900)  # it never rests quite in its middle
        rig.clock.run_until(lambda: engine.controls.learning is None)
        assert engine.params.strength == UNGATED.strength
        (learned,) = engine.controls.mappings
        assert learned == mapping_of(
            "gamepad 1", "leftx", "strength", mode="rate", takeover="pick_up"
        )
        pad.axis(LEFT_X, -STICK_END)
        rig.clock.run_until(lambda: engine.params.strength == 0.0)


def test_what_is_not_wanted_is_left_alone_and_all_is_let_go_when_it_is_switched_off(
    pad: VirtualPad,
) -> None:
    with show(gamepads=("somebody's",)) as (rig, engine):
        rig.clock.run_until(lambda: engine.controls.states != (), step_s=0.1)
        (state,) = engine.controls.states
        assert state.message.startswith("No gamepad named somebody's is connected;")
        engine.controls.open_gamepads()
        wait_for_pad(rig, engine)
        engine.controls.close_gamepads()
        rig.clock.run_until(lambda: engine.controls.states == ())
        engine.controls.open_gamepads("Reverie")
        wait_for_pad(rig, engine)
        engine.controls.set_mappings([gamepad("a", "panic/freeze", mode="toggle")])
        pad.button(A, True)
        rig.clock.run_until(lambda: engine.output is OutputState.FREEZE)


def test_events_that_no_pad_sends_change_nothing(pad: VirtualPad) -> None:
    with show(gamepads=("all",)) as (rig, engine):
        engine.controls.set_mappings([gamepad("lefttrigger", "strength")])
        wait_for_pad(rig, engine)
        for which, number, value in ((77, 4, 32767), (0, 99, 32767), (-1, -1, -32768)):
            pad.forge(which, number, value)
        pad.axis(LEFT_TRIGGER, STICK_END)
        wait_for_picture(rig, 1.0)
        assert came(engine) == ["gamepad 1 lefttrigger 1"]


def test_a_pad_that_another_program_holds_is_named_and_the_others_play() -> None:
    fake = FakeGamepads(PadRefused("Held Pad", "busy"), PadCame(7, "Free Pad"))
    with show(ControlMakers(gamepads=lambda wants: fake), gamepads=("pad",)) as (rig, engine):
        engine.controls.set_mappings([gamepad("a", "panic/freeze", mode="toggle")])
        wait_for_pad(rig, engine)
        assert [(s.name, s.is_open) for s in engine.controls.states] == [
            ("gamepad 1: Free Pad", True),
            ("Held Pad", False),
        ]
        assert "can't be opened (busy); end what else uses it" in engine.controls.states[1].message
        fake.happen(PadMoved(7, "a", 1.0))
        rig.clock.run_until(lambda: engine.output is OutputState.FREEZE)
    assert fake.num_closed == 1
