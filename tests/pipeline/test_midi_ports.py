"""Real MIDI ports: RtMidi on a JACK server that needs no sound card."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import mido
import pytest

from engine.api import EventKind
from engine.control.desk import ControlMakers
from engine.control.midi_ports import RtMidiSystem, stable_names
from engine.errors import ControlError
from tests.support.control import fader
from tests.support.control_show import show, shown, wait_for_picture

JACK = "UNIX_JACK"
SERVER = "reverie-test"
CONTROLLER = "Fader Box"


@pytest.fixture(scope="module")
def _jack() -> Iterator[None]:
    program = shutil.which("jackd")
    if program is None:
        pytest.skip("there is no jackd; on Debian: apt-get install jackd2")
    pytest.importorskip("rtmidi")
    names = {"JACK_NO_AUDIO_RESERVATION": "1", "JACK_DEFAULT_SERVER": SERVER}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    command = [program, "--no-realtime", "--name", SERVER, "-d", "dummy", "-r", "48000"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    waiter = shutil.which("jack_wait")
    if waiter is not None:
        subprocess.run([waiter, "-w", "-t", "20", "-s", SERVER], check=False, timeout=30)
    yield
    server.terminate()
    server.wait(20)
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def controller() -> Any:
    backend = mido.Backend(f"mido.backends.rtmidi/{JACK}")
    return backend.open_output("faders", virtual=True, client_name=CONTROLLER)


def is_played(states: tuple[Any, ...]) -> bool:
    return any(state.is_open for state in states)


@pytest.mark.midi
@pytest.mark.usefixtures("_jack")
def test_a_fader_on_a_real_port_changes_the_frame_and_may_come_and_go() -> None:
    makers = ControlMakers(partial(RtMidiSystem, JACK))
    with show(makers, midi=(CONTROLLER.lower(),)) as (rig, engine):
        engine.controls.set_mappings([fader("strength")])
        rig.clock.run_until(lambda: engine.controls.states != (), step_s=0.1)
        assert "taken as soon as it is plugged in" in engine.controls.states[0].message
        box = controller()
        rig.clock.run_until(lambda: is_played(engine.controls.states), step_s=0.1)
        box.send(mido.Message("control_change", control=7, value=127))
        wait_for_picture(rig, 1.0)
        box.close()
        rig.clock.run_until(lambda: rig.has_happened(EventKind.CONTROL_AWAY), step_s=0.1)
        box = controller()
        rig.clock.run_until(lambda: is_played(engine.controls.states), step_s=0.1)
        box.send(mido.Message("control_change", control=7, value=0))
        wait_for_picture(rig, 0.0)
        box.close()
    assert rig.sink.levels[-1] == shown(0.0)


@pytest.mark.midi
@pytest.mark.usefixtures("_jack")
def test_a_light_is_set_on_a_real_port() -> None:
    backend = mido.Backend(f"mido.backends.rtmidi/{JACK}")
    system = RtMidiSystem(JACK)
    lamp = backend.open_input("lamps", virtual=True, client_name=CONTROLLER)
    port = stable_names(system.output_names())[f"{CONTROLLER}:lamps"]
    output = system.open_output(port)
    output.send_bytes([0xB0, 7, 99])
    assert lamp.receive() == mido.Message("control_change", control=7, value=99)
    for opened in (output, lamp, system):
        opened.close()


@pytest.mark.skipif(os.path.exists("/dev/snd/seq"), reason="this machine has a MIDI sequencer")
@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
def test_a_real_machine_without_midi_is_told_in_one_sentence() -> None:
    with pytest.raises(ControlError, match=r"^MIDI isn't available here \(.+\); on Linux, load "):
        RtMidiSystem("LINUX_ALSA")
