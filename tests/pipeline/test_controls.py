"""A hand on a control changes the picture that comes out."""

from __future__ import annotations

import math
import random
import socket

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from engine.api import ControlMapping, ControlPlace, Engine, EventKind, OscSpec, dump_mappings
from engine.control.desk import ControlMakers
from engine.control.midi_ports import MidiSystem
from engine.control.target import TARGETS
from engine.errors import ControlError
from tests.support.control import FakeMidi, fader
from tests.support.control_show import LEVEL, UNGATED, show, wait_for_picture
from tests.support.rig import Rig

PORT = "nanoKONTROL2:nanoKONTROL2 MIDI 1 24:0"
NAME = "nanoKONTROL2:nanoKONTROL2 MIDI 1"


def osc_client(rig: Rig, engine: Engine) -> SimpleUDPClient:
    rig.clock.run_until(lambda: any(state.is_open for state in engine.controls.states))
    host, _, port = engine.controls.states[-1].name.removeprefix("osc ").rpartition(":")
    return SimpleUDPClient(host.replace("0.0.0.0", "127.0.0.1"), int(port))


def did(engine: Engine) -> list[str]:
    return [line.did for line in engine.controls.monitor()]


# ---- OSC


def test_a_value_sent_by_osc_changes_the_frame_that_comes_out() -> None:
    with show(osc=OscSpec(0)) as (rig, engine):
        with osc_client(rig, engine) as client:
            client.send_message("/reverie/strength", 0.25)
        wait_for_picture(rig, 0.25)
        report = engine.report()
    assert "osc /reverie/strength from" in str(report["parameters"])


def test_numbers_out_of_range_become_the_nearest_and_nonsense_changes_nothing() -> None:
    with show(osc=OscSpec(0)) as (rig, engine), osc_client(rig, engine) as client:
        client.send_message("/reverie/strength", 7.5)
        wait_for_picture(rig, 1.0)
        client.send_message("/reverie/strength", "loud")
        client.send_message("/reverie/strength", float("nan"))
        client._sock.sendto(b"GET / HTTP/1.1", ("127.0.0.1", client._port))
        client.send_message("/reverie/volume", 1.0)
        rig.clock.run_until(lambda: len(engine.controls.monitor()) >= 5)
        assert engine.params.strength == 1.0
        told = did(engine)
    assert "refused: strength is a number from 0 to 1, not 'loud'" in told
    assert "refused: strength is a finite number, not nan" in told
    assert "no such address" in told
    assert any(line.startswith("ignored: what 127.0.0.1:") for line in told)


def test_a_wildcard_and_a_text_reach_every_parameter_that_they_mean() -> None:
    with show(osc=OscSpec(0)) as (rig, engine), osc_client(rig, engine) as client:
        client.send_message("/reverie/seed*", 1)
        client.send_message("/reverie/{add_noise,similarity_filter}", 0)
        client.send_message("/reverie/prompt", "ink::0.5 | neon::0.5")
        rig.clock.run_until(lambda: engine.params.prompt.startswith("ink"))
        params = engine.params
    assert (params.seed, params.seed_target, params.seed_blend) == (1, 1, 1.0)
    assert (params.add_noise, params.similarity_filter) == (False, False)


def test_panic_by_osc_acts_and_is_let_go() -> None:
    with show(osc=OscSpec(0)) as (rig, engine), osc_client(rig, engine) as client:
        wait_for_picture(rig, UNGATED.strength)
        client.send_message("/reverie/panic/bypass", 1)
        rig.clock.run_until(lambda: rig.sink.levels[-1] == LEVEL)
        client.send_message("/reverie/panic/bypass", 0)
        wait_for_picture(rig, UNGATED.strength)


def test_a_flood_ends_with_its_newest_value_and_the_output_keeps_its_rhythm() -> None:
    with show(osc=OscSpec(0)) as (rig, engine), osc_client(rig, engine) as client:
        wait_for_picture(rig, UNGATED.strength)
        for burst in range(20):
            for k in range(100):
                client.send_message("/reverie/strength", (burst * 100 + k) / 4000)
            rig.clock.advance(1 / 240)
        client.send_message("/reverie/strength", 0.5)
        wait_for_picture(rig, 0.5)
        assert engine.stats().longest_gap_ms < 2 * 1e3 / 60  # not one tick was missed


def test_a_port_that_is_taken_is_told_in_a_sentence_and_the_show_goes_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with show(osc=OscSpec(port)) as (rig, engine):
            rig.clock.run_until(lambda: rig.has_happened(EventKind.CONTROL_FAILED))
            wait_for_picture(rig, UNGATED.strength)
            engine.controls.close_osc()
            (message,) = rig.messages(EventKind.CONTROL_FAILED)
    assert message.startswith(f"OSC can't be heard at 127.0.0.1:{port} (")


