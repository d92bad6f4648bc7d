"""Sources that paint their pictures themselves: the demo scene and the test pattern."""

from __future__ import annotations

from collections.abc import Callable

from engine.frame import Image
from engine.sources.base import Capture, SourceInfo

FPS_HZ = 30.0
# (number, time in s, width, height) to RGB uint8 (height, width, 3)
Painter = Callable[[int, float, int, int], Image]


class GeneratedSource:
    """Painted pictures on their own 30 fps timeline, without end. Owned by one thread.

    name: for people; what: what is special about the pictures, for the source panel.
    """

    is_live = False

    def __init__(
        self, name: str, what: str, paint: Painter, width_px: int = 1280, height_px: int = 720
    ) -> None:
        self._name, self._what = name, what
        self._paint = paint
        self._size = (width_px, height_px)
        self._index = 0

    def open(self) -> SourceInfo:
        self._index = 0
        width_px, height_px = self._size
        description = f"{width_px}×{height_px}, {self._what}"
        return SourceInfo(self._name, width_px, height_px, FPS_HZ, description)

    def read(self) -> Capture:
        index, time_s = self._index, self._index / FPS_HZ
        self._index += 1
        return Capture(self._paint(index, time_s, *self._size), time_s)

    def close(self) -> None:
        """Nothing to free."""
