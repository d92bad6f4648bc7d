"""The cue list: go, back, what is next and when; the running order and its edits. A side panel."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.cue_editor import CueEditor
from app.cue_list import CueList
from app.deck_link import DeckLink
from app.elided_label import ElidedLabel
from app.engine_names import Cue, DeckState, Preset, Set, TimeUnit
from app.shortcuts import key_of
from app.theme import THEME, beside_icon, icon, text_font

PANEL_PX = 300
EMPTY = "No cues yet: add the look on air, or a pad."
END = "The list is at its end."
HELD = "held: STOP MOD is on"


class CuePanel(QFrame):
    """Edits go through the link, so that they can be undone. Thread: main."""

    def __init__(self, decks: DeckLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cuePanel")
        self.setFixedWidth(PANEL_PX)
        self._decks = decks
        self._cues: tuple[Cue, ...] | None = None
        self._state = decks.state
        self._is_held = False
        self.go = _transport("GO", "play", f"The next cue ({key_of('next_cue')})")
        self.back = _transport("BACK", "skip-previous", f"The cue before ({key_of('cue_before')})")
        self.next = ElidedLabel()
        self.next.setFont(text_font(THEME.text_px + 4, is_bold=True))
        self.countdown = QLabel()
        self.countdown.setFont(text_font(THEME.text_px))
        self.list = CueList()
        self.editor = CueEditor()
        self.add_look = QPushButton("+ Look on air")
        self.add_look.setToolTip("Add the look that plays, as it is, behind the chosen cue")
        self.pads = QMenu(self)
        self.add_pad = _menu_button("+ Pad …", self.pads, "Add the look of a pad of this bank")
        self._connect()
        self._lay_out()

    @Slot(object)
    def show_set(self, live_set: Set) -> None:
        if live_set.cues != self._cues:
            self._cues = live_set.cues
            self.list.show_cues(live_set.cues)
            self._show_place()

    @Slot(object)
    def show_state(self, state: DeckState) -> None:
        """Follow the decks: which cue went, which is next, and when."""
        before, self._state = self._state, state
        if (before.cue, before.follow_in) != (state.cue, state.follow_in):
            self._show_place()

    @Slot(bool)
    def show_held(self, is_held: bool) -> None:
        """Whether everything that goes by itself has been stopped."""
        self._is_held = is_held
        self._show_place()

    @Slot(bool)
    def set_locked(self, is_locked: bool) -> None:
        """Locked, the list is played and not edited."""
        for widget in (self.editor, self.add_look, self.add_pad):
            widget.setEnabled(not is_locked)
        self.list.set_locked(is_locked)

    # ---- edits

    @Slot()
    def add_look_on_air(self) -> None:
        """Behind the chosen cue, else at the end."""
        look = self._decks.look_on_air()
        if look is not None:
            self._add(look)

    def _add(self, look: Preset) -> None:
        live_set = self._decks.live_set
        end, chosen = len(live_set.cues) + 1, self.list.number
        cue = Cue(look=look, transition=live_set.transition)
        place = chosen + 1 if chosen else end
        self._decks.edit(live_set.with_cue(end, cue).with_cue_moved(end, place))
        self.list.setCurrentRow(place - 1)

    @Slot(object)
    def _replace(self, cue: Cue) -> None:
        self._decks.edit(self._decks.live_set.with_cue(self.list.number, cue))

    @Slot(int)
    def _delete(self, number: int) -> None:
        self._decks.edit(self._decks.live_set.without_cue(number))

    @Slot(int, int)
    def _move(self, number: int, to: int) -> None:
        self._decks.edit(self._decks.live_set.with_cue_moved(number, to))

    # ---- showing

    def _show_place(self) -> None:
        cues, current = self._cues or (), self._state.cue
        self.list.show_place(current)
        self.go.setEnabled(current < len(cues))
        self.back.setEnabled(current > 1)
        if current < len(cues):
            self.next.setText(f"Next: {current + 1}  {cues[current].look.name}")
        else:
            self.next.setText(END if cues else EMPTY)
        self.countdown.setText(self._countdown())

    def _countdown(self) -> str:
        state = self._state
        if state.follow_in is None:
            return "waits for GO" if state.cue < len(self._cues or ()) else ""
        if self._is_held:
            return HELD
        return f"by itself in {left_text(state.follow_in, state.follow_unit)}"

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        cues = self._cues or ()
        self.editor.show_cue(cues[row] if 0 <= row < len(cues) else None)

    @Slot(int)
    def _go_to(self, number: int) -> None:
        self._decks.go_cue(number - self._decks.state.cue)

    @Slot()
    def _on_rename(self) -> None:
        self.editor.name.setFocus()
        self.editor.name.selectAll()

    @Slot()
    def _fill_pads(self) -> None:
        """The pads of the loaded bank, as they are just now."""
        self.pads.clear()
        live_set, bank = self._decks.live_set, self._decks.state.bank
        for pad in live_set.bank(bank).pads if live_set.banks else ():
            action = self.pads.addAction(f"{pad.number}  {pad.look.name}")
            action.setData(pad.number)

    @Slot(QAction)
    def _on_pad_chosen(self, action: QAction) -> None:
        pad = self._decks.live_set.bank(self._decks.state.bank).pad(action.data())
        if pad is not None:
            self._add(pad.look)

    def _connect(self) -> None:
        decks, editor = self._decks, self.editor
        decks.set_changed.connect(self.show_set)
        decks.decks_changed.connect(self.show_state)
        self.go.clicked.connect(partial(decks.go_cue, 1))
        self.back.clicked.connect(partial(decks.go_cue, -1))
        self.list.currentRowChanged.connect(self._on_chosen)
        self.list.cue_moved.connect(self._move)
        self.list.cue_deleted.connect(self._delete)
        self.list.go_wanted.connect(self._go_to)
        self.list.rename_wanted.connect(self._on_rename)
        editor.edited.connect(self._replace)
        editor.go.clicked.connect(self.list.go_to_chosen)
        editor.up.clicked.connect(partial(self.list.move_chosen, -1))
        editor.down.clicked.connect(partial(self.list.move_chosen, 1))
        editor.delete.clicked.connect(self.list.delete_chosen)
        self.add_look.clicked.connect(self.add_look_on_air)
        self.pads.aboutToShow.connect(self._fill_pads)
        self.pads.triggered.connect(self._on_pad_chosen)

    def _lay_out(self) -> None:
        title = QLabel("Cues")
        title.setProperty("role", "title")
        transport, adding = QHBoxLayout(), QHBoxLayout()
        transport.setSpacing(6)
        transport.addWidget(self.back, 1)
        transport.addWidget(self.go, 2)
        adding.setSpacing(6)
        adding.addWidget(self.add_look, 1)
        adding.addWidget(self.add_pad, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        column.addWidget(title)
        column.addLayout(transport)
        column.addWidget(self.next)
        column.addWidget(self.countdown)
        column.addWidget(self.list, 1)
        column.addLayout(adding)
        column.addWidget(self.editor)


def left_text(left: float, unit: TimeUnit) -> str:
    """A time that runs down: minutes and seconds, the last ten with a tenth; or beats."""
    if unit is TimeUnit.BEATS:
        return f"{left:.0f} beats"
    if left < 10.0:
        return f"{left:.1f} s"
    minutes, seconds = divmod(round(left), 60)
    return f"{minutes}:{seconds:02}"


def _transport(text: str, icon_name: str, help_text: str) -> QPushButton:
    button = QPushButton(beside_icon(text))
    button.setIcon(icon(icon_name))
    button.setProperty("role", "transport")
    button.setToolTip(help_text)
    button.setAccessibleName(text.capitalize())
    return button


def _menu_button(text: str, menu: QMenu, help_text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolTip(help_text)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button
