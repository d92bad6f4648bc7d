"""The pictures on the pads: shipped ones, then what each look really gave when it last played."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot
from PySide6.QtGui import QPixmap

from app.engine_link import EngineLink
from app.engine_names import Bank, Frame, OutputState, Preset
from app.looks import Looks
from app.picture_view import image_over, scaled_pixels
from app.theme import ASSETS

WIDTH_PX = 160
INTERVAL_MS = 500  # calm, and too rare to cost anything
JPEG_QUALITY = 85
SETTLING_MS = 600  # frames of the look before are still on their way


class Thumbnails(QObject):
    """Signal: thumbnail_changed(index, QPixmap). Thread: main."""

    thumbnail_changed = Signal(int, QPixmap)

    def __init__(self, link: EngineLink, looks: Looks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._looks = looks
        self._seen: dict[str, QPixmap] = {}  # by the look's name
        self._since_change = QElapsedTimer()
        self._since_last = QElapsedTimer()
        self._since_last.start()
        looks.playing_changed.connect(self._on_look_changed)
        link.params_changed.connect(self._on_look_changed)
        link.output_arrived.connect(self._on_output_arrived)

    @Slot(object)
    def show_all(self, presets: list[Preset]) -> None:
        """The newest picture of every look on the pads."""
        for index, preset in enumerate(presets):
            path = thumbnail_path(self._looks.bank, preset.name)
            if preset.name not in self._seen and path.exists():
                self._seen[preset.name] = QPixmap(str(path))
            if preset.name in self._seen:
                self.thumbnail_changed.emit(index, self._seen[preset.name])

    def save_all(self) -> None:
        """Make the present pictures the shipped ones."""
        for name, thumbnail in self._seen.items():
            path = thumbnail_path(self._looks.bank, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            thumbnail.save(str(path), "JPG", JPEG_QUALITY)

    @Slot(object)
    def _on_look_changed(self, _look: object) -> None:
        self._since_change.start()

    @Slot(object)
    def _on_output_arrived(self, frame: Frame) -> None:
        if self._looks.playing >= 0 and self._is_worth_keeping():
            self._since_last.start()
            thumbnail = make_thumbnail(frame)
            self._seen[self._looks.playing_name] = thumbnail
            self.thumbnail_changed.emit(self._looks.playing, thumbnail)

    def _is_worth_keeping(self) -> bool:
        """Painted by this look, and shown as it is."""
        return (
            self._since_last.elapsed() > INTERVAL_MS
            and self._since_change.elapsed() > SETTLING_MS
            and self._link.info is not None
            and self._link.output is OutputState.LIVE
        )


def thumbnail_path(bank: Bank, name: str) -> Path:
    """Where the shipped picture of a look lies."""
    slug = "-".join(name.lower().split())
    return ASSETS / "thumbnails" / bank.value / f"{slug}.jpg"


def make_thumbnail(frame: Frame) -> QPixmap:
    """A small copy, which doesn't hold the frame."""
    height_px = round(WIDTH_PX * frame.height_px / frame.width_px)
    return QPixmap.fromImage(image_over(scaled_pixels(frame.image, WIDTH_PX, height_px)))
