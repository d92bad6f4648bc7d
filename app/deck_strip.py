"""Both decks and the crossfader between them, always in view; and how the next look comes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.crossfader import BIG_STEPS, Crossfader, position_of
from app.deck_face import DeckFace
from app.engine_names import DeckState, Set, Transition
from app.shortcuts import key_of
from app.theme import icon
from app.transition_editor import TransitionEditor

GAP_PX = 10
SWING_PX = 44


class DeckStrip(QFrame):
    """Signals tell what a person does: crossfade_moved(0-1); swing_wanted; set_edited(Set), whole,
    when there is another transition for the pads that have none of their own.
    """

    crossfade_moved = Signal(float)
    swing_wanted = Signal()
    set_edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deckStrip")
        self._live_set: Set | None = None
        self.a = DeckFace("A", is_mirrored=False)
        self.b = DeckFace("B", is_mirrored=True)
        self.crossfader = Crossfader()
        self.crossfader.setToolTip(
            f"Crossfader ({key_of('fade_to_a')} and {key_of('fade_to_b')}; "
            "double-click: the nearest end or the middle)"
        )
        self.crossfader.value_edited.connect(self.crossfade_moved)
        self.swing = QPushButton()
        self.swing.setIcon(icon("swap-horizontal"))
        self.swing.setIconSize(QSize(22, 22))
        self.swing.setFixedWidth(SWING_PX)
        self.swing.setAccessibleName("Swing over")
        self.swing.setToolTip(f"Over to the other deck, in the time below ({key_of('swing')})")
        self.swing.clicked.connect(self.swing_wanted)
        self.transition = TransitionEditor("Transition")
        self.transition.edited.connect(self._on_transition_edited)
        self._lay_out()

    @Slot(object)
    def show_state(self, state: DeckState) -> None:
        """Where the decks stand, whoever moved them."""
        position = position_of(state)
        self.crossfader.show_value(position)
        self.a.show_deck(state.a, 1.0 - position)
        self.b.show_deck(state.b, position)

    @Slot(object)
    def show_set(self, live_set: Set) -> None:
        self._live_set = live_set
        self.transition.show_transition(live_set.transition)

    @Slot(bool, QPixmap, bool)
    def show_picture(self, is_b: bool, picture: QPixmap, is_preview: bool) -> None:
        (self.b if is_b else self.a).show_picture(picture, is_preview=is_preview)

    @Slot(bool)
    def show_running(self, is_running: bool) -> None:
        """Without a show there is nothing to fade."""
        self.crossfader.setEnabled(is_running)
        self.swing.setEnabled(is_running)

    def step(self, direction: int) -> None:
        """A tenth of the way: -1 towards A, 1 towards B."""
        if self.crossfader.isEnabled():
            self.crossfader.step_by(direction * BIG_STEPS)

    def _lay_out(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(GAP_PX)
        upper.addWidget(self.crossfader, 1)
        upper.addWidget(self.swing)
        middle = QVBoxLayout()
        middle.setSpacing(2)
        middle.addLayout(upper)
        middle.addWidget(self.transition)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self.a, 3)
        row.addLayout(middle, 5)
        row.addWidget(self.b, 3)

    @Slot(object)
    def _on_transition_edited(self, transition: Transition) -> None:
        if self._live_set is not None:
            self.set_edited.emit(self._live_set.model_copy(update={"transition": transition}))
