"""How finished pictures leave the render thread: newest wins, or one for every input."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Protocol

from engine.frame import Frame
from engine.mailbox import Mailbox
from engine.show import TimedFrame


class Delivery(Protocol):
    """Thread: the render thread."""

    def expect(self, entered: TimedFrame) -> None:
        """An input was taken from the feed, whether or not the model will see it."""
        ...

    def deliver(self, finished: Frame) -> None:
        """A picture is finished."""
        ...

    def let_through(self, entered: TimedFrame) -> None:
        """There is no model yet: the input is the picture."""
        ...

    def complete(self) -> None:
        """No more inputs and no more pictures will come."""
        ...


class NewestDelivery:
    """Real time: the presenter gets a picture when there is one and re-sends it meanwhile."""

    def __init__(self, painted: Mailbox[TimedFrame]) -> None:
        self._painted = painted

    def expect(self, entered: TimedFrame) -> None:
        pass

    def deliver(self, finished: Frame) -> None:
        self._painted.put(TimedFrame(finished, finished.captured_s))

    def let_through(self, entered: TimedFrame) -> None:
        self._painted.put(replace(entered, is_painted=False))

    def complete(self) -> None:
        pass


class AlignedDelivery:
    """Offline: one picture out for every input, each painted one at its own input's time.

    Inputs that never come out (skipped, dropped as invalid) show the picture before them; those
    before the first picture show the first.
    """

    def __init__(self, painted: Mailbox[TimedFrame]) -> None:
        self._painted = painted
        self._waiting: deque[TimedFrame] = deque()
        self._held: Frame | None = None

    def expect(self, entered: TimedFrame) -> None:
        self._waiting.append(entered)

    def deliver(self, finished: Frame) -> None:
        while self._waiting and self._waiting[0].frame.sequence < finished.sequence:
            self._send(self._held or finished)
        self._held = finished
        if self._waiting and self._waiting[0].frame.sequence == finished.sequence:
            self._send(finished)

    def let_through(self, entered: TimedFrame) -> None:
        self.deliver(entered.frame)

    def complete(self) -> None:
        while self._waiting:
            self._send(self._held or self._waiting[0].frame)

    def _send(self, frame: Frame) -> None:
        place = self._waiting.popleft()
        self._painted.put_when_empty(TimedFrame(frame, place.time_s, fade=place.fade))
