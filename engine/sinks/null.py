"""The null sink: counts what it is given, for measurements and tests."""

from __future__ import annotations

from engine.frame import Frame


class NullSink:
    """Takes every frame and keeps none. Owned by one sink thread; the counts may be read anywhere.

    written: frames taken. unique: changes of the captured picture among them.
    """

    rate_hz: float | None = None
    wants_standby = False

    def __init__(self) -> None:
        self.written = 0
        self.unique = 0
        self.is_open = False
        self._last_sequence: int | None = None

    @property
    def name(self) -> str:
        return "nowhere (counting frames)"

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        self.is_open = True

    def write(self, frame: Frame, presented_s: float) -> None:
        self.written += 1
        self.unique += frame.sequence != self._last_sequence
        self._last_sequence = frame.sequence

    def close(self) -> None:
        self.is_open = False
