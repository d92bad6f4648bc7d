"""What performance mode switches off in the window: what edits, and what could end the show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.main_window import MainWindow


class ShowLock(QObject):
    """Pads, faders, crossfader, panic and recording stay as they are. Thread: main."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    @Slot(bool)
    def set_locked(self, is_locked: bool) -> None:
        if is_locked:
            self._window.controls_panel.end_learning()
        for widget in self._editing():
            widget.setEnabled(not is_locked)
        self._window.cue_panel.set_locked(is_locked)
        for part in (self._window.pads, self._window.bank_bar):
            part.is_locked = is_locked
        self._window.dropping.is_locked = is_locked
        self._window.feed.is_locked = is_locked

    def _editing(self) -> list[QWidget]:
        window = self._window
        top, left, row = window.top_bar, window.input_panel, window.panic_row
        menus = (window.source_menu, window.model_menu, window.accelerator_menu, window.hold_menu,
                 window.output_menu, window.screen_menu, window.pad_menu)  # fmt: skip
        return [
            *window.look_panel.editors.values(), *menus, window.modulation_editor,
            window.bank_bar.set_button, window.bank_bar.add,
            window.controls_panel.learn, window.controls_panel.editor,
            top.source, top.model, top.accelerator, left.change, left.outputs,
            *left.fits.buttons(), window.sound_panel.input,
            row.output_screen, row.virtual_camera, row.run,
        ]  # fmt: skip
