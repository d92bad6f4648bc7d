"""Sound, controllers, ports and the clock may fail: pictures don't need them."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from engine import hearing
from engine.api import AudioState, ControlMapping, EventKind, OscSpec, OutputState
from engine.audio.spectrum import Samples
from engine.control.desk import ControlMakers
from engine.control.gamepad_system import GamepadSystem, PadCame, PadGone, PadMoved, Wants
from engine.control.midi_ports import MidiSystem
from engine.errors import AudioError, ControlError
from tests.faults.harness import MAX_GAP_MS, PERIOD_MS, Show, paints_again, wait_for
from tests.support.control import FakeMidi, fader
from tests.support.gamepad import FakeGamepads
from tests.support.rig import Rig

PORT = "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0"
SILENCE = np.zeros(0, np.float32)


class Microphone:
    """Goes away at its tenth read; refuses so often to be opened."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.num_reads = 0

    def open(self, now_s: float) -> str:
        if self.refusals:
            self.refusals -= 1
            raise AudioError("There is no sound input; connect one.")
        return "fake microphone"

    def read(self, now_s: float) -> Samples:
        self.num_reads += 1
        if self.num_reads == 10:
            raise AudioError("The sound input fake microphone is gone; connect it again.")
        return SILENCE

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize(
    "refusals",
    [
        pytest.param(0, marks=pytest.mark.fault("audio device lost"), id="lost"),
        pytest.param(2, marks=pytest.mark.fault("audio device missing"), id="missing"),
    ],
)
def test_a_sound_input_that_is_away_is_tried_again(
    show: Show, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    microphone = Microphone(refusals)
    monkeypatch.setattr(hearing, "make_input", lambda uri, is_realtime: microphone)
    rig = Rig()
    with show.struck(rig, EventKind.AUDIO_FAILED, audio="fake") as engine:
        wait_for(rig, EventKind.AUDIO_FAILED)
        rig.clock.run_until(
            lambda: (
                microphone.num_reads > 12
                and engine.hearing.sound.value.state is AudioState.LISTENING
            )
        )
        paints_again(rig)


@pytest.mark.fault("MIDI device lost")
def test_a_controller_that_is_unplugged_comes_back_with_its_mappings(show: Show) -> None:
    midi = FakeMidi(PORT)
    rig = Rig(control_makers=ControlMakers(lambda: midi))
    with show.struck(rig, EventKind.CONTROL_AWAY, midi=("all",)) as engine:
        engine.controls.set_mappings([fader("strength")])
        rig.clock.run_until(lambda: PORT in midi.listeners)
        midi.unplug(PORT)
        wait_for(rig, EventKind.CONTROL_AWAY)
        midi.plug(PORT)
        rig.clock.run_until(lambda: any(state.is_open for state in engine.controls.states))
        midi.move(PORT, "control_change", control=7, value=0)
        midi.move(PORT, "control_change", control=7, value=127)
        rig.clock.run_until(lambda: engine.params.strength == 1.0)
    assert midi.num_closed == 1


@pytest.mark.fault("no MIDI on this machine")
def test_a_machine_without_midi_says_so_once(show: Show) -> None:
    def no_midi() -> MidiSystem:
        raise ControlError("MIDI isn't available here (no sequencer); OSC plays without it.")

    rig = Rig(control_makers=ControlMakers(no_midi))
    with show.struck(rig, EventKind.CONTROL_FAILED, midi=("all",)):
        wait_for(rig, EventKind.CONTROL_FAILED)
        paints_again(rig)
    assert len(rig.messages(EventKind.CONTROL_FAILED)) == 1


@pytest.mark.fault("gamepad lost")
def test_a_gamepad_that_is_unplugged_lets_go_and_another_takes_its_place(show: Show) -> None:
    pads = FakeGamepads(PadCame(1, "Old Pad"))
    rig = Rig(control_makers=ControlMakers(gamepads=lambda wants: pads))
    with show.struck(rig, EventKind.CONTROL_AWAY, gamepads=("all",)) as engine:
        control = {"kind": "gamepad", "name": "a", "device": "gamepad 1"}
        held = {"control": control, "target": "panic/blackout", "mode": "momentary"}
        engine.controls.set_mappings([ControlMapping.model_validate(held)])
        pads.happen(PadMoved(1, "a", 1.0))
        rig.clock.run_until(lambda: engine.output is OutputState.BLACKOUT)
        pads.happen(PadGone(1))
        wait_for(rig, EventKind.CONTROL_AWAY)
        rig.clock.run_until(lambda: engine.output is OutputState.LIVE)
        paints_again(rig)
        pads.happen(PadCame(2, "New Pad"))
        pads.happen(PadMoved(2, "a", 1.0))
        rig.clock.run_until(lambda: engine.output is OutputState.BLACKOUT)
        pads.happen(PadMoved(2, "a", 0.0))
        rig.clock.run_until(lambda: engine.output is OutputState.LIVE)
        paints_again(rig)
    assert pads.num_closed == 1


@pytest.mark.fault("no gamepads on this machine")
def test_a_machine_without_gamepads_says_so_once(show: Show) -> None:
    def no_gamepads(wants: Wants) -> GamepadSystem:
        raise ControlError("Gamepads aren't available here (no library); keys play without them.")

    rig = Rig(control_makers=ControlMakers(gamepads=no_gamepads))
    with show.struck(rig, EventKind.CONTROL_FAILED, gamepads=("all",)) as engine:
        wait_for(rig, EventKind.CONTROL_FAILED)
        paints_again(rig)
        (state,) = engine.controls.states
        assert rig.messages(EventKind.CONTROL_FAILED) == [state.message]


@pytest.mark.fault("OSC port taken")
def test_a_port_that_is_taken_is_told_and_another_can_be_had(show: Show) -> None:
    rig = Rig()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        spec = OscSpec(taken.getsockname()[1])
        with show.struck(rig, EventKind.CONTROL_FAILED, osc=spec) as engine:
            wait_for(rig, EventKind.CONTROL_FAILED)
            paints_again(rig)
            engine.controls.open_osc(OscSpec(0))
            rig.clock.run_until(lambda: any(state.is_open for state in engine.controls.states))


@pytest.mark.fault("clock jumps ahead")
def test_after_a_clock_that_jumps_the_output_is_steady_without_a_burst(show: Show) -> None:
    """As after a laptop's sleep."""
    jump_s = 3600.0
    rig = Rig()
    with show.struck(rig, max_gap_ms=jump_s * 1e3 + MAX_GAP_MS):
        paints_again(rig)
        rig.clock.advance(jump_s)
        landed_s = rig.clock.now_s()
        paints_again(rig)
        rig.clock.run_until(lambda: rig.sink.times_s[-1] > landed_s + 0.5)
    num_written = sum(landed_s <= time_s < landed_s + 0.5 for time_s in rig.sink.times_s)
    assert num_written <= 500 / PERIOD_MS + 2
