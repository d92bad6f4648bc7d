"""One mapping: what it is in words, the ends it moves between, the other way round, away."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QLabel, QPushButton, QWidget

from app.engine_names import TARGETS, ControlMapping


class MappingEditor(QWidget):
    """Hidden until a mapping is chosen.

    Signal: replaced(old ControlMapping, new one or None for away).
    """

    replaced = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mapping: ControlMapping | None = None
        self.low, self.high = _field("From"), _field("To")
        self.inverted = QCheckBox("the other way round")
        self.delete = QPushButton("Delete")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        for column, (label, field) in enumerate((("From", self.low), ("To", self.high))):
            grid.addWidget(QLabel(label), 0, 2 * column)
            grid.addWidget(field, 0, 2 * column + 1)
            field.editingFinished.connect(self._on_edited)
        grid.addWidget(self.inverted, 1, 0, 1, 3)
        grid.addWidget(self.delete, 1, 3)
        self.inverted.clicked.connect(self._on_edited)
        self.delete.clicked.connect(self._on_delete)
        self.hide()

    def show_mapping(self, mapping: ControlMapping | None) -> None:
        """None: none is chosen."""
        self._mapping = mapping
        self.setVisible(mapping is not None)
        if mapping is None:
            return
        scale = TARGETS[mapping.target].number_scale
        low, high = sorted(mapping.ends)
        for field, end in ((self.low, low), (self.high, high)):
            field.setDecimals(0 if scale.kind is int else 3)
            field.setRange(scale.minimum, scale.maximum)
            field.setSingleStep(scale.step)
            field.setValue(end)
        self.inverted.setChecked(mapping.is_inverted)

    @Slot()
    def _on_edited(self) -> None:
        old = self._mapping
        if old is None:
            return
        low, high = sorted((self.low.value(), self.high.value()))
        ends = {"minimum": low, "maximum": high, "is_inverted": self.inverted.isChecked()}
        new = old.model_copy(update=ends)
        if new.ends != old.ends:
            self._mapping = new
            self.replaced.emit(old, new)

    @Slot()
    def _on_delete(self) -> None:
        if self._mapping is not None:
            self.replaced.emit(self._mapping, None)


def mapping_line(mapping: ControlMapping) -> str:
    """A mapping in a performer's words."""
    control = mapping.control
    names = {"key": getattr(control, "key", ""), "osc": getattr(control, "address", "")}
    name = names.get(str(control.kind)) or str(getattr(control, "number", ""))
    device = getattr(control, "device", "")
    kind = str(control.kind).replace("_", " ")
    return f"{device} {kind} {name} → {TARGETS[mapping.target].label}".strip()


def _field(name: str) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setAccessibleName(name)
    field.setToolTip(f"{name}: the value at that end of the control's way")
    field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return field
