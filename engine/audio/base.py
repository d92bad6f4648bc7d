"""What can be listened to: the contract of devices and files."""

from __future__ import annotations

from typing import Protocol

from engine.audio.spectrum import Samples


class AudioInput(Protocol):
    """Gives mono samples at 48 kHz. Owned by one thread.

    Errors: AudioError from `open` and `read`, with one sentence; `close` raises nothing.
    """

    def open(self, now_s: float) -> str:
        """Begin. Returns: the name for people."""
        ...

    def read(self, now_s: float) -> Samples:
        """All samples that have become due since the last call; never waits. (n,), -1…1."""
        ...

    def close(self) -> None:
        """Let go; harmless when it isn't open."""
        ...
