"""A card's streams, played on a processor: what was asked for happens later, in any allowed order.

Stands in for `torch` where copies are made. Streams keep their own order and wait for events, as
CUDA's do; between two of the host's calls any of them may get on by any number of steps.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

Step = Callable[[], bool]  # does it, or says that it must wait


class Stream:
    """What was asked of it, oldest first."""

    def __init__(self) -> None:
        self.steps: deque[Step] = deque()

    def wait_event(self, event: Event) -> None:
        """For what the event was recorded for last; one never recorded holds nothing up."""
        wanted = event.num_recorded
        self.steps.append(lambda: event.num_reached >= wanted)


class Event:
    """A place in a stream."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self.num_recorded = self.num_reached = 0

    def record(self, stream: Stream) -> None:
        self.num_recorded += 1
        number = self.num_recorded

        def reach() -> bool:
            self.num_reached = number
            return True

        stream.steps.append(reach)

    def synchronize(self) -> None:
        wanted = self.num_recorded
        self._card.run_until(lambda: self.num_reached >= wanted)


class Memory:
    """A tensor whose copies are made when its stream comes to them."""

    def __init__(self, card: Card, shape: tuple[int, ...]) -> None:
        self._card = card
        self.array = np.zeros(shape, dtype=np.uint8)

    def numpy(self) -> np.ndarray:
        return self.array

    def copy_(self, source: Memory, non_blocking: bool = False) -> Memory:
        assert non_blocking
        self._card.ask(lambda: np.copyto(self.array, source.array))
        return self


class Card:
    """present: the stream that computes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.present = Stream()
        self._asked = self.present
        self._streams = [self.present]

    def ask(self, work: Callable[[], None]) -> None:
        """Queue on the stream of the moment; others may get on before the host's next call."""

        def step() -> bool:
            work()
            return True

        self._asked.steps.append(step)
        for _ in range(self._random.randint(0, 3)):
            self._step()

    def run_until(self, is_reached: Callable[[], bool]) -> None:
        while not is_reached():
            assert self._step(), "every stream waits for another one"

    def as_torch(self) -> SimpleNamespace:
        """What stands in for the module."""
        cuda = SimpleNamespace(
            Stream=self._new_stream,
            Event=lambda: Event(self),
            current_stream=lambda device: self._asked,
            stream=self._on,
        )
        return SimpleNamespace(
            uint8=np.uint8,
            cuda=cuda,
            empty=lambda shape, **_: Memory(self, shape),
            empty_like=lambda other, **_: Memory(self, other.array.shape),
        )

    def _new_stream(self, device: object) -> Stream:
        self._streams.append(Stream())
        return self._streams[-1]

    @contextmanager
    def _on(self, stream: Stream) -> Generator[None]:
        before, self._asked = self._asked, stream
        yield
        self._asked = before

    def _step(self) -> bool:
        """One step of some stream that needn't wait. Returns: whether there was one."""
        for stream in self._random.sample(self._streams, len(self._streams)):
            if stream.steps and stream.steps[0]():
                stream.steps.popleft()
                return True
        return False
