from __future__ import annotations

import struct

import pytest

from engine.v4l2 import (
    CAPABILITY,
    LOOPBACK_DRIVER,
    Capability,
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
        (raw(b"uvcvideo", WHOLE, 0x04200001), Capability("uvcvideo", True, False)),
        (raw(b"uvcvideo", WHOLE, 0x04A00000), Capability("uvcvideo", False, False)),
        (raw(b"isp", WHOLE, 0x04201000), Capability("isp", True, False)),
        (raw(b"old", 0x1, 0), Capability("old", True, False)),
        (raw(b"v4l2 loopback", 0x85200002, 0x2), Capability(LOOPBACK_DRIVER, False, True)),
    ],
)
def test_the_flags_of_a_node_win_over_those_of_its_device(data, capability):
    assert parse_capability(data) == capability


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
    revive_loopback(6373)
