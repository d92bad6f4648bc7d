"""The looks on the pads: which there are, which one plays, and what each looked like last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot
from PySide6.QtGui import QPixmap

from app.engine_link import (
    Bank,
    EngineLink,
    Frame,
    OutputState,
    Preset,
    PresetError,
    RenderInfo,
    StreamParams,
    find_presets,
    load_preset,
)
from app.picture_view import image_over, scaled_pixels
from app.theme import ASSETS

THUMBNAIL_PX = 144
THUMBNAIL_INTERVAL_MS = 500  # calm, and too rare to cost anything
SETTLING_MS = 400  # frames of the look before are still on their way


class Looks(QObject):
    """The present bank. Thread: main.

    Signals: presets_changed(list of Preset); playing_changed(index, -1 for none);
    changed_from_preset(bool): a slider has moved since; thumbnail_changed(index, QPixmap);
    noticed(sentence) for what is wrong in a file.
    """

    presets_changed = Signal(object)
    playing_changed = Signal(int)
    thumbnail_changed = Signal(int, QPixmap)
    changed_from_preset = Signal(bool)
    noticed = Signal(str)

    def __init__(self, link: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.presets: list[Preset] = []
        self.playing = -1
        self._link = link
        self._bank: Bank | None = None
        self._model_name = ""
        self._since_change = QElapsedTimer()
        self._since_thumbnail = QElapsedTimer()
        link.info_changed.connect(self._on_info_changed)
        link.params_changed.connect(self._on_params_changed)
        link.output_arrived.connect(self._on_output_arrived)

    def open_bank(self, bank: Bank) -> None:
        """Read the looks of a bank; what can't be read is named and left out."""
        if bank is self._bank:
            return
        self._bank = bank
        self.presets = []
        for path in find_presets(bank):
            self._read(path)
        self.presets_changed.emit(self.presets)
        self._show_stored_thumbnails()
        self._set_playing(-1)

    @Slot(int)
    def fire(self, index: int) -> None:
        """Play a look: all of it on the next frame."""
        if index < len(self.presets):
            preset = self.presets[index]
            self._link.update(changes_of(preset))
            self._set_playing(index)

    def mark(self, name: str) -> bool:
        """Show the look of that name as playing, without playing it; False when there is none."""
        names = [preset.name for preset in self.presets]
        if name in names:
            self._set_playing(names.index(name))
        return name in names

    def step(self, places: int) -> None:
        """Play the look so many places on, around the end."""
        if self.presets:
            self.fire((max(self.playing, -1 if places > 0 else 0) + places) % len(self.presets))

    @property
    def playing_name(self) -> str:
        return self.presets[self.playing].name if self.playing >= 0 else ""

    @Slot()
    def reset(self) -> None:
        """The look as it was stored; without one, the model's own values."""
        info = self._link.info
        defaults = StreamParams().as_dict() | (info.defaults if info else {})
        preset = self.presets[self.playing] if self.playing >= 0 else None
        words = {"prompt": self._link.params.prompt}
        self._link.update(defaults | words | (changes_of(preset) if preset else {}))
        self._link.set_output(OutputState.LIVE)

    def _read(self, path: Path) -> None:
        try:
            preset, problems = load_preset(path)
        except PresetError as error:
            self.noticed.emit(str(error))
            return
        self.presets.append(preset)
        for problem in problems:
            self.noticed.emit(problem)

    def _show_stored_thumbnails(self) -> None:
        for index, preset in enumerate(self.presets):
            path = thumbnail_path(self._bank, preset.name)
            if path.exists():
                self.thumbnail_changed.emit(index, QPixmap(str(path)))

    def _set_playing(self, index: int) -> None:
        self._since_change.start()
        self.playing = index
        self.playing_changed.emit(index)

    @Slot(object)
    def _on_info_changed(self, info: RenderInfo) -> None:
        """Another model: its own bank, and its own values instead of the last one's."""
        if self._model_name not in ("", info.model_name):
            self._link.update(info.defaults)
        self._model_name = info.model_name
        self.open_bank(Bank.of(self._link.show.render.model))

    @Slot(object)
    def _on_params_changed(self, params: StreamParams) -> None:
        """Other words are another look; a moved slider is still the same one."""
        self._since_change.start()
        if self.playing < 0:
            return
        preset = self.presets[self.playing]
        if params.prompt != preset.prompt:
            self._set_playing(-1)
        else:
            self.changed_from_preset.emit(preset.apply(params) != params)

    @Slot(object)
    def _on_output_arrived(self, frame: Frame) -> None:
        is_settled = self._since_change.isValid() and self._since_change.elapsed() > SETTLING_MS
        is_due = (
            not self._since_thumbnail.isValid()
            or self._since_thumbnail.elapsed() > THUMBNAIL_INTERVAL_MS
        )
        is_live = self._link.output is OutputState.LIVE
        is_painted = self._link.info is not None
        if self.playing >= 0 and is_painted and is_settled and is_due and is_live:
            self._since_thumbnail.start()
            self.thumbnail_changed.emit(self.playing, _thumbnail(frame))


def changes_of(preset: Preset) -> dict[str, object]:
    """The parameters that a look sets; it leaves the others as they are."""
    return {"prompt": preset.prompt, "negative_prompt": preset.negative, **preset.params}


def thumbnail_path(bank: Bank | None, name: str) -> Path:
    """Where the shipped picture of a look lies."""
    slug = "-".join(name.lower().split())
    return ASSETS / "thumbnails" / str(bank) / f"{slug}.jpg"


def _thumbnail(frame: Frame) -> QPixmap:
    height_px = round(THUMBNAIL_PX * frame.height_px / frame.width_px)
    # fromImage copies, so that the pad doesn't hold the frame
    return QPixmap.fromImage(image_over(scaled_pixels(frame.image, THUMBNAIL_PX, height_px)))
