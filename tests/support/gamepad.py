"""A gamepad of SDL's own making, moved by the test; everything behind its cable is real."""

from __future__ import annotations

import ctypes
from collections import deque
from typing import Any

import pytest

from engine.control.gamepad_system import PadEvent

NAME = "Reverie Test Pad"
STICK_END = 32767


class VirtualPad:
    """Plugged in from birth; `with` unplugs it. Thread: one.

    Its axes and buttons are SDL's standard ones, in SDL's order.
    """

    def __init__(self, name: str = NAME, product: int = 1) -> None:
        pytest.importorskip("sdl2dll")
        self._sdl: Any = pytest.importorskip("sdl2")
        self._sdl.SDL_SetHint(b"SDL_NO_SIGNAL_HANDLERS", b"1")
        self._check(self._sdl.SDL_InitSubSystem(self._sdl.SDL_INIT_JOYSTICK))
        self._name = name.encode()
        self._product = product
        self._joystick: Any = None
        self.plug()

    def plug(self) -> None:
        sdl = self._sdl
        about = sdl.SDL_VirtualJoystickDesc(
            version=sdl.SDL_VIRTUAL_JOYSTICK_DESC_VERSION,
            type=sdl.SDL_JOYSTICK_TYPE_GAMECONTROLLER,
            naxes=sdl.SDL_CONTROLLER_AXIS_MAX,
            nbuttons=sdl.SDL_CONTROLLER_BUTTON_MAX,
            vendor_id=0x1209,
            product_id=self._product,
            name=self._name,
        )
        index = sdl.SDL_JoystickAttachVirtualEx(ctypes.byref(about))
        self._check(min(0, index))
        self._joystick = sdl.SDL_JoystickOpen(index)
        for trigger in (sdl.SDL_CONTROLLER_AXIS_TRIGGERLEFT, sdl.SDL_CONTROLLER_AXIS_TRIGGERRIGHT):
            self.axis(trigger, -32768)

    def unplug(self) -> None:
        sdl = self._sdl
        mine = sdl.SDL_JoystickInstanceID(self._joystick)
        sdl.SDL_JoystickClose(self._joystick)
        indices = range(sdl.SDL_NumJoysticks())
        (index,) = [i for i in indices if sdl.SDL_JoystickGetDeviceInstanceID(i) == mine]
        self._check(sdl.SDL_JoystickDetachVirtual(index))
        self._joystick = None

    def axis(self, number: int, raw: int) -> None:
        """raw: -32768 to 32767; positive is to the right and down."""
        self._check(self._sdl.SDL_JoystickSetVirtualAxis(self._joystick, number, raw))

    def button(self, number: int, is_down: bool) -> None:
        self._check(self._sdl.SDL_JoystickSetVirtualButton(self._joystick, number, is_down))

    def forge(self, which: int, number: int, value: int) -> None:
        """An event of an axis that no pad has sent."""
        event = self._sdl.SDL_Event()
        event.type = event.caxis.type = self._sdl.SDL_CONTROLLERAXISMOTION
        event.caxis.which, event.caxis.axis, event.caxis.value = which, number & 0xFF, value
        self._check(self._sdl.SDL_PushEvent(ctypes.byref(event)))

    def __enter__(self) -> VirtualPad:
        return self

    def __exit__(self, *_: object) -> None:
        if self._joystick is not None:
            self.unplug()
        self._sdl.SDL_QuitSubSystem(self._sdl.SDL_INIT_JOYSTICK)

    def _check(self, result: int) -> None:
        assert result >= 0, self._sdl.SDL_GetError()


class FakeGamepads:
    """`GamepadSystem` that tells what the test says."""

    def __init__(self, *there: PadEvent) -> None:
        self._waiting: deque[PadEvent] = deque(there)
        self.num_closed = 0

    def happen(self, event: PadEvent) -> None:
        self._waiting.append(event)

    def events(self) -> list[PadEvent]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def close(self) -> None:
        self.num_closed += 1
