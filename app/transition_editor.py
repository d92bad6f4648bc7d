"""One transition: where two looks meet, how long it takes, how it is spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QWidget

from app.engine_names import Ease, TimeUnit, Transition, TransitionKind

LONGEST = 600.0
GAP_PX = 4
KINDS = {
    TransitionKind.MORPH: "Morph",
    TransitionKind.DISSOLVE: "Dissolve",
    TransitionKind.LUMA_WIPE: "Luma wipe",
}
UNITS = {TimeUnit.SECONDS: "sec", TimeUnit.BEATS: "beats"}
EASES = {Ease.LINEAR: "linear", Ease.SMOOTH: "smooth", Ease.IN: "slow in", Ease.OUT: "slow out"}
KIND_HELP = (
    "Morph: words, noise and numbers travel inside the model.\n"
    "Dissolve, luma wipe: on the picture, from the last one of the old look."
)


class TransitionEditor(QWidget):
    """Signal: edited(Transition) when a person changes it, never from `show_transition`."""

    edited = Signal(object)

    def __init__(self, name: str, num_columns: int = 4, parent: QWidget | None = None) -> None:
        """name: of what it belongs to, for those who can't see it."""
        super().__init__(parent)
        self._transition = Transition()
        self.kind = combo_of(KINDS, f"{name}: kind", KIND_HELP)
        self.duration = time_field(f"{name}: time", "0 is a cut", LONGEST)
        self.duration.setSpecialValueText("cut")
        self.unit = combo_of(UNITS, f"{name}: unit", "What the time is counted in")
        self.ease = combo_of(EASES, f"{name}: ease", "How the movement is spread over its time")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        for place, widget in enumerate((self.kind, self.ease, self.duration, self.unit)):
            grid.addWidget(widget, *divmod(place, num_columns))
            grid.setColumnStretch(place % num_columns, 1)
        for combo in (self.kind, self.unit, self.ease):
            combo.activated.connect(self._on_edited)
        self.duration.valueChanged.connect(self._on_edited)

    @property
    def transition(self) -> Transition:
        return self._transition

    def show_transition(self, transition: Transition) -> None:
        """Follow the set."""
        self._transition = transition
        self.kind.setCurrentIndex(list(KINDS).index(transition.kind))
        self.unit.setCurrentIndex(list(UNITS).index(transition.unit))
        self.ease.setCurrentIndex(list(EASES).index(transition.ease))
        show_time(self.duration, transition.duration)

    @Slot()
    def _on_edited(self) -> None:
        transition = Transition(
            kind=self.kind.currentData(),
            duration=self.duration.value(),
            unit=self.unit.currentData(),
            ease=self.ease.currentData(),
        )
        if transition != self._transition:
            self._transition = transition
            self.edited.emit(transition)


def transition_line(transition: Transition) -> str:
    """A transition in a performer's words."""
    if transition.duration == 0.0:
        return "cut"
    return f"{KINDS[transition.kind].lower()} {time_text(transition.duration, transition.unit)}"


def time_text(time: float, unit: TimeUnit) -> str:
    """A time in words, as short as can be."""
    return f"{time:g} s" if unit is TimeUnit.SECONDS else f"{time:g} beats"


def combo_of(labels: Mapping[Any, str], name: str, help_text: str) -> QComboBox:
    """A drop-down whose data are the choices themselves."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(help_text)
    combo.setProperty("role", "compact")
    combo.setMinimumContentsLength(3)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    for choice, label in labels.items():
        combo.addItem(label, choice)
    return combo


def time_field(name: str, help_text: str, longest: float) -> QDoubleSpinBox:
    """A time to type; arrows and wheel step by a half."""
    field = QDoubleSpinBox(maximum=longest, decimals=1, singleStep=0.5)
    field.setKeyboardTracking(False)
    field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    field.setAccessibleName(name)
    field.setToolTip(help_text)
    return field


def show_time(field: QDoubleSpinBox, value: float) -> None:
    """Follow the set, but never overwrite what is being typed."""
    if not field.hasFocus() or field.value() != value:
        field.blockSignals(True)
        field.setValue(value)
        field.blockSignals(False)
