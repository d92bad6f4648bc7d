"""An instrument that only writes down what is played, and a MIDI system in the test's hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mido import Message as MidoMessage

from engine.control.action import Pending
from engine.control.mapping import Mapping, MidiControl
from engine.control.messages import Argument, Message, MessageKind
from engine.control.midi_ports import OnMidi
from engine.control.table import MappingTable
from engine.control.target import TARGETS, PanicName
from engine.errors import ControlError
from engine.parameter import Value


class Instrument:
    """`Playable` and `Readable`."""

    def __init__(self, **places: float | str) -> None:
        self.places: dict[str, float | str] = dict(places)
        self.played: list[tuple[str, Value]] = []

    def set_parameter(self, name: str, value: Value, by: str = "") -> None:
        TARGETS[name].parameter.parse(value)  # type: ignore[union-attr]
        self.places[name] = TARGETS[name].number_of(value)
        self.played.append((name, value))

    def nudge_parameter(self, name: str, steps: float, by: str = "") -> None:
        raise AssertionError("mappings set values")

    def trigger_pad(self, number: int) -> None:
        self.played.append((f"pad/{number}", True))

    def set_panic(self, name: PanicName, is_on: bool) -> None:
        self.places[f"panic/{name}"] = float(is_on)
        self.played.append((f"panic/{name}", is_on))

    def set_crossfade(self, position: float) -> None:
        self.places["crossfade"] = position
        self.played.append(("crossfade", position))

    def tap(self) -> None:
        self.played.append(("tempo/tap", True))

    def nudge_beat(self, beats: float) -> None:
        self.played.append(("tempo/nudge", beats))

    def set_macro(self, number: int, value: float) -> None:
        self.places[f"macro/{number}"] = value
        self.played.append((f"macro/{number}", value))

    def go_cue(self, step: int) -> None:
        self.played.append(("cue", step))

    def read(self, address: str) -> float | str | None:
        return self.places.get(address)


def perform(
    mappings: list[Mapping] | MappingTable, instrument: Instrument, *messages: Message
) -> None:
    """Each message is a tick of its own. A table given keeps what it remembers."""
    table = mappings if isinstance(mappings, MappingTable) else MappingTable()
    if isinstance(mappings, list):
        table.use(mappings)
    pending = Pending(instrument)
    for message in messages:
        table.answer(message, pending)
        for action in pending.take():
            action.perform(instrument)


def cc(value: int, number: int = 7, device: str = "box", channel: int = 1) -> Message:
    return Message(MessageKind.CC, device, number, (value,), channel)


def note(velocity: int, number: int = 36) -> Message:
    return Message(MessageKind.NOTE, "box", number, (velocity,), 1)


def osc(address: str, *values: Argument) -> Message:
    return Message(MessageKind.OSC, "127.0.0.1:1", address, values)


def fader(target: str, **traits: object) -> Mapping:
    control = MidiControl.model_validate({"kind": "cc", "number": 7})
    return Mapping.model_validate({"control": control, "target": target, **traits})


class FakeOutput:
    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.is_gone = False

    def send_bytes(self, content: list[int]) -> None:
        if self.is_gone:
            raise OSError("the cable is out")
        self.sent.append(content)

    def close(self) -> None:
        pass


class FakeInput:
    def __init__(self, on_close: Callable[[], object]) -> None:
        self._on_close = on_close

    def close(self) -> None:
        self._on_close()


class FakeMidi:
    """Controllers that are plugged in and moved by the test. Both directions have one name."""

    def __init__(self, *ports: str) -> None:
        self.ports = list(ports)
        self.listeners: dict[str, OnMidi] = {}
        self.outputs: dict[str, FakeOutput] = {}
        self.refused: set[str] = set()
        self.num_closed = 0

    def plug(self, port: str) -> None:
        self.ports = [*self.ports, port]

    def unplug(self, port: str) -> None:
        self.ports = [p for p in self.ports if p != port]

    def move(self, port: str, kind: str, **values: int) -> None:
        self.listeners[port](MidoMessage(kind, **values))

    def input_names(self) -> list[str]:
        return list(self.ports)

    def output_names(self) -> list[str]:
        return list(self.ports)

    def open_input(self, port: str, on_midi: OnMidi) -> FakeInput:
        if port in self.refused:
            raise ControlError(f"The controller {port} can't be opened (busy); end what uses it.")
        self.listeners[port] = on_midi
        return FakeInput(partial(self.listeners.pop, port, None))

    def open_output(self, port: str) -> FakeOutput:
        self.outputs[port] = FakeOutput()
        return self.outputs[port]

    def close(self) -> None:
        self.num_closed += 1
