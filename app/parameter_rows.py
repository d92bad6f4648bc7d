"""The kinds of control, chosen from the parameter table: a new parameter needs no code here."""

from __future__ import annotations

import secrets

from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QWidget,
)

from app.engine_names import Parameter
from app.fader import Fader
from app.parameter_row import ParameterRow
from app.theme import icon
from app.value_field import ValueField

VALUE_PX = 62
LEAST_SEED_PX = 48  # a long one can be scrolled
MOST_SEGMENTS = 8
MOST_FADER_VALUES = 100_000  # beyond, a slider can't hit a value


class LabeledSlider(ParameterRow):
    """A fader and its value as text."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self.fader = Fader(parameter)
        self.field = ValueField(parameter)
        self.field.setFixedWidth(VALUE_PX)
        super().__init__(parameter, self.fader, self.field, parent)
        self.fader.value_edited.connect(self._on_edited)
        self.field.value_edited.connect(self._on_edited)
        self.field.refused.connect(self.refused)
        self.field.returnPressed.connect(self.fader.setFocus)

    def show_value(self, value: object) -> None:
        self.fader.show_value(value)  # type: ignore[arg-type]
        self.field.show_value(value)  # type: ignore[arg-type]

    def show_moved(self, value: object | None) -> None:
        self.fader.show_moved(value)  # type: ignore[arg-type]

    @Slot(object)
    def _on_edited(self, value: object) -> None:
        self.show_value(value)
        self.edit(value)


class SegmentRow(ParameterRow):
    """A few whole numbers as buttons: one touch, no travel."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        control = QWidget()
        self.buttons = QButtonGroup(control)
        row = QHBoxLayout(control)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        for number in range(int(parameter.minimum), int(parameter.maximum) + 1):
            button = QPushButton(str(number))
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setAccessibleName(f"{parameter.label} {number}")
            self.buttons.addButton(button, number)
            row.addWidget(button, 1)
        super().__init__(parameter, control, None, parent)
        self.buttons.idClicked.connect(self.edit)

    def show_value(self, value: object) -> None:
        self.buttons.button(int(value)).setChecked(True)  # type: ignore[call-overload]


class ChoiceRow(ParameterRow):
    """A closed choice as a drop-down."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self.box = QComboBox()
        self.box.setAccessibleName(parameter.label)
        self.box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for choice in parameter.choices:
            self.box.addItem(choice.replace("_", " "), choice)
        super().__init__(parameter, self.box, None, parent)
        self.box.activated.connect(self._on_activated)

    def show_value(self, value: object) -> None:
        self.box.setCurrentIndex(self.box.findData(str(value)))

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.edit(self.box.itemData(index))


class ToggleRow(ParameterRow):
    """On or off, as a switch and a word."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self.switch = QCheckBox("off")
        self.switch.setAccessibleName(parameter.label)
        super().__init__(parameter, self.switch, None, parent)
        self.switch.clicked.connect(self.edit)

    def show_value(self, value: object) -> None:
        self.switch.setChecked(bool(value))
        self.switch.setText("on" if value else "off")


class SeedRow(ParameterRow):
    """A number too wide for a slider: type it, or throw the dice."""

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        self.field = ValueField(parameter)
        self.field.setProperty("role", "seed")
        self.field.setMinimumWidth(LEAST_SEED_PX)
        self.dice = QToolButton()
        self.dice.setIcon(icon("dice-5-outline"))
        self.dice.setIconSize(QSize(18, 18))
        self.dice.setProperty("role", "quiet")
        self.dice.setFixedWidth(VALUE_PX)
        self.dice.setAccessibleName(f"Random {parameter.label.lower()}")
        self.dice.setToolTip(f"A random {parameter.label.lower()}")
        super().__init__(parameter, self.field, self.dice, parent)
        self.field.value_edited.connect(self.edit)
        self.field.refused.connect(self.refused)
        self.dice.clicked.connect(self.roll)

    def show_value(self, value: object) -> None:
        self.field.show_value(value)  # type: ignore[arg-type]

    @Slot()
    def roll(self) -> None:
        """Choose at random: a person's act, so no reproducible generator is wanted."""
        span = int(self.parameter.maximum - self.parameter.minimum) + 1
        self.edit(int(self.parameter.minimum) + secrets.randbelow(span))


def make_row(parameter: Parameter) -> ParameterRow:
    """The control that suits a parameter's kind and range."""
    if parameter.kind is bool:
        return ToggleRow(parameter)
    if parameter.choices:
        return ChoiceRow(parameter)
    num_values = (parameter.maximum - parameter.minimum) / parameter.step + 1
    if parameter.kind is int and num_values <= MOST_SEGMENTS:
        return SegmentRow(parameter)
    return SeedRow(parameter) if num_values > MOST_FADER_VALUES else LabeledSlider(parameter)
