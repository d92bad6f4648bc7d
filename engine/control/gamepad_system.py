"""The gamepads of the system, through SDL: the outermost edge.

SDL has one joystick system and one queue of events in a process: one `SdlGamepads` at a time, and
all of it on one thread. It opens no window and takes no signals.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from engine.control.gamepad_names import AXES, BUTTONS, place_of_axis
from engine.errors import ControlError

MAX_EVENTS = 1000  # in one turn; more wait for the next
Wants = Callable[[str], bool]
HINTS = {
    b"SDL_NO_SIGNAL_HANDLERS": b"1",
    b"SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS": b"1",  # there is no window of SDL's to have the focus
    b"SDL_JOYSTICK_THREAD": b"1",  # Windows: nobody handles window messages on this thread
    b"SDL_GAMECONTROLLER_USE_BUTTON_LABELS": b"0",  # `a` is a place, not what is printed there
}


@dataclass(frozen=True, slots=True)
class PadCame:
    """A pad that can be played. pad: SDL's number of this connection. hardware: of the device."""

    pad: int
    name: str
    hardware: str = ""


@dataclass(frozen=True, slots=True)
class PadRefused:
    """A pad that is there but can't be opened. reason: for people."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class PadGone:
    """It was unplugged."""

    pad: int


@dataclass(frozen=True, slots=True)
class PadMoved:
    """name: SDL's of the control. place: -1 to 1, 0 at rest."""

    pad: int
    name: str
    place: float


PadEvent = PadCame | PadRefused | PadGone | PadMoved


class GamepadSystem(Protocol):
    """What a system has of gamepads. Errors: ControlError, at creation and from every method."""

    def events(self) -> list[PadEvent]:
        """What has happened since the last time; at first, what is there. Returns at once."""
        ...

    def close(self) -> None: ...


class SdlGamepads:
    """Thread: one, for everything. wants: tells by its name whether a pad is to be opened."""

    def __init__(self, wants: Wants) -> None:
        try:
            import_module("sdl2dll")  # first: it says where the library is
            self._sdl: Any = import_module("sdl2")
        except ImportError as error:
            raise ControlError(
                f"Gamepads aren't available here ({error}); install pysdl2 and pysdl2-dll, or "
                "play by keys, MIDI or OSC."
            ) from error
        self._wants = wants
        self._open: dict[int, Any] = {}
        sdl = self._sdl
        for hint, value in HINTS.items():
            sdl.SDL_SetHint(hint, value)
        if sdl.SDL_InitSubSystem(sdl.SDL_INIT_GAMECONTROLLER) != 0:
            raise ControlError(
                f"Gamepads aren't available here ({self._reason()}); keys, MIDI and OSC play "
                "without them."
            )
        self._readers: dict[int, Callable[[Any], PadEvent | None]] = {
            sdl.SDL_CONTROLLERDEVICEADDED: lambda event: self._take(event.cdevice.which),
            sdl.SDL_CONTROLLERDEVICEREMOVED: lambda event: self._drop(event.cdevice.which),
            sdl.SDL_CONTROLLERAXISMOTION: lambda event: read_axis(event.caxis),
            sdl.SDL_CONTROLLERBUTTONDOWN: lambda event: read_button(event.cbutton),
            sdl.SDL_CONTROLLERBUTTONUP: lambda event: read_button(event.cbutton),
        }

    def events(self) -> list[PadEvent]:
        event = self._sdl.SDL_Event()
        read: list[PadEvent | None] = []
        while len(read) < MAX_EVENTS and self._sdl.SDL_PollEvent(ctypes.byref(event)):
            reader = self._readers.get(event.type)
            read.append(None if reader is None else reader(event))
        return [happened for happened in read if happened is not None]

    def close(self) -> None:
        for controller in self._open.values():
            self._sdl.SDL_GameControllerClose(controller)
        self._open.clear()
        self._sdl.SDL_QuitSubSystem(self._sdl.SDL_INIT_GAMECONTROLLER)

    def _take(self, index: int) -> PadEvent | None:
        """index: SDL's of the device, good for this moment."""
        sdl = self._sdl
        name = _text(sdl.SDL_GameControllerNameForIndex(index)) or "gamepad"
        if not self._wants(name):
            return None
        controller = sdl.SDL_GameControllerOpen(index)
        if not controller:
            return PadRefused(name, self._reason())
        joystick = sdl.SDL_GameControllerGetJoystick(controller)
        pad = int(sdl.SDL_JoystickInstanceID(joystick))
        if pad in self._open:  # announced twice: opening counts how often
            sdl.SDL_GameControllerClose(controller)
            return None
        self._open[pad] = controller
        kind = bytes(sdl.SDL_JoystickGetGUID(joystick).data).hex()
        return PadCame(pad, name, f"{kind} {_text(sdl.SDL_JoystickGetSerial(joystick))}")

    def _drop(self, pad: int) -> PadEvent | None:
        controller = self._open.pop(pad, None)
        if controller is None:
            return None
        self._sdl.SDL_GameControllerClose(controller)
        return PadGone(pad)

    def _reason(self) -> str:
        return _text(self._sdl.SDL_GetError()).rstrip(".") or "SDL gives no reason"


def list_gamepads(make_system: Callable[[Wants], GamepadSystem] = SdlGamepads) -> list[str]:
    """The names of the gamepads that are there. Errors: ControlError."""
    system = make_system(lambda name: True)
    try:
        return [came.name for came in system.events() if isinstance(came, PadCame)]
    finally:
        system.close()


def read_axis(event: Any) -> PadMoved | None:
    """None for an axis of a later SDL."""
    number = int(event.axis)
    if not 0 <= number < len(AXES):
        return None
    return PadMoved(event.which, AXES[number], place_of_axis(AXES[number], event.value))


def read_button(event: Any) -> PadMoved | None:
    """None for a button of a later SDL."""
    number = int(event.button)
    if not 0 <= number < len(BUTTONS):
        return None
    return PadMoved(event.which, BUTTONS[number], float(event.state != 0))


def _text(raw: bytes | None) -> str:
    """A device says its own name, whatever that is."""
    return (raw or b"").decode("utf-8", "replace").strip()[:100]
