"""Bytes between the host's memory and a card's, while both go on with other work.

On a card each direction has a stream of its own and two *lanes*, so that one picture travels while
the tick of another is computed. What computes sees one fixed piece of memory: a copy within the
card, which takes microseconds, stands between it and the lanes. Thread: render.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.renderer import MOST_TICKS_IN_FLIGHT

NUM_LANES = MOST_TICKS_IN_FLIGHT

Bytes = NDArray[np.uint8]
Arrival = Callable[[], Bytes]  # waits until they are there; they are the caller's own


class Uplink(Protocol):
    """To the device. landed: uint8, the same memory every time."""

    landed: Tensor

    def send(self, array: Bytes) -> None:
        """Copied; what is queued on the present stream after this call finds it in `landed`."""
        ...


class Downlink(Protocol):
    """From the device."""

    def fetch(self, source: Tensor) -> Arrival:
        """What is in `source` now, though later ticks write there. At most NUM_LANES at a time."""
        ...


def uplink_to(device: torch.device, shape: tuple[int, ...]) -> Uplink:
    """For bytes of one shape."""
    return CardUplink(device, shape) if device.type == "cuda" else PlainUplink(device, shape)


def downlink_from(device: torch.device, shape: tuple[int, ...]) -> Downlink:
    """For bytes of one shape."""
    return CardDownlink(device, shape) if device.type == "cuda" else PlainDownlink()


class PlainUplink:
    """At once; on a processor into the very memory that is computed with."""

    def __init__(self, device: torch.device, shape: tuple[int, ...]) -> None:
        self._host = torch.empty(shape, dtype=torch.uint8)
        self._array = self._host.numpy()
        is_host = device.type == "cpu"
        self.landed = self._host if is_host else torch.empty_like(self._host, device=device)

    def send(self, array: Bytes) -> None:
        np.copyto(self._array, array)
        if self.landed is not self._host:
            self.landed.copy_(self._host)


class PlainDownlink:
    """At once."""

    def fetch(self, source: Tensor) -> Arrival:
        array = source.cpu().numpy().copy()
        return lambda: array


class _Lane:
    """Pinned memory of the host and as much on the card.

    copied: between the two; left: the card's is free again, or full.
    """

    def __init__(self, device: torch.device, shape: tuple[int, ...]) -> None:
        self.host = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        self.array: Bytes = self.host.numpy()
        self.on_card = torch.empty_like(self.host, device=device)
        self.copied, self.left = torch.cuda.Event(), torch.cuda.Event()


class _Link:
    """One direction's lanes, in turn, and its stream."""

    def __init__(self, device: torch.device, shape: tuple[int, ...]) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)
        self._lanes = cycle([_Lane(device, shape) for _ in range(NUM_LANES)])

    def _copy(self, lane: _Lane, source: Tensor, target: Tensor) -> None:
        """Between host and card, once what was asked of the card's side before is done."""
        self._stream.wait_event(lane.left)
        with torch.cuda.stream(self._stream):
            target.copy_(source, non_blocking=True)
            lane.copied.record(self._stream)


class CardUplink(_Link):
    """Through pinned memory."""

    def __init__(self, device: torch.device, shape: tuple[int, ...]) -> None:
        super().__init__(device, shape)
        self.landed = torch.empty(shape, dtype=torch.uint8, device=device)

    def send(self, array: Bytes) -> None:
        lane, present = next(self._lanes), torch.cuda.current_stream(self._device)
        lane.copied.synchronize()
        np.copyto(lane.array, array)
        self._copy(lane, lane.host, lane.on_card)
        present.wait_event(lane.copied)
        self.landed.copy_(lane.on_card, non_blocking=True)
        lane.left.record(present)


class CardDownlink(_Link):
    """Through pinned memory."""

    def fetch(self, source: Tensor) -> Arrival:
        lane, present = next(self._lanes), torch.cuda.current_stream(self._device)
        lane.on_card.copy_(source, non_blocking=True)
        lane.left.record(present)
        self._copy(lane, lane.on_card, lane.host)
        return partial(_arrived, lane)


def _arrived(lane: _Lane) -> Bytes:
    lane.copied.synchronize()
    return lane.array.copy()
