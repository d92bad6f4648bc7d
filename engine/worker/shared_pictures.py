"""The memory that both processes see: a picture in, a picture out, and the child's heartbeat.

It has no name in any file system. On Linux it is an anonymous memory file, on other POSIX systems a
file deleted before its first use, and the child inherits the descriptor; on Windows a section of
the paging file under a random name, which vanishes with the last handle. So there is nothing to
clean up after `kill -9`, and no resource tracker to reason with.
"""

from __future__ import annotations

import mmap
import os
import secrets
import sys
import tempfile

import numpy as np
from numpy.typing import NDArray

from engine.frame import Image

HEADER_BYTES = 4096  # one page, so that the pictures begin on one


class SharedPictures:
    """inbox, outbox: RGB uint8 (H, W, 3). One side writes each, between command and reply.

    The mapping lives as long as any array made from it; there is nothing to close.
    """

    def __init__(self, mapping: mmap.mmap, width_px: int, height_px: int) -> None:
        self._beats: NDArray[np.uint64] = np.frombuffer(mapping, np.uint64, 1)
        self.inbox = _picture(mapping, width_px, height_px, 0)
        self.outbox = _picture(mapping, width_px, height_px, 1)

    @property
    def num_beats(self) -> int:
        """How often the child's heart has beaten; an aligned word, so never half written."""
        return int(self._beats[0])

    def beat(self) -> None:
        """Thread: the child's heart alone."""
        self._beats[0] += np.uint64(1)


class Segment:
    """A new piece of memory; enter it until the child has inherited it. Thread: the preparing one.

    address: what the child is told; descriptors: what it must inherit.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        num_bytes = _num_bytes(width_px, height_px)
        self.descriptors: tuple[int, ...] = ()
        if sys.platform == "win32":
            self.address = f"reverie-{secrets.token_hex(16)}"
            mapping = mmap.mmap(-1, num_bytes, tagname=self.address)
        else:
            descriptor = _nameless_file()
            self.descriptors = (descriptor,)
            self.address = str(descriptor)
            os.ftruncate(descriptor, num_bytes)
            mapping = mmap.mmap(descriptor, num_bytes)
        self.pictures = SharedPictures(mapping, width_px, height_px)

    def __enter__(self) -> Segment:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the descriptor; the mapping stays."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = ()


def attach(address: str, width_px: int, height_px: int) -> SharedPictures:
    """The memory as the child inherited it."""
    num_bytes = _num_bytes(width_px, height_px)
    if sys.platform == "win32":
        return SharedPictures(mmap.mmap(-1, num_bytes, tagname=address), width_px, height_px)
    descriptor = int(address)
    pictures = SharedPictures(mmap.mmap(descriptor, num_bytes), width_px, height_px)
    os.close(descriptor)
    return pictures


def _nameless_file() -> int:
    if sys.platform == "linux":
        return os.memfd_create("reverie-pictures")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _picture(mapping: mmap.mmap, width_px: int, height_px: int, index: int) -> Image:
    offset = HEADER_BYTES + index * _stride(width_px, height_px)
    flat = np.frombuffer(mapping, np.uint8, width_px * height_px * 3, offset)
    return flat.reshape(height_px, width_px, 3)


def _stride(width_px: int, height_px: int) -> int:
    return -(-width_px * height_px * 3 // HEADER_BYTES) * HEADER_BYTES


def _num_bytes(width_px: int, height_px: int) -> int:
    return HEADER_BYTES + 2 * _stride(width_px, height_px)
