"""The looks on the pads: which there are, which one plays, and keeping the present one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.engine_link import EngineLink
from app.engine_names import (
    Bank,
    OutputState,
    Preset,
    PresetError,
    RenderInfo,
    StreamParams,
    load_preset,
)
from app.look_store import forget_look, look_files, make_look, store_look


class Looks(QObject):
    """The present bank. Thread: main.

    Signals: presets_changed(list of Preset); playing_changed(index, -1 for none);
    changed_from_preset(bool): a slider has moved since; noticed(sentence): good news;
    refused(sentence): what is wrong in a file or can't be kept.
    """

    presets_changed = Signal(object)
    playing_changed = Signal(int)
    changed_from_preset = Signal(bool)
    noticed = Signal(str)
    refused = Signal(str)

    def __init__(self, link: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bank = Bank.HOUSE
        self.presets: list[Preset] = []
        self.playing = -1
        self._files: list[Path] = []  # beside `presets`
        self._link = link
        self._model_name = ""
        link.info_changed.connect(self._on_info_changed)
        link.params_changed.connect(self._on_params_changed)

    # ---- playing

    def open_bank(self, bank: Bank) -> None:
        """Lay the looks of a bank on the pads; none of them plays yet."""
        if bank is not self.bank or not self.presets:
            self.bank = bank
            self._read_bank()
            self._set_playing(-1)

    @Slot(int)
    def fire(self, index: int) -> None:
        """Play a look: all of it on the next frame."""
        if index < len(self.presets):
            self._set_playing(index)
            self._link.update(changes_of(self.presets[index]))
            self._link.set_modulation(self.presets[index].modulation)

    def mark(self, name: str) -> bool:
        """Show the look of that name as playing, without playing it; False when there is none."""
        names = [preset.name for preset in self.presets]
        if name in names:
            self._set_playing(names.index(name))
        return name in names

    def step(self, places: int) -> None:
        """Play the look so many places on, around the end."""
        if self.presets:
            start = self.playing if self.playing >= 0 or places < 0 else -1
            self.fire((start + places) % len(self.presets))

    @property
    def playing_name(self) -> str:
        return self.presets[self.playing].name if self.playing >= 0 else ""

    @Slot()
    def reset(self) -> None:
        """The look as it was stored, live; without one, the model's own values."""
        info = self._link.info
        values = StreamParams().as_dict() | (info.defaults if info else {})
        values["prompt"] = self._link.params.prompt
        if self.playing >= 0:
            values |= changes_of(self.presets[self.playing])
            self._link.set_modulation(self.presets[self.playing].modulation)
        self._link.update(values)
        self._link.set_output(OutputState.LIVE)

    # ---- keeping

    @Slot()
    def store_on_playing(self) -> None:
        """Keep the present look on the pad that plays; else on the first free one."""
        self.store(self.playing if self.playing >= 0 else len(self.presets))

    def store(self, index: int) -> None:
        """Keep the present look on a pad; the shipped file stays as it is."""
        like = self.presets[index] if index < len(self.presets) else None
        name = like.name if like else _name_from(self._link.params.prompt)
        file_name = self._files[index].name if like else f"{index + 1:02}-own.toml"
        show = self._link.show
        if self._keep(file_name, make_look(show.params, show.modulation, name, like)):
            self.noticed.emit(f"“{name}” is stored.")

    def rename(self, index: int, name: str) -> None:
        """Give a look another name."""
        if name:
            preset = self.presets[index].model_copy(update={"name": name[:40]})
            self._keep(self._files[index].name, preset)

    def restore(self, index: int) -> None:
        """Take the shipped look back."""
        if index < len(self.presets):
            forget_look(self.bank, self._files[index].name)
            self._read_bank()
            self._set_playing(-1)

    def _keep(self, file_name: str, preset: Preset) -> bool:
        try:
            store_look(self.bank, file_name, preset)
        except (PresetError, OSError) as error:
            self.refused.emit(f"The look could not be stored: {error}")
            return False
        self._read_bank()
        self.mark(preset.name)
        return True

    # ---- following

    def _read_bank(self) -> None:
        """What can't be read is named and left out."""
        self.presets, self._files = [], []
        for path in look_files(self.bank):
            try:
                preset, problems = load_preset(path)
            except PresetError as error:
                self.refused.emit(str(error))
                continue
            self.presets.append(preset)
            self._files.append(path)
            for problem in problems:
                self.refused.emit(problem)
        self._link.set_pads(self.presets)
        self.presets_changed.emit(self.presets)

    def _set_playing(self, index: int) -> None:
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
        """Other words are another look, maybe a pad's; a moved slider is still the same one."""
        preset = self.presets[self.playing] if self.playing >= 0 else None
        if preset is None or params.prompt != preset.prompt:
            pad = self._pad_of(params)  # a controller may have pressed it
            if pad != self.playing:
                self._set_playing(pad)
        else:
            is_moved_else = preset.modulation != self._link.show.modulation
            self.changed_from_preset.emit(is_moved_else or preset.apply(params) != params)

    def _pad_of(self, params: StreamParams) -> int:
        """The pad whose look has these words; -1 for none."""
        prompts = [preset.prompt for preset in self.presets]
        return prompts.index(params.prompt) if params.prompt in prompts else -1


def changes_of(preset: Preset) -> dict[str, object]:
    """The parameters that a look sets; it leaves the others as they are."""
    return {"prompt": preset.prompt, "negative_prompt": preset.negative, **preset.params}


def _name_from(prompt: str) -> str:
    words = " ".join(prompt.replace(",", " ").split()[:3])
    return words[:40].capitalize() or "Own look"