def test_beyond_this_machine_only_those_are_heard_who_have_said_the_token() -> None:
    with (
        show(osc=OscSpec(0, "0.0.0.0", token="open sesame")) as (rig, engine),
        osc_client(rig, engine) as client,
    ):
        client.send_message("/reverie/strength", 0.1)
        rig.clock.run_until(lambda: any("has not said the token" in line for line in did(engine)))
        client.send_message("/reverie/auth", "open sesam")
        rig.clock.run_until(lambda: any("the token is wrong" in line for line in did(engine)))
        rig.clock.run_until(lambda: client.send_message("/reverie/auth", "open sesame")
                            or "admitted" in did(engine))  # fmt: skip
        client.send_message("/reverie/strength", 0.125)
        rig.clock.run_until(lambda: engine.params.strength == 0.125)
        monitor = str(engine.controls.monitor())
    assert "sesam" not in monitor


def test_changed_values_go_back_by_osc() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.2)
        feedback = ("127.0.0.1", listener.getsockname()[1])
        with show(osc=OscSpec(0, feedback=feedback)) as (rig, engine):
            got: dict[str, object] = {}

            def has_come(address: str, value: object) -> bool:
                while (content := received(listener)) is not None:
                    message = OscMessage(content)
                    got[message.address] = message.params[0]
                return got.get(address) == value

            rig.clock.run_until(lambda: has_come("/reverie/sampler", "auto"))
            engine.update({"strength": 0.5})
            rig.clock.run_until(lambda: has_come("/reverie/strength", 0.5))
    assert got["/reverie/similarity_filter"] == 0
    assert got["/reverie/panic/freeze"] == 0


def received(listener: socket.socket) -> bytes | None:
    listener.setblocking(False)
    try:
        return listener.recv(4096)
    except BlockingIOError:
        return None


# ---- MIDI


@pytest.fixture
def midi() -> FakeMidi:
    return FakeMidi("Midi Through:Midi Through Port-0 14:0", PORT)


def with_midi(system: MidiSystem) -> ControlMakers:
    return ControlMakers(lambda: system)


def test_a_fader_moved_changes_the_frame_that_comes_out(midi: FakeMidi) -> None:
    with show(with_midi(midi), midi=("all",)) as (rig, engine):
        engine.controls.set_mappings([fader("strength")])
        rig.clock.run_until(lambda: PORT in midi.listeners)
        midi.move(PORT, "control_change", control=7, value=127)
        wait_for_picture(rig, 1.0)
        report = engine.report()
        assert report["controls"] == [{"name": NAME, "is_open": True, "message": ""}]
    assert f"midi {NAME} cc 7 channel 1" in str(report["parameters"])
    assert midi.listeners == {}
    assert midi.num_closed == 1


def test_a_control_is_learned_by_moving_it_and_then_plays(midi: FakeMidi) -> None:
    with show(with_midi(midi), midi=("nano",)) as (rig, engine):
        rig.clock.run_until(lambda: PORT in midi.listeners)
        engine.controls.learn("strength")
        for value in (100, 99, 98, 97):
            midi.move(PORT, "control_change", control=3, value=value)
        rig.clock.run_until(lambda: engine.controls.learning is None)
        assert engine.params.strength == UNGATED.strength
        (learned,) = engine.controls.mappings
        assert isinstance(learned, ControlMapping)
        midi.move(PORT, "control_change", control=3, value=80)
        midi.move(PORT, "control_change", control=3, value=127)
        wait_for_picture(rig, 1.0)


def test_what_is_learned_is_an_edit_of_the_set_that_is_undone_and_done_again(
    midi: FakeMidi,
) -> None:
    with show(with_midi(midi), midi=("nano",)) as (rig, engine):
        rig.clock.run_until(lambda: PORT in midi.listeners)
        engine.controls.learn("panic/freeze")
        midi.move(PORT, "note_on", note=36, velocity=90)
        rig.clock.run_until(lambda: engine.performance.live_set.mappings != ())
        learned = engine.controls.mappings
        assert engine.performance.live_set.mappings == tuple(dump_mappings(learned))
        engine.performance.undo()
        assert engine.controls.mappings == ()
        engine.performance.redo()
        assert engine.controls.mappings == learned


def test_where_a_control_and_its_target_stand_is_told(midi: FakeMidi) -> None:
    with show(with_midi(midi), midi=("nano",)) as (rig, engine):
        knob = fader("strength", curve="fine_start")
        engine.controls.set_mappings([knob])
        assert engine.controls.place_of(knob) == ControlPlace(None, UNGATED.strength)
        rig.clock.run_until(lambda: PORT in midi.listeners)
        midi.move(PORT, "control_change", control=7, value=127)
        wait_for_picture(rig, 1.0)
        assert engine.controls.place_of(knob) == ControlPlace(1.0, 1.0)


def test_a_button_is_learned_once_it_is_let_go_and_learning_can_be_given_up(
    midi: FakeMidi,
) -> None:
    with show(with_midi(midi), midi=("nano",)) as (rig, engine):
        rig.clock.run_until(lambda: PORT in midi.listeners)
        engine.controls.learn("pad/2")
        engine.controls.cancel_learning()
        engine.controls.learn("panic/freeze")
        midi.move(PORT, "control_change", control=41, value=127)
        rig.clock.run_until(lambda: engine.controls.mappings != ())
        assert engine.controls.mappings[0].target == "panic/freeze"
        with pytest.raises(ValueError, match="only OSC can set it"):
            engine.controls.learn("prompt")


