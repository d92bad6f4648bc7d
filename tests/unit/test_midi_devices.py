"""Controllers by their names, and the clock that some of them send."""

from __future__ import annotations

from engine.control.messages import Message, MessageKind
from engine.control.midi_devices import MidiDevices, MidiOutlets, list_controllers
from engine.control.midi_message import ClockKind, ClockMessage
from engine.events import EventLog
from tests.support.control import FakeMidi
from tests.support.manual_clock import JumpingClock


def test_notes_faders_and_clock_arrive_by_device_with_their_times() -> None:
    midi, clock = FakeMidi("box 24:0"), JumpingClock(5.0)
    heard: list[Message | ClockMessage] = []
    outlets = MidiOutlets(heard.append, heard.append)
    devices = MidiDevices(lambda: midi, outlets, clock, EventLog(clock))
    assert devices.look(("all",))
    for kind, values in (
        ("start", {}),
        ("clock", {}),
        ("note_on", {"note": 3, "velocity": 99, "channel": 1}),
        ("note_off", {"note": 3, "velocity": 99, "channel": 1}),
        ("pitchwheel", {"pitch": 8191}),
        ("program_change", {"program": 7}),
        ("sysex", {}),
        ("active_sensing", {}),
    ):
        midi.move("box 24:0", kind, **values)
    devices.close()
    assert heard == [
        ClockMessage(ClockKind.START, "box", 5.0),
        ClockMessage(ClockKind.TICK, "box", 5.0),
        Message(MessageKind.NOTE, "box", 3, (99,), 2, 5.0),
        Message(MessageKind.NOTE, "box", 3, (0,), 2, 5.0),
        Message(MessageKind.PITCH_BEND, "box", 0, (16383,), 1, 5.0),
        Message(MessageKind.PROGRAM, "box", 7, (), 1, 5.0),
    ]


def test_only_controllers_that_are_wanted_are_opened_and_all_are_listed() -> None:
    midi, clock = FakeMidi("left 1", "right 2"), JumpingClock()
    outlets = MidiOutlets(lambda message: None, lambda message: None)
    devices = MidiDevices(lambda: midi, outlets, clock, EventLog(clock))
    devices.look(("LEFT", "middle"))
    assert [(s.name, s.is_open) for s in devices.states.value] == [
        ("left", True),
        ("middle", False),
    ]
    devices.look(())
    assert (midi.listeners, devices.states.value) == ({}, ())
    assert list_controllers(lambda: midi) == ["left", "right"]
