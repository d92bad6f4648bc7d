"""Sixteen pads in two rows; the same column shares its digit key, the second row with Shift.

Dragging a pad onto another one, or Shift with an arrow, puts each in the other's place.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QPixmap
from PySide6.QtWidgets import QGridLayout, QWidget

from app.engine_names import Pad as StoredPad
from app.pad import PAD_MIME, Pad
from app.transition_editor import transition_line

NUM_COLUMNS = 8
NUM_PADS = 16
GAP_PX = 4
ROWS_PX = (70, 104)  # least and most
ARROWS = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -NUM_COLUMNS, Qt.Key.Key_Down: NUM_COLUMNS,
}  # fmt: skip


class PadGrid(QWidget):
    """Signals: pad_pressed(index); pad_pressed_otherwise(index), with Ctrl; pads_swapped(index,
    other); menu_wanted(index, place).
    """

    pad_pressed = Signal(int)
    pad_pressed_otherwise = Signal(int)
    pads_swapped = Signal(int, int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pads = [Pad(index, _key_label(index), self) for index in range(NUM_PADS)]
        self.is_locked = False  # nothing can be dragged
        self._playing = self._waiting = -1
        self.setAcceptDrops(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        for index, pad in enumerate(self.pads):
            pad.fired.connect(self.pad_pressed)
            pad.fired_otherwise.connect(self.pad_pressed_otherwise)
            pad.menu_wanted.connect(self.menu_wanted)
            grid.addWidget(pad, index // NUM_COLUMNS, index % NUM_COLUMNS)
        self.setMinimumHeight(2 * ROWS_PX[0] + GAP_PX)
        self.setMaximumHeight(2 * ROWS_PX[1] + GAP_PX)

    @Slot(object)
    def show_pads(self, stored: Sequence[StoredPad | None]) -> None:
        """Lay the looks of a bank on the pads; their pictures follow."""
        for pad, each in zip(self.pads, stored, strict=True):
            if each is None:
                pad.show_look("", "", "")
            else:
                way = transition_line(each.transition) if each.transition else ""
                pad.show_look(each.look.name, each.look.colour, way)
            pad.show_thumbnail(QPixmap())

    @Slot(int)
    def show_playing(self, index: int) -> None:
        """Mark the pad on air; -1 for none."""
        self._playing = index
        self._show_states()

    @Slot(int)
    def show_waiting(self, index: int) -> None:
        """Mark the pad that waits for its beat; -1 for none."""
        self._waiting = index
        self._show_states()

    def _show_states(self) -> None:
        for index, pad in enumerate(self.pads):
            pad.show_state(index == self._playing, index == self._waiting)

    @Slot(int, QPixmap)
    def show_thumbnail(self, index: int, thumbnail: QPixmap) -> None:
        if index < NUM_PADS:
            self.pads[index].show_thumbnail(thumbnail)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk over the pads, with Shift they take the look along."""
        step = ARROWS.get(Qt.Key(event.key()))
        focused = self.focusWidget()
        if step is None or not isinstance(focused, Pad):
            event.ignore()
            return
        place = focused.index + step
        if 0 <= place < NUM_PADS:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not self.is_locked:
                self.pads_swapped.emit(focused.index, place)
            self.pads[place].setFocus(Qt.FocusReason.TabFocusReason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pads alone; files go on to the window."""
        if event.mimeData().hasFormat(PAD_MIME) and not self.is_locked:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        target = self.childAt(event.position().toPoint())
        if isinstance(target, Pad):
            index = int(event.mimeData().data(PAD_MIME).data())
            event.acceptProposedAction()
            if target.index != index:
                self.pads_swapped.emit(index, target.index)


def _key_label(index: int) -> str:
    digit = str(index % NUM_COLUMNS + 1)
    return digit if index < NUM_COLUMNS else f"⇧{digit}"
