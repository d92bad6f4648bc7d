"""The running order as a list: number, name, how it comes and goes on; which is next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.engine_names import Cue
from app.theme import THEME, scaled, text_font
from app.transition_editor import time_text, transition_line

ROW_PX = 46
NUMBER_PX = 34
TAG_PX = 66
DETAIL, TAG = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
NEXT, CURRENT = "▶ NEXT", "CURRENT"
MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class CueList(QListWidget):
    """Signals, numbers from 1: cue_moved(number, to), by dragging or Ctrl with an arrow key;
    cue_deleted(number); go_wanted(number): Enter; rename_wanted: F2 or a double-click.
    """

    cue_moved = Signal(int, int)
    cue_deleted = Signal(int)
    go_wanted = Signal(int)
    rename_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_locked = False
        self.setAccessibleName("Cues")
        self.setItemDelegate(_CuePainter(self))
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Queued: the list is filled anew by what follows, which must not happen while it drops.
        self.model().rowsMoved.connect(self._on_rows_moved, Qt.ConnectionType.QueuedConnection)
        self.itemDoubleClicked.connect(self._on_double_clicked)

    @property
    def number(self) -> int:
        """Of the chosen cue; 0 for none."""
        return self.currentRow() + 1

    def set_locked(self, is_locked: bool) -> None:
        """Locked, cues can be chosen and played, and nothing else."""
        self._is_locked = is_locked
        mode = QAbstractItemView.DragDropMode
        self.setDragDropMode(mode.NoDragDrop if is_locked else mode.InternalMove)

    def show_cues(self, cues: Sequence[Cue]) -> None:
        """Take another running order; the choice stays as far as there is one."""
        row = self.currentRow()
        self.blockSignals(True)
        self.clear()
        for cue in cues:
            item = QListWidgetItem(cue.look.name)
            item.setData(DETAIL, cue_line(cue))
            self.addItem(item)
        self.setCurrentRow(min(row, len(cues) - 1))
        self.blockSignals(False)
        self.currentRowChanged.emit(self.currentRow())

    def show_place(self, current: int) -> None:
        """current: number of the cue that went last, 0 for none."""
        tags = {current: CURRENT, current + 1: NEXT}
        for row in range(self.count()):
            self.item(row).setData(TAG, tags.get(row + 1, ""))

    @Slot()
    def go_to_chosen(self) -> None:
        if self.number:
            self.go_wanted.emit(self.number)

    @Slot()
    def delete_chosen(self) -> None:
        if self.number and not self._is_locked:
            self.cue_deleted.emit(self.number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, number = Qt.Key(event.key()), self.number
        has_control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if number and has_control and key in MOVES:
            self.move_chosen(MOVES[key])
        elif key is Qt.Key.Key_Delete:
            self.delete_chosen()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_to_chosen()
        elif number and key is Qt.Key.Key_F2:
            self.rename_wanted.emit()
        else:
            super().keyPressEvent(event)

    def move_chosen(self, step: int) -> None:
        """The chosen cue one place up (-1) or down (1), and the choice with it."""
        number, to = self.number, self.number + step
        if 1 <= to <= self.count() and not self._is_locked:
            self.setCurrentRow(to - 1)
            self.cue_moved.emit(number, to)

    @Slot(QModelIndex, int, int, QModelIndex, int)
    def _on_rows_moved(
        self, _from: QModelIndex, start: int, _end: int, _to: QModelIndex, row: int
    ) -> None:
        place = row if row > start else row + 1
        self.cue_moved.emit(start + 1, place)

    @Slot()
    def _on_double_clicked(self) -> None:
        self.rename_wanted.emit()


class _CuePainter(QStyledItemDelegate):
    """Two lines of a cue, its number before, its state as a word behind."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(120, scaled(ROW_PX))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        tag = index.data(TAG) or ""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, row, state)
        self._paint_number(painter, row, index.row() + 1, tag)
        number_px, tag_px = scaled(NUMBER_PX), scaled(TAG_PX)
        words = row.adjusted(number_px, 4, -tag_px if tag else -6, -4)
        self._paint_line(painter, words, index.data(), THEME.text_px + 1, "text", is_upper=True)
        detail = row.adjusted(number_px, 4, -6, -4)
        self._paint_line(painter, detail, index.data(DETAIL), THEME.small_px, "dim")
        painter.setFont(text_font(THEME.small_px - 1, is_bold=True))
        painter.setPen(THEME.color("accent" if tag == NEXT else "dim"))
        place = row.adjusted(row.width() - tag_px, 4, -8, -row.height() // 2)
        painter.drawText(place, _side("Right"), tag)
        painter.restore()

    def _paint_ground(self, painter: QPainter, row: QRect, state: QStyle.StateFlag) -> None:
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
        ground = row.adjusted(0, 1, -1, -2)
        painter.setPen(QPen(THEME.color("dim"), 1) if has_focus else Qt.PenStyle.NoPen)
        painter.setBrush(THEME.color("hover" if is_chosen else "raised"))
        painter.drawRoundedRect(ground, 4, 4)

    def _paint_number(self, painter: QPainter, row: QRect, number: int, tag: str) -> None:
        painter.setPen(THEME.color("accent" if tag == NEXT else "dim"))
        painter.setFont(text_font(THEME.text_px + 2, is_bold=True))
        place = QRect(row.left(), row.top(), scaled(NUMBER_PX), row.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(number))

    def _paint_line(
        self, painter: QPainter, place: QRect, text: str, size_px: int, token: str,
        *, is_upper: bool = False,
    ) -> None:  # fmt: skip
        half = place.height() // 2
        line = place.adjusted(0, 0, 0, -half) if is_upper else place.adjusted(0, half, 0, 0)
        painter.setPen(THEME.color(token))
        painter.setFont(text_font(size_px, is_bold=is_upper))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, _side("Left"), elided)


def cue_line(cue: Cue) -> str:
    """How a cue comes and what follows on it, in a performer's words."""
    comes = transition_line(cue.transition)
    if cue.follow is None:
        return comes
    return f"{comes} · next after {time_text(cue.follow, cue.follow_unit)}"


def _side(name: str) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag[f"Align{name}"] | Qt.AlignmentFlag.AlignVCenter
