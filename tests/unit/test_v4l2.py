from __future__ import annotations

import errno
import struct
import sys

import pytest

from engine import v4l2
from engine.v4l2 import (
    CAPABILITY,
    LOOPBACK_DRIVER,
    Capability,
    is_streaming,
    lost_loopbacks,
    parse_capability,
    query_capability,
    revive_loopback,
)

WHOLE = 0x80000000 | 0x1 | 0x00800000  # of the whole device; its nodes have flags of their own


def raw(driver: bytes, capabilities: int, device_caps: int) -> bytes:
    return struct.pack(
        "=16s32s32sIII12x", driver, b"card", b"usb-1", 0x60000, capabilities, device_caps
    )


def test_a_capability_is_as_large_as_the_kernel_makes_it():
    assert CAPABILITY.size == 104


@pytest.mark.parametrize(
    ("data", "capability"),
    [
        (raw(b"uvcvideo", WHOLE, 0x04200001), Capability("uvcvideo", True, False, "usb-1")),
        (raw(b"uvcvideo", WHOLE, 0x04A00000), Capability("uvcvideo", False, False, "usb-1")),
        (raw(b"isp", WHOLE, 0x04201000), Capability("isp", True, False, "usb-1")),
        (raw(b"old", 0x1, 0), Capability("old", True, False, "usb-1")),
        (raw(b"v4l2 loopback", 0x85200002, 0x2), Capability(LOOPBACK_DRIVER, False, True, "usb-1")),
    ],
)
def test_the_flags_of_a_node_win_over_those_of_its_device(data, capability):
    assert parse_capability(data) == capability


@pytest.mark.skipif(sys.platform != "linux", reason="Linux video nodes")
@pytest.mark.parametrize(
    ("number", "is_taken"), [(errno.EBUSY, True), (errno.ENOTTY, False), (None, False)]
)
def test_a_camera_that_refuses_buffers_because_it_is_busy_is_taken(
    monkeypatch, tmp_path, number, is_taken
):
    import fcntl

    requests: list[tuple[int, bytes]] = []

    def ioctl(node: object, request: int, buffer: bytearray) -> int:
        requests.append((request, bytes(buffer)))
        if number is not None:
            raise OSError(number, "refused")
        return 0

    (tmp_path / "video3").write_bytes(b"")
    monkeypatch.setattr(v4l2, "DEVICES", tmp_path)
    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert is_streaming(3) is is_taken
    # linux/videodev2.h: _IOWR('V', 8, struct v4l2_requestbuffers), one buffer to capture, mapped
    assert requests == [(0xC0145608, struct.pack("=5I", 1, 1, 1, 0, 0))]


def test_only_loopbacks_that_are_neither_input_nor_output_count_as_lost():
    nodes = {
        0: Capability("uvcvideo", False, False),
        1: Capability(LOOPBACK_DRIVER, True, False),
        2: Capability(LOOPBACK_DRIVER, False, True),
        3: Capability(LOOPBACK_DRIVER, False, False),
        4: None,
    }
    assert lost_loopbacks(list(nodes), nodes.get) == [3]


def test_a_node_that_does_not_exist_is_neither_known_nor_revived():
    assert query_capability(6373) is None
    assert not is_streaming(6373)
    revive_loopback(6373)
