"""What every control of the look panel shares: label, cost, and the reason when it's inert."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QWidget

from app.cost_badge import MEANINGS, CostBadge
from app.elided_label import ElidedLabel
from app.engine_link import Parameter, StreamParams

LABEL_PX = 118
ROW_PX = 30


class ParameterRow(QWidget):
    """Label | control, or why it has no effect | cost.

    Subclasses build `control` and implement `show_value`. Signals: value_edited(name, value) when
    a person changes it; refused(sentence) when what was typed isn't allowed.
    """

    value_edited = Signal(str, object)
    refused = Signal(str)

    def __init__(
        self,
        parameter: Parameter,
        control: QWidget,
        trailing: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.control = control
        self.trailing = trailing
        self.label = QLabel(parameter.label)
        self.reason = ElidedLabel()
        self.cost = CostBadge(parameter.cost)
        self._places = QStackedWidget()
        self._lay_out()
        self.setToolTip(f"{parameter.help}\n{MEANINGS[parameter.cost]}\nDouble-click resets.")

    @property
    def is_inert(self) -> bool:
        return self._places.currentWidget() is self.reason

    def show_params(self, params: StreamParams) -> None:
        """Follow the engine: the value, and whether it has any effect just now."""
        self.show_value(getattr(params, self.parameter.name))
        self._show_inert(self.parameter.inert(params))

    def show_value(self, value: object) -> None:
        """Show a value without reporting it as an edit."""
        raise NotImplementedError

    def edit(self, value: object) -> None:
        """Report what a person chose."""
        self.value_edited.emit(self.parameter.name, value)

    def _lay_out(self) -> None:
        self.setFixedHeight(ROW_PX)
        self.label.setFixedWidth(LABEL_PX)
        self.label.setBuddy(self.control)
        self.reason.setProperty("inert", True)
        self.reason.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._places.addWidget(self.control)
        self._places.addWidget(self.reason)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.label)
        row.addWidget(self._places, 1)
        if self.trailing is not None:
            row.addWidget(self.trailing)
        row.addWidget(self.cost)

    def _show_inert(self, reason: str | None) -> None:
        if reason == (self.reason.text() if self.is_inert else None):
            return
        self.reason.setText(reason or "")
        self._places.setCurrentWidget(self.control if reason is None else self.reason)
        if self.trailing is not None:
            self.trailing.setEnabled(reason is None)
        self.label.setProperty("inert", reason is not None)
        self.label.style().polish(self.label)
        self.setAccessibleDescription(reason or "")
