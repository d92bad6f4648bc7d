"""A screen, or a part of one, as a live source."""

from __future__ import annotations

import platform
import threading
from dataclasses import dataclass
from typing import Any, cast

import cv2
import mss
import numpy as np

from engine.clock import Clock, MonotonicClock
from engine.errors import SourceError
from engine.frame import Image
from engine.sources.base import Capture, SourceInfo

FPS_HZ = 30.0
LOOK_AGAIN_S = 1.0  # how often it is checked whether the screen has another size
ADVICE = {
    "Linux": "start Reverie from a desktop session (X11; under Wayland choose an Xorg session)",
    "Darwin": "allow this app under System Settings, Privacy & Security, Screen Recording",
}


@dataclass(frozen=True, slots=True)
class ScreenPlace:
    """index: 1 is the first screen, 0 all of them together, None the primary one.

    region: x, y, width, height in pixels from the screen's upper left corner; None for all of it.
    """

    index: int | None = None
    region: tuple[int, int, int, int] | None = None


def parse_screen(text: str) -> ScreenPlace | None:
    """Read what follows "screen:" ("", "N", "N:x,y,w,h"); None where it makes no sense."""
    index_text, _, region_text = text.partition(":")
    if not text:
        return ScreenPlace()
    if not index_text.isdecimal():
        return None
    if not region_text:
        return ScreenPlace(int(index_text))
    parts = region_text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        return None
    x, y, width, height = (int(part) for part in parts)
    return ScreenPlace(int(index_text), (x, y, width, height)) if width and height else None


class ScreenSource:
    """Grabs 30 pictures a second; `read` waits for the next one. Owned by one thread.

    A screen that gets another size or place is followed.
    """

    is_live = True

    def __init__(self, place: ScreenPlace | None = None, clock: Clock | None = None) -> None:
        self._place = place or ScreenPlace()
        self._clock = clock or MonotonicClock()
        self._grabber: Any = None  # untyped in parts
        self._box: dict[str, int] = {}
        self._closed = threading.Event()
        self._next_s = 0.0
        self._look_s = 0.0

    def open(self) -> SourceInfo:
        self.close()
        try:
            self._grabber = mss.MSS()
            self._box = _box(self._place, self._grabber)
            height_px, width_px = self._grab().shape[:2]
        except (mss.ScreenShotError, OSError) as error:
            self.close()
            advice = ADVICE.get(platform.system(), "start Reverie from a desktop session")
            raise SourceError(f"The screen can't be captured: {advice}.") from error
        self._closed.clear()
        self._next_s = self._clock.now_s()
        self._look_s = self._next_s + LOOK_AGAIN_S
        which = "primary" if self._place.index is None else str(self._place.index)
        place = f"at {self._box['left']}, {self._box['top']}"
        return SourceInfo(
            f"screen {which}", width_px, height_px, FPS_HZ, f"{width_px}×{height_px} {place}"
        )

    def read(self) -> Capture:
        if self._grabber is None:
            raise SourceError("The screen is not open; start the source again.")
        self._clock.wait_until(self._next_s, self._closed)
        now_s = self._clock.now_s()
        is_late = now_s - self._next_s > 1 / FPS_HZ  # then don't hurry to catch up
        self._next_s = (now_s if is_late else self._next_s) + 1 / FPS_HZ
        try:
            if now_s >= self._look_s:
                self._look_again(now_s)
            return Capture(self._grab(), None)
        except (mss.ScreenShotError, OSError) as error:
            raise SourceError(
                "The screen can't be captured any more: it is locked, off or has another size; "
                "unlock it or choose another source."
            ) from error

    def _look_again(self, now_s: float) -> None:
        """Only a new grabber knows of changes: each keeps the screens that it found first."""
        self._look_s = now_s + LOOK_AGAIN_S
        grabber = mss.MSS()
        box = _box_or_close(self._place, grabber)
        if box == self._box:
            grabber.close()
            return
        old, self._grabber, self._box = self._grabber, grabber, box
        old.close()

    def close(self) -> None:
        self._closed.set()
        grabber, self._grabber = self._grabber, None
        if grabber is not None:
            grabber.close()

    def _grab(self) -> Image:
        shot = self._grabber.grab(self._box)
        pixels = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        return cast("Image", cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB))


def _box_or_close(place: ScreenPlace, grabber: Any) -> dict[str, int]:
    try:
        return _box(place, grabber)
    except SourceError:
        grabber.close()
        raise


def _box(place: ScreenPlace, grabber: Any) -> dict[str, int]:
    """The wanted part of the desktop. Errors: SourceError when it isn't there."""
    screens: list[dict[str, int]] = grabber.monitors
    if place.index is not None and place.index >= len(screens):
        raise SourceError(
            f"There is no screen {place.index}; choose 1 to {len(screens) - 1}, or 0 for all."
        )
    screen = grabber.primary_monitor if place.index is None else screens[place.index]
    if place.region is None:
        return {key: screen[key] for key in ("left", "top", "width", "height")}
    x, y, width, height = place.region
    width, height = min(width, screen["width"] - x), min(height, screen["height"] - y)
    if width < 1 or height < 1:
        raise SourceError(
            f"That region lies outside the screen of {screen['width']}×{screen['height']}; move it "
            "inside."
        )
    return {"left": screen["left"] + x, "top": screen["top"] + y, "width": width, "height": height}
