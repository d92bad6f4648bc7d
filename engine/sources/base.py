"""What every source of pictures promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.frame import Image


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What was negotiated; shown in the source panel.

    name: for people, e.g. "webcam Logitech C920". description: e.g. "1280×720 MJPG".
    fps_hz: 0 when unknown.
    """

    name: str
    width_px: int
    height_px: int
    fps_hz: float
    description: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One picture as it left the source.

    image: RGB uint8 HWC, never written again by the source.
    time_s: its place on the source's own timeline, from 0 at open and rising over loops; None
    for a live device, whose pictures count from the moment they arrive.
    """

    image: Image
    time_s: float | None


class Source(Protocol):
    """A camera, clip, picture, screen or generator. Owned by the capture thread alone.

    Sources never sleep to keep time: the capture thread paces those with a timeline, and an
    offline run simply does not wait. Only a live device's `read` blocks, and never above 1 s.
    """

    @property
    def is_live(self) -> bool:
        """True when pictures arrive by themselves (camera, screen)."""
        ...

    def open(self) -> SourceInfo:
        """Errors: SourceError with the fix in a sentence."""
        ...

    def read(self) -> Capture | None:
        """The next picture; None at the end of a source that doesn't loop.

        Errors: SourceError when the device is gone or the file is damaged.
        """
        ...

    def close(self) -> None:
        """Free the device; harmless when not open."""
        ...
