"""What Linux video nodes (/dev/videoN) say about themselves, and one repair. Any thread.

Elsewhere there are no such nodes and every function finds nothing.
"""

from __future__ import annotations

import errno
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEVICES = Path("/dev")
SYSFS = Path("/sys/class/video4linux")
LOOPBACK_DRIVER = "v4l2 loopback"
# linux/videodev2.h: struct v4l2_capability, its flags, and the requests.
CAPABILITY = struct.Struct("=16s32s32sIII12x")
VIDEO_CAPTURE, VIDEO_OUTPUT, VIDEO_CAPTURE_MPLANE, HAS_DEVICE_CAPS = 0x1, 0x2, 0x1000, 0x80000000
VIDIOC_QUERYCAP, VIDIOC_STREAMON, VIDIOC_REQBUFS = 0x80685600, 0x40045612, 0xC0145608
BUFFER_TYPE_OUTPUT = struct.pack("=i", 2)
REQUEST_BUFFERS = struct.Struct("=IIII4x")  # count, type 1 = capture, memory 1 = mapped


@dataclass(frozen=True, slots=True)
class Capability:
    """What a node can do now, and where it is. driver: as the kernel calls it.

    bus: the port that the device is plugged into, e.g. "usb-0000:00:14.0-2".
    """

    driver: str
    can_capture: bool
    can_output: bool
    bus: str = ""


def parse_capability(raw: bytes) -> Capability:
    """Read a struct v4l2_capability."""
    driver, _card, bus, _version, capabilities, device_caps = CAPABILITY.unpack(raw)
    flags = device_caps if capabilities & HAS_DEVICE_CAPS else capabilities
    return Capability(
        driver=_text(driver),
        can_capture=bool(flags & (VIDEO_CAPTURE | VIDEO_CAPTURE_MPLANE)),
        can_output=bool(flags & VIDEO_OUTPUT),
        bus=_text(bus),
    )


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "replace")


def node_indices(sysfs: Path = SYSFS) -> list[int]:
    """The N of every /dev/videoN, rising."""
    return sorted(int(node.name.removeprefix("video")) for node in sysfs.glob("video*"))


def query_capability(index: int) -> Capability | None:
    """Ask /dev/video`index` what it can do; None when it can't be opened or asked."""
    if sys.platform != "linux":
        return None
    import fcntl

    buffer = bytearray(CAPABILITY.size)
    try:
        with (DEVICES / f"video{index}").open("rb", buffering=0) as node:
            fcntl.ioctl(node, VIDIOC_QUERYCAP, buffer)
    except OSError:
        return None
    return parse_capability(bytes(buffer))


def is_streaming(index: int) -> bool:
    """Whether somebody takes pictures from /dev/video`index` now, so that nobody else can."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        with (DEVICES / f"video{index}").open("r+b", buffering=0) as node:
            # Closing the file gives the buffer back.
            fcntl.ioctl(node, VIDIOC_REQBUFS, bytearray(REQUEST_BUFFERS.pack(1, 1, 1, 0)))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def lost_loopbacks(
    indices: list[int], query: Callable[[int], Capability | None] = query_capability
) -> list[int]:
    """Loopback nodes that nobody can write to or read from any more.

    v4l2loopback before 0.13 with exclusive_caps=1 takes a program that writes without streaming
    for a reader, and forgets at its end that the node is an output (its issue 470).
    """
    found = {index: query(index) for index in indices}
    return [
        index
        for index, node in found.items()
        if node and node.driver == LOOPBACK_DRIVER and not (node.can_capture or node.can_output)
    ]


def revive_loopback(index: int) -> None:
    """Make a lost loopback node an output again: whoever asked to stream counts as its writer."""
    if sys.platform != "linux":
        return
    import fcntl

    try:
        with (DEVICES / f"video{index}").open("r+b", buffering=0) as node:
            fcntl.ioctl(node, VIDIOC_STREAMON, BUFFER_TYPE_OUTPUT)
    except OSError:
        return  # refused for want of buffers, yet counted; a node that isn't ours stays as it is
