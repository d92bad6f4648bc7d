"""A gamepad that the kernel knows, from its driver to the picture that comes out. Linux."""

from __future__ import annotations

import os

import pytest

from engine.api import ControlMapping, Engine, EventKind
from tests.support.control_show import show, wait_for_picture
from tests.support.rig import Rig
from tests.support.uinput_pad import ABS_Y, ABS_Z, BUTTON_A, DEVICE, UinputPad

for library in ("sdl2dll", "sdl2"):  # an emulated processor takes minutes over the import
    pytest.importorskip(library)
pytestmark = [
    pytest.mark.gamepad,
    pytest.mark.skipif(not os.access(DEVICE, os.W_OK), reason=f"{DEVICE} can't be written"),
]


def on_pad(name: str, target: str, **traits: object) -> ControlMapping:
    control = {"kind": "gamepad", "name": name, "device": "gamepad 1"}
    return ControlMapping.model_validate({"control": control, "target": target, **traits})


def wait_for(rig: Rig, engine: Engine, is_there: bool) -> None:
    rig.clock.run_until(
        lambda: any(s.is_open for s in engine.controls.states) == is_there, step_s=0.1
    )


def test_a_pad_is_noticed_plays_goes_and_comes_back() -> None:
    with show(gamepads=("x360",)) as (rig, engine):
        engine.controls.set_mappings(
            [
                on_pad("lefttrigger", "strength"),
                on_pad("lefty", "guidance_scale", mode="rate"),
                on_pad("a", "panic/blackout", mode="momentary"),
            ]
        )
        rig.clock.run_until(lambda: engine.controls.states != (), step_s=0.1)
        assert "No gamepad named x360 is connected" in engine.controls.states[0].message
        for _ in range(2):
            pad = UinputPad()
            wait_for(rig, engine, True)
            pad.axis(ABS_Z, 255)
            wait_for_picture(rig, 1.0)
            pad.axis(ABS_Z, 0)
            wait_for_picture(rig, 0.0)
            pad.axis(ABS_Y, -32768)  # upwards
            guidance = engine.params.guidance_scale
            rig.clock.run_until(lambda start=guidance: engine.params.guidance_scale > start)
            pad.axis(ABS_Y, 0)
            pad.button(BUTTON_A, True)
            rig.clock.run_until(lambda: rig.sink.levels[-1] == 0)
            pad.unplug()  # with the button held
            wait_for(rig, engine, False)
            wait_for_picture(rig, 0.0)
        names = [state.name for state in engine.controls.states]
        assert names == ["x360"]
    assert len(rig.messages(EventKind.CONTROL_AWAY)) == 2
