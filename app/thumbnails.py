"""The pictures on the pads: shipped ones, then what each look really gave when it last played."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot
from PySide6.QtGui import QPixmap

from app.engine_link import EngineLink
from app.engine_names import Bank, Frame, OutputState, Pad, Preset
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
        self._seen: dict[str, QPixmap] = {}  # by what the look does, wherever its pad goes
        self._since_change = QElapsedTimer()
        self._since_last = QElapsedTimer()
        self._since_last.start()
        looks.playing_changed.connect(self._on_look_changed)
        link.params_changed.connect(self._on_look_changed)
        link.output_arrived.connect(self._on_output_arrived)

    @Slot(object)
    def show_all(self, pads: Sequence[Pad | None]) -> None:
        """The newest picture of every look on the pads."""
        for index, pad in enumerate(pads):
            thumbnail = self._picture_of(pad.look) if pad else None
            if thumbnail is not None:
                self.thumbnail_changed.emit(index, thumbnail)

    def save_all(self) -> None:
        """Make the present pictures the shipped ones."""
        for pad in self._looks.pads:
            if pad is not None and _key(pad.look) in self._seen:
                path = thumbnail_path(self._bank, pad.look.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                self._seen[_key(pad.look)].save(str(path), "JPG", JPEG_QUALITY)

    @property
    def _bank(self) -> Bank:
        return Bank.of(self._link.show.render.model)

    def _picture_of(self, look: Preset) -> QPixmap | None:
        key, path = _key(look), thumbnail_path(self._bank, look.name)
        if key not in self._seen and path.exists():
            self._seen[key] = QPixmap(str(path))
        return self._seen.get(key)

    @Slot(object)
    def _on_look_changed(self, _look: object) -> None:
        self._since_change.start()

    @Slot(object)
    def _on_output_arrived(self, frame: Frame) -> None:
        pad = self._looks.playing_pad
        if pad is not None and self._is_worth_keeping():
            self._since_last.start()
            thumbnail = make_thumbnail(frame)
            self._seen[_key(pad.look)] = thumbnail
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


def _key(look: Preset) -> str:
    return look.model_dump_json(include={"prompt", "negative", "params", "modulation"})
