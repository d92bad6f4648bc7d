"""One cue: its name, how it comes, whether the next one goes by itself, its place in the list."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.engine_names import Cue
from app.transition_editor import UNITS, TransitionEditor, combo_of, show_time, time_field

LONGEST = 86_400.0
USUAL_FOLLOW = 30.0
MOST_LETTERS = 40


class CueEditor(QWidget):
    """Hidden until a cue is chosen. Signal: edited(Cue) when a person changes it."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cue: Cue | None = None
        self.name = QLineEdit(maxLength=MOST_LETTERS)
        self.name.setAccessibleName("Name of the cue")
        self.name.setToolTip("What the cue is called")
        self.transition = TransitionEditor("How the cue comes", num_columns=2)
        self.follows = QCheckBox("next one by itself, after")
        self.follow = time_field("After how long", "Counted from when this cue goes", LONGEST)
        self.follow.setValue(USUAL_FOLLOW)
        self.unit = combo_of(UNITS, "Unit of that time", "What the time is counted in")
        self.go = _button("Go to this", "Play this cue now (Enter in the list)")
        self.up = _button("▲", "One place up (Ctrl and the arrow key in the list)")
        self.down = _button("▼", "One place down (Ctrl and the arrow key in the list)")
        self.delete = _button("Delete", "Take this cue out of the list (Delete in the list)")
        self._connect()
        self._lay_out()
        self.hide()

    def show_cue(self, cue: Cue | None) -> None:
        """None: none is chosen."""
        self.setVisible(cue is not None)
        if cue is None or cue == self._cue:
            self._cue = cue
            return
        self._cue = cue
        self.name.setText(cue.look.name)
        self.transition.show_transition(cue.transition)
        self.follows.setChecked(cue.follow is not None)
        self.follow.setEnabled(cue.follow is not None)
        self.unit.setEnabled(cue.follow is not None)
        self.unit.setCurrentIndex(list(UNITS).index(cue.follow_unit))
        if cue.follow is not None:
            show_time(self.follow, cue.follow)

    def _connect(self) -> None:
        self.name.editingFinished.connect(self._on_edited)
        self.transition.edited.connect(self._on_edited)
        self.follows.clicked.connect(self._on_edited)
        self.follow.valueChanged.connect(self._on_edited)
        self.unit.activated.connect(self._on_edited)

    def _lay_out(self) -> None:
        follow = QHBoxLayout()
        follow.setSpacing(4)
        follow.addWidget(self.follow, 1)
        follow.addWidget(self.unit, 1)
        places = QGridLayout()
        places.setSpacing(4)
        for column, (button, stretch) in enumerate(
            ((self.go, 3), (self.up, 1), (self.down, 1), (self.delete, 2))
        ):
            places.addWidget(button, 0, column)
            places.setColumnStretch(column, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.name)
        column.addWidget(self.transition)
        column.addWidget(self.follows)
        column.addLayout(follow)
        column.addLayout(places)

    @Slot()
    def _on_edited(self) -> None:
        cue = self._cue
        if cue is None:
            return
        name = self.name.text().strip() or cue.look.name
        has_follow = self.follows.isChecked()
        new = cue.model_copy(
            update={
                "look": cue.look.model_copy(update={"name": name}),
                "transition": self.transition.transition,
                "follow": self.follow.value() if has_follow else None,
                "follow_unit": list(UNITS)[self.unit.currentIndex()],
            }
        )
        if new != cue:
            self.edited.emit(new)


def _button(text: str, help_text: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "small")
    button.setToolTip(help_text)
    button.setAccessibleName(help_text.split(" (")[0])
    return button
