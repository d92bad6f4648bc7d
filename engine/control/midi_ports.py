"""The system's MIDI ports, through mido and RtMidi: the outermost edge, replaced in tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from engine.errors import ControlError

OnMidi = Callable[[Any], None]
# What systems add to a controller's name and change when it is plugged in again.
ALSA_PLACE = re.compile(r" \d+:\d+$")
JACK_PLACE = re.compile(r"\s*\[\d+\]\s*\((capture|playback)\)")
WINDOWS_PLACE = re.compile(r" \d+$")
LOOPS = ("Midi Through", "RtMidi", "Reverie")  # ports that lead back to ourselves


class MidiInput(Protocol):
    """An open port that calls back; closing it ends the calls."""

    def close(self) -> None: ...


class MidiOutput(Protocol):
    """An open port that takes the bytes of one message. Errors: OSError when it is gone."""

    def send_bytes(self, content: list[int]) -> None: ...

    def close(self) -> None: ...


class MidiSystem(Protocol):
    """What a system has of MIDI. Errors: ControlError, at creation and from every method."""

    def input_names(self) -> list[str]: ...

    def output_names(self) -> list[str]: ...

    def open_input(self, port: str, on_midi: OnMidi) -> MidiInput:
        """on_midi: gets mido messages, on a thread of the driver's; must return at once."""
        ...

    def open_output(self, port: str) -> MidiOutput: ...

    def close(self) -> None: ...


class RtMidiSystem:
    """MIDI through RtMidi. api: "" takes the system's own, "UNIX_JACK" say another."""

    def __init__(self, api: str = "") -> None:
        try:
            self._rtmidi: Any = import_module("rtmidi")
            self._mido: Any = import_module("mido")
            number = getattr(self._rtmidi, f"API_{api}") if api else self._rtmidi.API_UNSPECIFIED
            self._backend = self._mido.Backend("mido.backends.rtmidi" + (f"/{api}" if api else ""))
            # Kept for listing: to make one anew takes a second on some systems.
            self._in = self._rtmidi.MidiIn(number, "Reverie list")
            self._out = self._rtmidi.MidiOut(number, "Reverie list")
        except ImportError as error:
            raise ControlError(
                f"MIDI isn't available here ({error}); install python-rtmidi, or play by OSC."
            ) from error
        except OSError as error:  # RtMidi's SystemError is one: there is no sequencer
            raise ControlError(_no_midi(error)) from error

    def input_names(self) -> list[str]:
        return self._listed(self._in)

    def output_names(self) -> list[str]:
        return self._listed(self._out)

    def open_input(self, port: str, on_midi: OnMidi) -> MidiInput:
        try:
            return self._backend.open_input(port, callback=on_midi)
        except (OSError, self._rtmidi.RtMidiError) as error:
            raise ControlError(_in_use(port, error)) from error

    def open_output(self, port: str) -> MidiOutput:
        try:
            return _Output(self._backend.open_output(port), self._mido, self._rtmidi)
        except (OSError, self._rtmidi.RtMidiError) as error:
            raise ControlError(_in_use(port, error)) from error

    def close(self) -> None:
        self._in.delete()
        self._out.delete()

    def _listed(self, lister: Any) -> list[str]:
        try:
            return list(lister.get_ports())
        except (OSError, self._rtmidi.RtMidiError) as error:
            raise ControlError(_no_midi(error)) from error


class _Output:
    def __init__(self, port: Any, mido: Any, rtmidi: Any) -> None:
        self._port = port
        self._mido = mido
        self._rtmidi = rtmidi

    def send_bytes(self, content: list[int]) -> None:
        try:
            self._port.send(self._mido.Message.from_bytes(content))
        except self._rtmidi.RtMidiError as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        self._port.close()


def stable_names(ports: list[str]) -> dict[str, str]:
    """The ports by names that stay when a controller is plugged in again, in the system's order.

    Two controllers of one kind become "name" and "name (2)". Ports that loop back are left out.
    """
    named: dict[str, str] = {}
    for port in ports:
        if any(port.startswith(loop) for loop in LOOPS):
            continue
        base = stable_name(port)
        name, count = base, 1
        while name in named:
            count += 1
            name = f"{base} ({count})"
        named[name] = port
    return named


def stable_name(port: str) -> str:
    """Without the place that the system gave it."""
    name = JACK_PLACE.sub("", port)
    if ALSA_PLACE.search(name):
        return ALSA_PLACE.sub("", name)
    return WINDOWS_PLACE.sub("", name)


def _no_midi(error: Exception) -> str:
    return (
        f"MIDI isn't available here ({str(error).rstrip('.')}); on Linux, load the module snd-seq. "
        "OSC and the keyboard play without it."
    )


def _in_use(port: str, error: Exception) -> str:
    reason = str(error).rstrip(".")
    return f"The controller {stable_name(port)} can't be opened ({reason}); end what else uses it."
