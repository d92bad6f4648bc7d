"""The controllers that are plugged in: opened by name, noticed when they come and go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.clock import Clock
from engine.control.messages import Message
from engine.control.midi_message import ClockMessage, read_midi
from engine.control.midi_ports import (
    MidiInput,
    MidiOutput,
    MidiSystem,
    RtMidiSystem,
    stable_names,
)
from engine.control.state import ControlState
from engine.control.wanted import absent_states, is_wanted
from engine.errors import ControlError
from engine.events import EventKind, EventLog, Severity
from engine.latest import Latest

STAGE = "control"


@dataclass(frozen=True, slots=True)
class MidiOutlets:
    """Where messages go. Both are called on the driver's threads and return at once."""

    hear: Callable[[Message], None]
    on_clock: Callable[[ClockMessage], None]


@dataclass(frozen=True, slots=True)
class _Device:
    port: str
    input: MidiInput
    output: MidiOutput | None


def list_controllers(make_system: Callable[[], MidiSystem] = RtMidiSystem) -> list[str]:
    """The stable names of the controllers that are there. Errors: ControlError without MIDI."""
    system = make_system()
    try:
        return list(stable_names(system.input_names()))
    finally:
        system.close()


class MidiDevices:
    """Thread: control, for every method; `states` may be read by any."""

    def __init__(
        self,
        make_system: Callable[[], MidiSystem],
        outlets: MidiOutlets,
        clock: Clock,
        events: EventLog,
    ) -> None:
        self._make_system = make_system
        self._outlets = outlets
        self._clock = clock
        self._events = events
        self._system: MidiSystem | None = None
        self._wanted: tuple[str, ...] = ()
        self._fault = ""  # why there is no MIDI at all
        self._open: dict[str, _Device] = {}
        self._faults: dict[str, str] = {}  # of ports that are there but can't be opened
        self.states: Latest[tuple[ControlState, ...]] = Latest(())

    def look(self, wanted: tuple[str, ...]) -> bool:
        """Open what is wanted and there, close what is gone. Returns: whether a device came."""
        if wanted != self._wanted:
            self._wanted, self._fault, self._faults = wanted, "", {}
        if not wanted:
            self.close()
            return False
        has_new = False
        if not self._fault:
            try:
                has_new = self._match()
            except ControlError as error:
                self._lose_midi(str(error))
        self.states.value = self._states()
        return has_new

    def send(self, device: str, content: list[int]) -> None:
        """To one device, or to all for an empty name. One that is away gets nothing."""
        for name, opened in self._open.items():
            if opened.output is None or device not in ("", name):
                continue
            try:
                opened.output.send_bytes(content)
            except OSError as error:
                self._faults[name] = f"The lights of {name} can't be set ({error})."

    @property
    def has_outputs(self) -> bool:
        return any(device.output is not None for device in self._open.values())

    def close(self) -> None:
        """Let go of everything; harmless when nothing is open."""
        for name in list(self._open):
            self._drop(name)
        if self._system is not None:
            self._system.close()
            self._system = None
        self.states.value = ()

    # ---- coming and going

    def _match(self) -> bool:
        if self._system is None:
            self._system = self._make_system()
        system = self._system
        ports = stable_names(system.input_names())
        inputs = {name: port for name, port in ports.items() if is_wanted(name, self._wanted)}
        outputs = stable_names(system.output_names())
        for name in [n for n, device in self._open.items() if inputs.get(n) != device.port]:
            self._drop(name)
            message = f"The controller {name} is away; its mappings are kept until it is back."
            self._events.add(EventKind.CONTROL_AWAY, Severity.WARNING, message, _place(name))
        new = [name for name in inputs if name not in self._open]
        came = [self._adopt(system, name, inputs[name], outputs.get(name)) for name in new]
        return any(came)

    def _adopt(self, system: MidiSystem, name: str, port: str, output_port: str | None) -> bool:
        try:
            opened = system.open_input(port, partial(self._hear, name))
        except ControlError as error:
            self._tell_once(name, str(error))
            return False
        self._faults.pop(name, None)
        self._open[name] = _Device(port, opened, self._output(system, name, output_port))
        message = f"The controller {name} can be played."
        self._events.add(EventKind.CONTROL_OPENED, Severity.INFO, message, _place(name))
        return True

    def _output(self, system: MidiSystem, name: str, port: str | None) -> MidiOutput | None:
        """A controller whose lights can't be reached can still be played."""
        try:
            return None if port is None else system.open_output(port)
        except ControlError as error:
            self._tell_once(name, str(error))
            return None

    def _tell_once(self, name: str, message: str) -> None:
        if self._faults.get(name) != message:
            self._events.add(EventKind.CONTROL_AWAY, Severity.WARNING, message, _place(name))
        self._faults[name] = message

    def _drop(self, name: str) -> None:
        device = self._open.pop(name)
        device.input.close()
        if device.output is not None:
            device.output.close()

    def _lose_midi(self, message: str) -> None:
        self.close()
        self._fault = message
        self._events.add(EventKind.CONTROL_FAILED, Severity.ERROR, message, STAGE)

    def _states(self) -> tuple[ControlState, ...]:
        if self._fault:
            return (ControlState("MIDI", False, self._fault),)
        names = sorted({*self._open, *self._faults})
        return (
            *(ControlState(n, n in self._open, self._faults.get(n, "")) for n in names),
            *absent_states("controller", self._wanted, names),
        )

    def _hear(self, device: str, raw: Any) -> None:
        """On the driver's thread."""
        message = read_midi(raw, device, self._clock.now_s())
        if isinstance(message, ClockMessage):
            self._outlets.on_clock(message)
        elif message is not None:
            self._outlets.hear(message)


def _place(name: str) -> str:
    """The controller that an event is about."""
    return f"{STAGE}: {name}"
