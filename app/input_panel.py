"""The input, small; what the source negotiated; where the output goes; what it all costs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.engine_names import FitMode, ShowSpec, SinkState, SourceCondition, SourceState, Stats
from app.outputs import RECORD, VIRTUAL_CAMERA
from app.picture_view import PictureView
from app.scroll_column import ScrollColumn
from app.sound_panel import SoundPanel
from app.source_menu import SourceMenu, source_label
from app.theme import set_state
from app.timing_list import TimingList

PANEL_PX = 224
PICTURE_PX = 168
LEAST_PICTURE_PX = 48
FIT_HELP = {
    FitMode.CROP: "Fill the model's picture; the edges are cut",
    FitMode.FIT: "The whole picture, with bars",
    FitMode.STRETCH: "The whole picture, out of proportion",
}

SHAPES = {
    SourceCondition.OPENING: "◌",
    SourceCondition.PLAYING: "●",
    SourceCondition.FROZEN: "◆",
    SourceCondition.LOST: "▲",
    SourceCondition.ENDED: "■",
}


class InputPanel(QFrame):
    """Signal: fit_chosen(FitMode)."""

    fit_chosen = Signal(object)

    def __init__(
        self,
        source_menu: SourceMenu,
        output_menu: QMenu,
        sound: SoundPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setFixedWidth(PANEL_PX)
        self.picture = PictureView("Input", "no input yet")
        self.picture.setMinimumHeight(LEAST_PICTURE_PX)
        self.picture.setMaximumHeight(PICTURE_PX)
        self.source_name = _line("title")
        self.source_format = _line("caption")
        self.fits = QButtonGroup(self)
        self.sound = sound
        self.sinks = SinkList()
        self.timings = TimingList()
        self._lay_out(source_menu, output_menu)

    @Slot(object)
    def show_stats(self, stats: Stats) -> None:
        source = stats.source
        info = source.info
        _say(self.source_name, info.name if info else source_label(source.uri), "")
        _say(self.source_format, source_line(source), "warning" if source.message else "")
        self.sinks.show_states(stats.sinks)
        self.timings.show_stats(stats)

    @Slot(object)
    def show_show(self, show: ShowSpec) -> None:
        self.fits.button(list(FitMode).index(show.fit)).setChecked(True)

    def _lay_out(self, source_menu: SourceMenu, output_menu: QMenu) -> None:
        self.change = _menu_button("Change source …", source_menu)
        self.outputs = _menu_button("Output settings …", output_menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        column.addWidget(_heading("Input"))
        column.addWidget(self.picture, 4)
        column.addWidget(self.source_name)
        column.addWidget(self.source_format)
        column.addWidget(self.change)
        column.addLayout(self._fit_row())
        column.addWidget(self._lower_part(), 5)

    def _lower_part(self) -> ScrollColumn:
        """Scrolls when an output has a long story to tell in a low window."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 2, 4, 0)
        column.setSpacing(6)
        column.addWidget(self.sound)
        column.addWidget(_heading("Outputs"))
        column.addWidget(self.sinks)
        column.addWidget(self.outputs)
        column.addStretch(1)
        column.addWidget(_heading("Time per picture"))
        column.addWidget(self.timings)
        return ScrollColumn(inside)

    def _fit_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(3)
        for number, fit in enumerate(FitMode):
            button = QPushButton(str(fit))
            button.setCheckable(True)
            button.setProperty("role", "segment")
            button.setToolTip(FIT_HELP[fit])
            self.fits.addButton(button, number)
            row.addWidget(button, 1)
        self.fits.idClicked.connect(self._on_fit_clicked)
        return row

    @Slot(int)
    def _on_fit_clicked(self, number: int) -> None:
        self.fit_chosen.emit(list(FitMode)[number])


class SinkList(QLabel):
    """One line per output: a shape, its name, and why not where it can't."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "caption")
        self.show_states(())

    def show_states(self, states: tuple[SinkState, ...]) -> None:
        text = "\n".join(sink_line(state) for state in states) or "○ this window only"
        if text != self.text():
            self.setText(text)


def source_line(state: SourceState) -> str:
    """How a source is doing: a shape, a word, and what was negotiated or what is wrong."""
    detail = state.message or (state.info.description if state.info else "")
    return f"{SHAPES[state.condition]} {state.condition}{': ' if detail else ' …'}{detail}"


def sink_line(state: SinkState) -> str:
    """An output's state in words."""
    name = state.name or sink_label(state.uri)
    if state.message:
        return f"▲ {name}: {state.message}"
    return f"● {name}" if state.is_open else f"◌ {name}: opening …"


def sink_label(uri: str) -> str:
    """An output's URI in words, before it has a name."""
    if uri.startswith(RECORD):
        return "Recording"
    return "Virtual camera" if uri.startswith(VIRTUAL_CAMERA) else uri


def _menu_button(text: str, menu: QMenu) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _line(role: str) -> QLabel:
    label = QLabel(wordWrap=True)
    label.setProperty("role", role)
    return label


def _say(label: QLabel, text: str, state: str) -> None:
    if label.text() != text:
        label.setText(text)
    set_state(label, state)
