"""What every control of the look panel shares: label, cost, and the reason when it's inert."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QWidget

from app.cost_badge import MEANINGS, CostBadge
from app.engine_names import Parameter, StreamParams, why_not_movable
from app.theme import set_state

LABEL_PX = 118
ROW_PX = 28


class ParameterRow(QWidget):
    """Label | control, or why it has no effect | cost.

    Subclasses build `control` and implement `show_value`. Signals: value_edited(name, value) when
    a person changes it; refused(sentence) when what was typed isn't allowed;
    modulation_wanted(name, place on the screen) on a right click.
    """

    value_edited = Signal(str, object)
    refused = Signal(str)
    modulation_wanted = Signal(str, QPoint)

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
        self.reason = QLabel(wordWrap=True)
        self.cost = CostBadge(parameter.cost)
        self._why_inert: str | None = None
        self._why_unused: str | None = None
        self._places = QStackedWidget()
        self._lay_out()
        self.setToolTip(f"{parameter.help}\n{MEANINGS[parameter.cost]}\nDouble-click resets.")

    @property
    def is_inert(self) -> bool:
        return self._places.currentWidget() is self.reason

    def show_params(self, params: StreamParams) -> None:
        """Follow the engine: the value, and whether it has any effect just now."""
        self.show_value(getattr(params, self.parameter.name))
        self._why_inert = self.parameter.inert(params)
        self._show_inert(self._why_unused or self._why_inert)

    def show_unused(self, reason: str | None) -> None:
        """Why the model that plays makes no use of it; None: it does."""
        self._why_unused = reason
        self._show_inert(self._why_unused or self._why_inert)

    def show_moved(self, value: object | None) -> None:
        """What the last tick painted with; None when nothing moves it. Only sliders show it."""

    def want_modulation(self, place: QPoint) -> None:
        """Ask for the editor of what moves this parameter, or say why nothing can."""
        why_not = why_not_movable(self.parameter.name)
        if why_not:
            self.refused.emit(why_not[:1].upper() + why_not[1:] + ".")
        else:
            self.modulation_wanted.emit(self.parameter.name, place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.want_modulation(event.globalPos())
        event.accept()

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
        self.reason.setProperty("state", "inert")
        self.reason.setProperty("role", "caption")
        self.reason.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._places.addWidget(self._active_part())
        self._places.addWidget(self.reason)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.label)
        row.addWidget(self._places, 1)
        row.addWidget(self.cost)

    def _active_part(self) -> QWidget:
        if self.trailing is None:
            return self.control
        part = QWidget()
        row = QHBoxLayout(part)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.control, 1)
        row.addWidget(self.trailing)
        return part

    def _show_inert(self, reason: str | None) -> None:
        if reason == (self.reason.text() if self.is_inert else None):
            return
        self.reason.setText(reason or "")
        self._places.setCurrentIndex(0 if reason is None else 1)
        set_state(self.label, "" if reason is None else "inert")
        self.setAccessibleDescription(reason or "")
