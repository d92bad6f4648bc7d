"""What a pad is called, which colour it has and how its look comes. Every change plays at once."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.engine_names import Pad, Transition
from app.look_store import LONGEST_NAME
from app.transition_editor import TransitionEditor

WIDTH_PX = 380
SWATCH_PX = 22
# Told apart by everybody's eyes (Okabe and Ito 2008), and by their names.
COLOURS = {
    "Grey": "#8a94a6",
    "Orange": "#e69f00",
    "Sky blue": "#56b4e9",
    "Green": "#009e73",
    "Yellow": "#f0e442",
    "Blue": "#0072b2",
    "Vermilion": "#d55e00",
    "Purple": "#cc79a7",
    "White": "#e9e9ec",
}
OWN_COLOUR = "Its own"


class PadEditor(QFrame):
    """Pops up over the window and goes with a click beside it, or Escape.

    Signal: pad_edited(Pad), whole, once per change.
    """

    pad_edited = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("modulationEditor")  # the same dress
        self.setFixedWidth(WIDTH_PX)
        self._pad: Pad | None = None
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.name = QLineEdit(maxLength=LONGEST_NAME)
        self.name.setAccessibleName("Name")
        self.name.setToolTip("What the pad is called")
        self.name.editingFinished.connect(self._on_named)
        self.colour = QComboBox()
        self.colour.setAccessibleName("Colour")
        self.colour.setToolTip("The line under the pad's name, and all of it before it has played")
        self.colour.activated.connect(self._on_coloured)
        self.has_own = QCheckBox("A transition of its own")
        self.has_own.clicked.connect(self._on_own_chosen)
        self.transition = TransitionEditor("Transition of the pad")
        self.transition.edited.connect(self._on_transition_edited)
        self._lay_out()

    def open_for(self, pad: Pad, place: QPoint) -> None:
        """place: on the screen."""
        self.show_pad(pad)
        self.adjustSize()
        screen = self.screen().availableGeometry()
        left = min(place.x(), screen.right() - self.width())
        self.move(left, min(place.y(), screen.bottom() - self.height()))
        self.show()
        self.name.setFocus()
        self.name.selectAll()

    def show_pad(self, pad: Pad) -> None:
        """Only what a person does is reported."""
        self._pad = pad
        self.title.setText(f"Pad {pad.number}")
        self.name.setText(pad.look.name)
        self._fill_colours(pad.look.colour)
        self.has_own.setChecked(pad.transition is not None)
        self.transition.setEnabled(pad.transition is not None)
        self.transition.show_transition(pad.transition or Transition())

    def _fill_colours(self, present: str) -> None:
        own = {} if present in COLOURS.values() else {OWN_COLOUR: present}
        self.colour.clear()
        for name, colour in (own | COLOURS).items():
            self.colour.addItem(_swatch(colour), name, colour)
        self.colour.setCurrentIndex(self.colour.findData(present))

    @Slot()
    def _on_named(self) -> None:
        name = self.name.text().strip()
        if name:
            self._change_look(name=name)

    @Slot()
    def _on_coloured(self) -> None:
        self._change_look(colour=self.colour.currentData())

    @Slot(bool)
    def _on_own_chosen(self, is_own: bool) -> None:
        self._change(transition=Transition() if is_own else None)

    @Slot(object)
    def _on_transition_edited(self, transition: Transition) -> None:
        self._change(transition=transition)

    def _change_look(self, **changes: object) -> None:
        if self._pad is not None:
            self._change(look=self._pad.look.model_copy(update=changes))

    def _change(self, **changes: object) -> None:
        if self._pad is None:
            return
        pad = self._pad.model_copy(update=changes)
        if pad != self._pad:
            self.show_pad(pad)
            self.pad_edited.emit(pad)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        column.addWidget(self.title)
        for widget in (self.name, self.colour, self.has_own, self.transition):
            column.addWidget(widget)


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)
