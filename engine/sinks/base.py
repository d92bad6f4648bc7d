"""What every sink promises."""

from __future__ import annotations

from typing import Protocol

from engine.frame import Frame


class Sink(Protocol):
    """Where finished pictures go. Owned by one sink thread.

    rate_hz: how often the presenter writes; None takes the show's output rate.
    wants_standby: whether somebody watches from the first moment on, so that a calm dark picture
    is written until there is a real one.
    """

    @property
    def name(self) -> str:
        """For people, e.g. "recording show.mp4"."""
        ...

    @property
    def rate_hz(self) -> float | None: ...

    @property
    def wants_standby(self) -> bool: ...

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        """Prepare for frames of that size and nominal rate.

        Errors: SinkError that says why and how to fix it on this system.
        """
        ...

    def write(self, frame: Frame, presented_s: float) -> None:
        """Take one picture; `presented_s` is the presenter's tick on the engine clock.

        Errors: SinkError; the sink is then closed and only this sink stops.
        """
        ...

    def close(self) -> None:
        """Finish the file or free the device; harmless when not open."""
        ...
