"""What goes back to the controls: lights and motors of MIDI controllers, values by OSC."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable

from pythonosc.udp_client import SimpleUDPClient

from engine.control.mapping import ControlKind, Mapping, MidiControl
from engine.control.midi_message import light_bytes
from engine.control.osc_address import ROOT
from engine.control.shape import light_of
from engine.control.target import TARGETS, Readable, Target
from engine.parameter import Value

log = logging.getLogger(__name__)

HELD_S = 0.3  # a fader in the hand isn't pushed against
Light = tuple[str, list[int]]


class Lights:
    """Remembers what the controllers show; tells what has to change. Thread: control."""

    def __init__(self) -> None:
        self._shown: dict[MidiControl, float] = {}

    def forget(self) -> None:
        """A device came: it shows nothing yet."""
        self._shown.clear()

    def changes(
        self,
        mappings: Iterable[Mapping],
        readable: Readable,
        heard_s: Callable[[Mapping], float],
        now_s: float,
    ) -> list[Light]:
        """Device and bytes of every light that is not as it should be."""
        lights: list[Light] = []
        for mapping in mappings:
            control = mapping.control
            if not isinstance(control, MidiControl) or not mapping.has_feedback:
                continue
            standing = readable.read(mapping.target)
            if standing is None or isinstance(standing, str):
                continue
            level = light_of(mapping, standing)
            is_held = _is_fader(control) and now_s - heard_s(mapping) < HELD_S
            if self._shown.get(control) != level and not is_held:
                self._shown[control] = level
                lights += [(control.device, content) for content in light_bytes(control, level)]
        return lights


def _is_fader(control: MidiControl) -> bool:
    return control.kind in (ControlKind.CC, ControlKind.CC14, ControlKind.PITCH_BEND)


class OscFeedback:
    """Sends values that have changed, each to its own address. Thread: control."""

    def __init__(self, endpoint: tuple[str, int]) -> None:
        """endpoint: a numeric host and a port. Nothing is looked up, nothing blocks."""
        host = "127.0.0.1" if endpoint[0] == "localhost" else endpoint[0]
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._client = SimpleUDPClient(host, endpoint[1], family=family)
        self._sent: dict[str, Value] = {}

    def send(self, readable: Readable) -> None:
        for target in TARGETS.values():
            value = shown_value(target, readable.read(target.address))
            if value is None or self._sent.get(target.address) == value:
                continue
            try:
                self._client.send_message(f"{ROOT}{target.address}", value)
            except OSError as error:  # a full buffer, a network that is away: the next time
                log.debug("OSC feedback of %s was not sent: %s", target.address, error)
                return
            self._sent[target.address] = value

    def close(self) -> None:
        self._client.close()


def shown_value(target: Target, standing: float | str | None) -> Value | None:
    """As OSC takes it: numbers in their own unit, switches as 1 or 0, choices as words."""
    if standing is None or isinstance(standing, str):
        return standing
    value = target.value_of(standing)
    return int(value) if isinstance(value, bool) or target.is_switch else value
