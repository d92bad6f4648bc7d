"""One mapping: what it is in words, its ends, its curve, how it answers its control, away."""

from __future__ import annotations

from collections.abc import Mapping as Table
from typing import Any, cast

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from app.curve_graph import CurveGraph
from app.engine_names import (
    TARGETS,
    ControlCurve,
    ControlMapping,
    ControlMode,
    ControlPlace,
    ControlTakeover,
    has_light,
    has_speed,
    has_takeover,
    modes_of,
    why_no_curve,
    why_no_mode,
    why_no_threshold,
)
from app.mapping_wording import CURVES, FIELDS, MODES, TAKEOVERS
from app.transition_editor import combo_of

GAP_PX = 6
LEAST_FIELD_PX = 60
LEAST_SPEED, MOST_SPEED = 0.01, 1000.0


class MappingEditor(QWidget):
    """Hidden until a mapping is chosen. What makes no difference is grey and says why; what its
    control hasn't got isn't there.

    Signal: replaced(old ControlMapping, new one or None for away), when a person changes it.
    """

    replaced = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mapping: ControlMapping | None = None
        self._place = ControlPlace()
        # What each field was given, and what it makes of that.
        self._filled: dict[QDoubleSpinBox, tuple[float, float]] = {}
        self.low, self.high = _number("minimum"), _number("maximum")
        self.mode, self.curve = _choice("mode", MODES), _choice("curve", CURVES)
        self.threshold = _number("threshold", 1, 100, decimals=0, suffix=" %")
        self.takeover = _choice("takeover", TAKEOVERS)
        self.speed = _number("speed", LEAST_SPEED, MOST_SPEED, decimals=2, suffix=" ×")
        self.graph = CurveGraph()
        self.inverted, self.light = _switch("is_inverted"), _switch("has_feedback")
        self.delete = QPushButton("Delete")
        self.delete.setToolTip("The control plays this no more")
        self._labels = {
            self.low: "minimum", self.high: "maximum", self.mode: "mode", self.curve: "curve",
            self.threshold: "threshold", self.takeover: "takeover", self.speed: "speed",
        }  # fmt: skip
        self._connect()
        self._lay_out()
        self.hide()

    def show_mapping(self, mapping: ControlMapping | None) -> None:
        """None: none is chosen. What is being typed is left alone."""
        old, self._mapping = self._mapping, mapping
        if mapping is not None and mapping != old:
            self._show_ends(mapping)
            self._show_answer(mapping)
            self._show_use(mapping)
            is_same = old is not None and old.identity == mapping.identity
            self.show_place(self._place if is_same else ControlPlace())
        self.setVisible(mapping is not None)

    @property
    def mapping(self) -> ControlMapping | None:
        """The chosen one."""
        return self._mapping

    def show_place(self, place: ControlPlace) -> None:
        """Where the control of the chosen mapping stands, and its target."""
        self._place, mapping = place, self._mapping
        if mapping is None:
            return
        has_line = why_no_curve(mapping) is None or why_no_threshold(mapping) is None
        self.graph.setVisible(has_line)
        if has_line:
            self.graph.show_mapping(mapping, place)

    @Slot()
    def keep_typed(self) -> None:
        """What the fields say now, as an edit; nothing where it is what they were given."""
        old = self._mapping
        if old is None:
            return
        new = old.model_copy(update=self._ends(old) | self._answer())
        if new != old:
            self.show_mapping(new)
            self.replaced.emit(old, new)

    def _show_ends(self, mapping: ControlMapping) -> None:
        scale = TARGETS[mapping.target].number_scale
        for field, end in zip((self.low, self.high), sorted(mapping.ends), strict=True):
            field.blockSignals(True)
            field.setDecimals(0 if scale.kind is int else 3)
            field.setRange(scale.minimum, scale.maximum)
            field.setSingleStep(scale.step)
            field.blockSignals(False)
            self._fill(field, end)
        self.inverted.setChecked(mapping.is_inverted)

    def _show_answer(self, mapping: ControlMapping) -> None:
        """How it answers a move or a press."""
        self.mode.setCurrentIndex(list(MODES).index(mapping.mode))
        self.curve.setCurrentIndex(list(CURVES).index(mapping.curve))
        self.takeover.setCurrentIndex(list(TAKEOVERS).index(mapping.takeover))
        self._fill(self.threshold, mapping.threshold * 100)
        self._fill(self.speed, mapping.speed)
        self.light.setChecked(mapping.has_feedback)

    def _show_use(self, mapping: ControlMapping) -> None:
        """What makes a difference, and what there is."""
        modes = cast("QStandardItemModel", self.mode.model())
        for row, mode in enumerate(MODES):
            modes.item(row).setEnabled(mode in modes_of(mapping))
        for field, why_not in (
            (self.mode, why_no_mode(mapping)),
            (self.curve, why_no_curve(mapping)),
            (self.threshold, why_no_threshold(mapping)),
        ):
            field.setEnabled(why_not is None)
            field.setToolTip(why_not or FIELDS[self._labels[field]].help)
        for widget, is_there in (
            (self.takeover, has_takeover(mapping)),
            (self.speed, has_speed(mapping)),
            (self.light, has_light(mapping)),
        ):
            widget.setVisible(is_there)
        self.takeover_label.setVisible(has_takeover(mapping))
        self.speed_label.setVisible(has_speed(mapping))

    def _connect(self) -> None:
        for field in (self.low, self.high):
            field.editingFinished.connect(self.keep_typed)
        for choice in (self.mode, self.curve, self.takeover):
            choice.activated.connect(self.keep_typed)
        for field in (self.threshold, self.speed):
            field.setKeyboardTracking(False)
            field.valueChanged.connect(self.keep_typed)
        for switch in (self.inverted, self.light):
            switch.clicked.connect(self.keep_typed)
        self.delete.clicked.connect(self._on_delete)

    def _lay_out(self) -> None:
        """Takeover and speed share a place: no control has both."""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        places = {
            self.low: (0, 0, 1), self.high: (0, 2, 1), self.mode: (1, 0, 1), self.curve: (2, 0, 1),
            self.threshold: (3, 0, 1), self.takeover: (4, 0, 3), self.speed: (4, 0, 3),
        }  # fmt: skip
        labels = {field: _label(name, field) for field, name in self._labels.items()}
        self.takeover_label, self.speed_label = labels[self.takeover], labels[self.speed]
        for field, (row, column, num_columns) in places.items():
            grid.addWidget(labels[field], row, column)
            grid.addWidget(field, row, column + 1, 1, num_columns)
        grid.addWidget(self.graph, 1, 2, 3, 2)
        grid.addWidget(self.light, 5, 0, 1, 4)
        grid.addWidget(self.inverted, 6, 0, 1, 3)
        grid.addWidget(self.delete, 6, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)

    def _ends(self, old: ControlMapping) -> dict[str, object]:
        low, high = sorted((self._told(self.low), self._told(self.high)))
        is_same = tuple(sorted(old.ends)) == (low, high)
        ends: dict[str, object] = {} if is_same else {"minimum": low, "maximum": high}
        return ends | {"is_inverted": self.inverted.isChecked()}

    def _answer(self) -> dict[str, object]:
        return {
            "mode": ControlMode(self.mode.currentData()),
            "curve": ControlCurve(self.curve.currentData()),
            "takeover": ControlTakeover(self.takeover.currentData()),
            "threshold": self._told(self.threshold) / 100,
            "speed": self._told(self.speed),
            "has_feedback": self.light.isChecked(),
        }

    def _fill(self, field: QDoubleSpinBox, value: float) -> None:
        """Nobody has typed it: no edit."""
        field.blockSignals(True)
        field.setValue(value)
        field.blockSignals(False)
        self._filled[field] = (value, field.value())

    def _told(self, field: QDoubleSpinBox) -> float:
        """What a field says; what it was given, to the last digit, where nobody has changed it."""
        given, shown = self._filled[field]
        return given if field.value() == shown else field.value()

    @Slot()
    def _on_delete(self) -> None:
        if self._mapping is not None:
            self.replaced.emit(self._mapping, None)


def mapping_line(mapping: ControlMapping) -> str:
    """A mapping in a performer's words."""
    return f"{mapping.control.label} → {TARGETS[mapping.target].label}"


def _number(
    name: str,
    minimum: float = 0.0,
    maximum: float = 1.0,
    decimals: int = 3,
    suffix: str = "",
) -> QDoubleSpinBox:
    """name: as in FIELDS."""
    field = QDoubleSpinBox(minimum=minimum, maximum=maximum, decimals=decimals, suffix=suffix)
    field.setAccessibleName(FIELDS[name].label)
    field.setToolTip(FIELDS[name].help)
    field.setMinimumWidth(LEAST_FIELD_PX)
    field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return field


def _choice(name: str, labels: Table[Any, str]) -> QComboBox:
    return combo_of(labels, FIELDS[name].label, FIELDS[name].help)


def _switch(name: str) -> QCheckBox:
    switch = QCheckBox(FIELDS[name].label)
    switch.setToolTip(FIELDS[name].help)
    return switch


def _label(name: str, field: QWidget) -> QLabel:
    label = QLabel(FIELDS[name].label)
    label.setBuddy(field)
    return label
