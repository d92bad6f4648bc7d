"""One mapping: what it is in words, its ends, its curve, what counts as pressed, away."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from app.curve_graph import CurveGraph
from app.engine_names import (
    TARGETS,
    ControlCurve,
    ControlMapping,
    ControlMode,
    ControlPlace,
    modes_of,
    why_no_curve,
    why_no_mode,
    why_no_threshold,
)
from app.transition_editor import combo_of

GAP_PX = 6
MODES = {
    ControlMode.VALUE: "follows",
    ControlMode.TOGGLE: "changes over",
    ControlMode.MOMENTARY: "while held",
    ControlMode.RATE: "moves on",
}
CURVES = {
    ControlCurve.LINEAR: "straight",
    ControlCurve.FINE_START: "fine start",
    ControlCurve.FINE_END: "fine end",
    ControlCurve.S_CURVE: "S, fine ends",
}
MODE_HELP = (
    "follows: wherever the control is, from end to end.\n"
    "changes over: every press goes to the other end.\n"
    "while held: one end while it is pressed, the other one else.\n"
    "moves on: for as long as it is held, the further the faster; of gamepads."
)
CURVE_HELP = (
    "How the way of the control is spread over the range: evenly,\n"
    "with more room near its start, its end, or both."
)
THRESHOLD_HELP = (
    "From how far on, in hundredths of its way, the control counts as pressed;\n"
    "of a pad or key: how hard it must be hit."
)
INVERTED_HELP = "The top of the control gives the lower end of the range"


class MappingEditor(QWidget):
    """Hidden until a mapping is chosen. What makes no difference is grey and says why.

    Signal: replaced(old ControlMapping, new one or None for away), when a person changes it.
    """

    replaced = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mapping: ControlMapping | None = None
        self._place = ControlPlace()
        self.low, self.high = _end_field("From"), _end_field("To")
        self.mode = combo_of(MODES, "Mode", MODE_HELP)
        self.curve = combo_of(CURVES, "Curve", CURVE_HELP)
        self.threshold = QSpinBox(minimum=1, maximum=100, suffix=" %")
        self.threshold.setKeyboardTracking(False)
        self.threshold.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.threshold.setAccessibleName("Press at")
        self.threshold.setToolTip(THRESHOLD_HELP)
        self.graph = CurveGraph()
        self.inverted = QCheckBox("the other way round")
        self.inverted.setToolTip(INVERTED_HELP)
        self.delete = QPushButton("Delete")
        self.delete.setToolTip("The control plays this no more")
        self._connect()
        self._lay_out()
        self.hide()

    def show_mapping(self, mapping: ControlMapping | None) -> None:
        """None: none is chosen. What is being typed is left alone."""
        old, self._mapping = self._mapping, mapping
        if mapping is not None and mapping != old:
            self._show_ends(mapping)
            self._show_answer(mapping)
            is_same = old is not None and _identity(old) == _identity(mapping)
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

    def _show_ends(self, mapping: ControlMapping) -> None:
        scale = TARGETS[mapping.target].number_scale
        for field, end in zip((self.low, self.high), sorted(mapping.ends), strict=True):
            field.blockSignals(True)
            field.setDecimals(0 if scale.kind is int else 3)
            field.setRange(scale.minimum, scale.maximum)
            field.setSingleStep(scale.step)
            field.setValue(end)
            field.blockSignals(False)
        self.inverted.setChecked(mapping.is_inverted)

    def _show_answer(self, mapping: ControlMapping) -> None:
        """How it answers a move or a press."""
        modes = cast("QStandardItemModel", self.mode.model())
        for row, mode in enumerate(MODES):
            modes.item(row).setEnabled(mode in modes_of(mapping))
        self.mode.setCurrentIndex(list(MODES).index(mapping.mode))
        self.curve.setCurrentIndex(list(CURVES).index(mapping.curve))
        self.threshold.blockSignals(True)
        self.threshold.setValue(round(mapping.threshold * 100))
        self.threshold.blockSignals(False)
        for widget, help_text, why_not in (
            (self.mode, MODE_HELP, why_no_mode(mapping)),
            (self.curve, CURVE_HELP, why_no_curve(mapping)),
            (self.threshold, THRESHOLD_HELP, why_no_threshold(mapping)),
        ):
            widget.setEnabled(why_not is None)
            widget.setToolTip(why_not or help_text)

    def _connect(self) -> None:
        for field in (self.low, self.high):
            field.editingFinished.connect(self._on_edited)
        for combo in (self.mode, self.curve):
            combo.activated.connect(self._on_edited)
        self.threshold.valueChanged.connect(self._on_edited)
        self.inverted.clicked.connect(self._on_edited)
        self.delete.clicked.connect(self._on_delete)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        fields = (
            ("From", self.low, 0, 0), ("To", self.high, 0, 2), ("Mode", self.mode, 1, 0),
            ("Curve", self.curve, 2, 0), ("Press at", self.threshold, 3, 0),
        )  # fmt: skip
        for text, field, row, column in fields:
            label = QLabel(text)
            label.setBuddy(field)
            grid.addWidget(label, row, column)
            grid.addWidget(field, row, column + 1)
        grid.addWidget(self.graph, 1, 2, 3, 2)
        grid.addWidget(self.inverted, 4, 0, 1, 3)
        grid.addWidget(self.delete, 4, 3)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)

    @Slot()
    def _on_edited(self) -> None:
        old = self._mapping
        if old is None:
            return
        new = old.model_copy(update=self._ends(old) | self._answer(old))
        if new != old:
            self.show_mapping(new)
            self.replaced.emit(old, new)

    def _ends(self, old: ControlMapping) -> dict[str, object]:
        low, high = sorted((self.low.value(), self.high.value()))
        is_same = tuple(sorted(old.ends)) == (low, high)
        ends: dict[str, object] = {} if is_same else {"minimum": low, "maximum": high}
        return ends | {"is_inverted": self.inverted.isChecked()}

    def _answer(self, old: ControlMapping) -> dict[str, object]:
        percent = self.threshold.value()
        is_same = percent == round(old.threshold * 100)
        return {
            "mode": ControlMode(self.mode.currentData()),
            "curve": ControlCurve(self.curve.currentData()),
            "threshold": old.threshold if is_same else percent / 100,
        }

    @Slot()
    def _on_delete(self) -> None:
        if self._mapping is not None:
            self.replaced.emit(self._mapping, None)


def mapping_line(mapping: ControlMapping) -> str:
    """A mapping in a performer's words."""
    return f"{mapping.control.label} → {TARGETS[mapping.target].label}"


def _identity(mapping: ControlMapping) -> tuple[object, str]:
    """What stays the same while a mapping is edited."""
    return mapping.control, mapping.target


def _end_field(name: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setAccessibleName(name)
    field.setToolTip(f"{name}: the value at that end of the control's way")
    field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return field
