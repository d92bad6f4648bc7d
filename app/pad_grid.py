"""Sixteen pads in two rows; the same column shares its digit key, the second row with Shift."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QGridLayout, QWidget

from app.engine_names import Preset
from app.pad import Pad

NUM_COLUMNS = 8
NUM_PADS = 16
GAP_PX = 4
ROWS_PX = (70, 104)  # least and most
ARROWS = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -NUM_COLUMNS, Qt.Key.Key_Down: NUM_COLUMNS,
}  # fmt: skip


class PadGrid(QWidget):
    """Signals: pad_pressed(index), for a pad that holds a look; menu_wanted(index, place)."""

    pad_pressed = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pads = [Pad(index, _key_label(index), self) for index in range(NUM_PADS)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        for index, pad in enumerate(self.pads):
            pad.fired.connect(self.pad_pressed)
            pad.menu_wanted.connect(self.menu_wanted)
            grid.addWidget(pad, index // NUM_COLUMNS, index % NUM_COLUMNS)
        self.setMinimumHeight(2 * ROWS_PX[0] + GAP_PX)
        self.setMaximumHeight(2 * ROWS_PX[1] + GAP_PX)

    def show_presets(self, presets: Sequence[Preset]) -> None:
        """Lay the first sixteen looks on the pads."""
        for index, pad in enumerate(self.pads):
            preset = presets[index] if index < len(presets) else None
            pad.show_preset(*((preset.name, preset.colour) if preset else ("", "")))
            pad.show_thumbnail(QPixmap())

    @Slot(int)
    def show_playing(self, index: int) -> None:
        """Ring one pad; -1 for none."""
        for number, pad in enumerate(self.pads):
            pad.setChecked(number == index)

    @Slot(int, QPixmap)
    def show_thumbnail(self, index: int, thumbnail: QPixmap) -> None:
        if index < NUM_PADS:
            self.pads[index].show_thumbnail(thumbnail)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk over the pads."""
        step = ARROWS.get(Qt.Key(event.key()))
        focused = self.focusWidget()
        if step is None or not isinstance(focused, Pad):
            event.ignore()
            return
        place = focused.index + step
        if 0 <= place < NUM_PADS:
            self.pads[place].setFocus(Qt.FocusReason.TabFocusReason)


def _key_label(index: int) -> str:
    digit = str(index % NUM_COLUMNS + 1)
    return digit if index < NUM_COLUMNS else f"⇧{digit}"
