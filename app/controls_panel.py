"""Controllers: ports, Learn, what is mapped, what arrives. A side panel, hidden until wanted."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.control_link import ControlLink
from app.engine_names import TARGETS, ControlDesk, ControlMapping, ControlState, ShowSpec
from app.mapping_editor import MappingEditor, mapping_line
from app.scroll_column import ScrollColumn
from app.shortcuts import key_of

PANEL_PX = 300
USUAL_PORT = 9000
NUM_LINES = 6
LEAST_LIST_PX = 72
ENDING = f"{key_of('dismiss')} ends it."
DEED = "move the hardware or press a key"
LEARN_HELP = f"Click a slider, pad or button, or choose below; then {DEED}. {ENDING}"


class ControlsPanel(QFrame):
    """Signals: shown_changed(bool); learning_changed(bool): a click now chooses a target."""

    shown_changed = Signal(bool)
    learning_changed = Signal(bool)

    def __init__(self, controls: ControlLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("controlsPanel")
        self.setFixedWidth(PANEL_PX)
        self._controls = controls
        self._mappings: tuple[ControlMapping, ...] = ()
        self.midi, self.osc = QCheckBox("MIDI"), QCheckBox("OSC at port")
        self.gamepads = QCheckBox("Gamepads")
        self.port = QSpinBox(minimum=1, maximum=65535, value=USUAL_PORT)
        self.port.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.port.setAccessibleName("OSC port")
        self.port.setToolTip("Where OSC is heard, on this machine alone")
        self.states = _caption()
        self.learn = QPushButton("LEARN")
        self.learn.setCheckable(True)
        self.learn.setToolTip(f"{LEARN_HELP}   ({key_of('learn')})")
        self.hint = _caption()
        self.target = QComboBox()
        self.target.setPlaceholderText("Choose what is to be played")
        self.target.setAccessibleName("What is to be played")
        self.target.setToolTip(LEARN_HELP)
        for address, target in TARGETS.items():
            if target.scale is not None:
                self.target.addItem(target.label, address)
        self.list = QListWidget()
        self.list.setMinimumHeight(LEAST_LIST_PX)  # gives way before anything has to scroll
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.list.setWordWrap(True)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName("Mappings")
        self.list.setToolTip(
            "What the hardware plays. Edits can be undone and are saved with the set, "
            f"{key_of('save_set')}; a set without any leaves them as they are."
        )
        self.editor = MappingEditor()
        self.monitor = _caption()
        self._connect()
        self._lay_out()
        self._show_learning(False)

    @Slot(object)
    def show_show(self, show: ShowSpec) -> None:
        self.midi.setChecked(bool(show.midi))
        self.gamepads.setChecked(bool(show.gamepads))
        self.osc.setChecked(show.osc is not None)

    @Slot(object)
    def show_desk(self, desk: ControlDesk) -> None:
        """What the controllers do just now."""
        _say(self.states, "\n".join(map(_state_line, desk.states)) or "○ no port is open")
        lines = [f"{line.came}  {line.did}" for line in desk.monitor()[-NUM_LINES:]]
        _say(self.monitor, "\n".join(lines) or "nothing yet")
        if desk.learning is not None:
            self._hint(_waiting_line(desk.learning))
        if self.editor.mapping is not None:
            self.editor.show_place(desk.place_of(self.editor.mapping))

    @Slot(object)
    def show_mappings(self, mappings: tuple[ControlMapping, ...]) -> None:
        """Follow the set; the mapping that is chosen stays, and what is being typed of it."""
        self._mappings = mappings
        self.list.blockSignals(True)
        while self.list.count() > len(mappings):
            self.list.takeItem(self.list.count() - 1)
        for row, mapping in enumerate(mappings):
            if row == self.list.count():
                self.list.addItem("")
            self.list.item(row).setText(mapping_line(mapping))
        self.list.setCurrentRow(self._row_of(self.editor.mapping, self.list.currentRow()))
        self.list.blockSignals(False)
        self._show_chosen(self.list.currentRow())

    @Slot(object)
    def show_learned(self, mapping: ControlMapping) -> None:
        """Learning has come to its end: the new one can be edited at once."""
        self._show_learning(False)
        self.editor.keep_typed()
        self.list.setCurrentRow(self._row_of(mapping, self.list.currentRow()))
        self._hint(mapping_line(mapping))

    @Slot(str)
    def choose(self, address: str) -> None:
        """A target was clicked somewhere in the window."""
        self._hint(_waiting_line(address))
        self.target.setCurrentIndex(self.target.findData(address))
        self._controls.learn(address)

    def toggle_learning(self) -> None:
        """As if the button had been pressed; shows the panel."""
        self.show()
        self.learn.click()

    @property
    def is_learning(self) -> bool:
        """Whether a click chooses what is to be played, or the hardware is waited for."""
        return self.learn.isChecked()

    @Slot()
    def end_learning(self) -> None:
        """Nothing has been learned. Harmless when nothing is."""
        if self.is_learning:
            self._on_learn_clicked(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.end_learning()
        self.shown_changed.emit(False)

    def _connect(self) -> None:
        self.midi.clicked.connect(self._controls.set_midi)
        self.gamepads.clicked.connect(self._controls.set_gamepads)
        self.osc.clicked.connect(self._on_osc_clicked)
        self.port.editingFinished.connect(self._on_port_edited)
        self.learn.clicked.connect(self._on_learn_clicked)
        self.target.activated.connect(self._on_target_chosen)
        self.list.currentRowChanged.connect(self._show_chosen)
        self.editor.replaced.connect(self._controls.replace)

    def _lay_out(self) -> None:
        ports = QGridLayout()
        for place, widget in enumerate((self.midi, self.gamepads, self.osc, self.port)):
            ports.addWidget(widget, *divmod(place, 2))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        title = QLabel("Controls")
        title.setProperty("role", "title")
        column.addWidget(title)
        column.addLayout(ports)
        column.addWidget(self.states)
        for widget in (self.learn, self.hint, self.target):
            column.addWidget(widget)
        column.addWidget(_heading("Mappings, part of the set"))
        column.addWidget(self.list, 1)
        column.addWidget(self.editor)
        column.addWidget(_heading("What arrives"))
        self.monitor.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.monitor.setMinimumHeight(NUM_LINES * 16)
        column.addWidget(self.monitor)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(14, 10, 6, 10)
        whole.addWidget(ScrollColumn(inside))

    def _row_of(self, mapping: ControlMapping | None, otherwise: int) -> int:
        """Of the same control and target, wherever it stands now."""
        rows = (row for row, each in enumerate(self._mappings) if _is_same(each, mapping))
        return next(rows, otherwise)

    def _hint(self, text: str) -> None:
        _say(self.hint, text)
        self.hint.setVisible(bool(text))

    def _show_learning(self, is_learning: bool) -> None:
        self.learn.setChecked(is_learning)
        self._hint(LEARN_HELP if is_learning else "")
        self.target.setCurrentIndex(-1)
        self.target.setVisible(is_learning)
        self.learning_changed.emit(is_learning)

    @Slot(bool)
    def _on_learn_clicked(self, is_learning: bool) -> None:
        self._controls.cancel()
        self._show_learning(is_learning)

    @Slot(int)
    def _on_target_chosen(self, index: int) -> None:
        self.choose(self.target.itemData(index))

    @Slot(bool)
    def _on_osc_clicked(self, is_on: bool) -> None:
        self._controls.set_osc(self.port.value() if is_on else None)

    @Slot()
    def _on_port_edited(self) -> None:
        if self.osc.isChecked():
            self._controls.set_osc(self.port.value())

    @Slot(int)
    def _show_chosen(self, row: int) -> None:
        self.editor.show_mapping(self._mappings[row] if 0 <= row < len(self._mappings) else None)


def _is_same(one: ControlMapping, other: ControlMapping | None) -> bool:
    return other is not None and one.identity == other.identity


def _waiting_line(address: str) -> str:
    return f"{TARGETS[address].label}: now {DEED}. {ENDING}"


def _state_line(state: ControlState) -> str:
    if state.message:
        return f"▲ {state.message}"
    return f"● {state.name}" if state.is_open else f"◌ {state.name}"


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _caption() -> QLabel:
    label = QLabel(wordWrap=True)
    label.setProperty("role", "caption")
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _say(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)
