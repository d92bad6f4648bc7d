"""What every source of pictures promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.enums import StrEnum
from engine.frame import Image


class SourceCondition(StrEnum):
    """How the source of a show is doing; the window tells them apart by word and shape."""

    OPENING = "opening"
    PLAYING = "playing"
    FROZEN = "frozen"  # it is there, but gives the same picture again and again, or none
    LOST = "lost"  # it is gone or can't be opened; tried again by itself
    ENDED = "ended"  # the show is over


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
    """A camera, clip, picture, screen or generator. Owned by one thread, open to close.

    Sources never sleep to keep time: the capture thread paces those with a timeline, and an
    offline run simply does not wait. Every method may block as long as a device likes to: the
    thread is the source's own, and nobody waits for it. A source that failed is opened again.
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