def test_a_controller_that_goes_away_comes_back_with_its_mappings_and_lights(
    midi: FakeMidi,
) -> None:
    again = PORT.replace("24:0", "28:0")
    with show(with_midi(midi), midi=("nanokontrol",)) as (rig, engine):
        engine.controls.set_mappings([fader("strength")])
        rig.clock.run_until(lambda: PORT in midi.outputs and bool(midi.outputs[PORT].sent))
        assert midi.outputs[PORT].sent == [[0xB0, 7, round(UNGATED.strength * 127)]]
        midi.outputs[PORT].is_gone = True
        midi.unplug(PORT)
        rig.clock.run_until(lambda: rig.has_happened(EventKind.CONTROL_AWAY))
        assert not any(state.is_open for state in engine.controls.states)
        midi.plug(again)
        rig.clock.run_until(lambda: again in midi.outputs and bool(midi.outputs[again].sent))
        midi.move(again, "control_change", control=7, value=0)
        wait_for_picture(rig, 0.0)


def test_a_light_follows_whoever_moves_the_parameter(midi: FakeMidi) -> None:
    with show(with_midi(midi), midi=("all",)) as (rig, engine):
        engine.controls.set_mappings([fader("strength")])
        rig.clock.run_until(lambda: PORT in midi.outputs)
        engine.update({"strength": 1.0})
        rig.clock.run_until(lambda: midi.outputs[PORT].sent[-1:] == [[0xB0, 7, 127]])


def test_a_machine_without_midi_says_so_once_and_plays_on() -> None:
    asked: list[int] = []

    def no_midi() -> MidiSystem:
        asked.append(1)
        raise ControlError("MIDI isn't available here (no sequencer); OSC plays without it.")

    with show(ControlMakers(no_midi), midi=("all",)) as (rig, engine):
        rig.clock.run_until(lambda: rig.has_happened(EventKind.CONTROL_FAILED))
        wait_for_picture(rig, UNGATED.strength)
        start_s = rig.clock.now_s()
        rig.clock.run_until(lambda: rig.clock.now_s() > start_s + 3.0, step_s=0.1)
        assert len(rig.messages(EventKind.CONTROL_FAILED)) == len(asked) == 1
        assert engine.controls.states[0].message.startswith("MIDI isn't available here")


def test_a_controller_in_use_is_named_and_tried_again(midi: FakeMidi) -> None:
    midi.refused.add(PORT)
    with show(with_midi(midi), midi=("all",)) as (rig, engine):
        rig.clock.run_until(lambda: bool(engine.controls.states))
        (state,) = engine.controls.states
        assert (state.name, state.is_open) == (NAME, False)
        assert "can't be opened" in state.message
        midi.refused.clear()
        rig.clock.run_until(lambda: engine.controls.states[0].is_open)


# ---- keys


def test_a_key_plays_its_target() -> None:
    mapping = ControlMapping.model_validate(
        {"control": {"kind": "key", "key": "Shift+1"}, "target": "strength", "mode": "toggle"}
    )
    with show() as (rig, engine):
        engine.controls.set_mappings([mapping])
        engine.controls.press_key("Shift+1", is_down=True)
        engine.controls.press_key("Shift+1", is_down=False)
        wait_for_picture(rig, 0.0)
        assert "key Shift+1" in str(engine.report()["parameters"])


def test_ten_thousand_random_messages_stop_nothing_and_the_next_good_one_counts(
    midi: FakeMidi,
) -> None:
    rng = random.Random(7)
    mappings = [fader("strength"), fader("guidance_scale", mode="toggle")]
    addresses = [f"/reverie/{address}" for address in TARGETS if not address.startswith("panic")]
    with (
        show(with_midi(midi), midi=("all",), osc=OscSpec(0)) as (rig, engine),
        osc_client(rig, engine) as client,
    ):
        engine.controls.set_mappings(mappings)
        rig.clock.run_until(lambda: PORT in midi.listeners)
        for _turn in range(100):
            for _ in range(50):
                value = rng.choice([rng.uniform(-9, 9), rng.getrandbits(31), "x", math.inf, True])
                client.send_message(rng.choice([*addresses, "/reverie/*", "/x/y"]), value)
                values = {"control": rng.randrange(128), "value": rng.randrange(128)}
                midi.move(PORT, "control_change", **values)
            client._sock.sendto(rng.randbytes(rng.randrange(1, 60)), ("127.0.0.1", client._port))
            rig.clock.advance(1 / 240)
        client.send_message("/reverie/sampler", "lcm")
        rig.clock.run_until(lambda: engine.params.sampler == "lcm")
        assert rig.messages(EventKind.STAGE_FAILED) == []
        assert engine.stats().longest_gap_ms < 2 * 1e3 / 60  # not one tick was missed
