"""A gamepad that Linux takes for real: an Xbox 360 pad made through /dev/uinput.

Source: the kernel's linux/uinput.h, linux/input-event-codes.h and drivers/input/joystick/xpad.c.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

DEVICE = Path("/dev/uinput")
SET_EVENT, SET_KEY, SET_AXIS = 0x40045564, 0x40045565, 0x40045567
SETUP, SETUP_AXIS, CREATE, DESTROY = 0x405C5503, 0x401C5504, 0x5501, 0x5502
EV_SYN, EV_KEY, EV_ABS = 0, 1, 3
BUS_USB, MICROSOFT, XBOX_360 = 3, 0x045E, 0x028E
KEYS = (0x130, 0x131, 0x133, 0x134, 0x136, 0x137, 0x13A, 0x13B, 0x13C, 0x13D, 0x13E)
BUTTON_A = 0x130
ABS_Y, ABS_Z = 1, 2
SPANS = {
    **dict.fromkeys((0, 1, 3, 4), (-32768, 32767)),  # sticks
    **dict.fromkeys((2, 5), (0, 255)),  # triggers
    **dict.fromkeys((0x10, 0x11), (-1, 1)),  # the directional pad
}


class UinputPad:
    """Plugged in from birth until `unplug`."""

    def __init__(self) -> None:
        self._file = os.open(DEVICE, os.O_WRONLY | os.O_NONBLOCK)
        for kind in (EV_KEY, EV_ABS):
            fcntl.ioctl(self._file, SET_EVENT, kind)
        for key in KEYS:
            fcntl.ioctl(self._file, SET_KEY, key)
        for axis, (low, high) in SPANS.items():
            fcntl.ioctl(self._file, SET_AXIS, axis)
            fcntl.ioctl(self._file, SETUP_AXIS, struct.pack("H2x6i", axis, 0, low, high, 0, 0, 0))
        name = b"Microsoft X-Box 360 pad"
        about = struct.pack("4H80sI", BUS_USB, MICROSOFT, XBOX_360, 0x0114, name, 0)
        fcntl.ioctl(self._file, SETUP, about)
        fcntl.ioctl(self._file, CREATE)

    def axis(self, code: int, value: int) -> None:
        self._send(EV_ABS, code, value)

    def button(self, code: int, is_down: bool) -> None:
        self._send(EV_KEY, code, int(is_down))

    def unplug(self) -> None:
        fcntl.ioctl(self._file, DESTROY)
        os.close(self._file)

    def _send(self, kind: int, code: int, value: int) -> None:
        for event in ((kind, code, value), (EV_SYN, 0, 0)):
            os.write(self._file, struct.pack("llHHi", 0, 0, *event))  # the kernel adds the time
