"""What moves one slider by itself: source, amount, speed, smoothing. Every change plays at once."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.engine_names import PARAMETERS, Matrix, Route
from app.modulation_choices import (
    SOURCES,
    SPEEDS,
    has_speed,
    route_of,
    source_index,
    speed_index,
    with_route,
    with_source,
    with_speed,
)

WIDTH_PX = 330
NOTHING = "nothing"
HELP = {
    "Moved by": "What moves this parameter by itself",
    "Speed": "How fast it moves, in beats or seconds",
    "Amount": "How far, as a share of the slider's travel; the slider stays the centre",
    "Smoothing": "How softly it follows",
}


class ModulationEditor(QFrame):
    """Pops up over the window and goes with a click beside it, or Escape.

    Signal: matrix_edited(Matrix), whole.
    """

    matrix_edited = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("modulationEditor")
        self.setFixedWidth(WIDTH_PX)
        self._name = ""
        self._matrix: Matrix = ()
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.source = _combo("Moved by", [NOTHING, *(label for label, _ in SOURCES)])
        self.speed = _combo("Speed", [label for label, _ in SPEEDS])
        self.amount, self.amount_text = _slider("Amount", -100, 100), QLabel()
        self.smoothing, self.smoothing_text = _slider("Smoothing", 0, 200), QLabel()
        self.off = QPushButton("Off")
        self._connect()
        self._lay_out()

    @Slot(str, QPoint)
    def open_for(self, name: str, place: QPoint) -> None:
        """place: on the screen."""
        self._name = name
        self.title.setText(f"{PARAMETERS[name].label} moves by itself")
        self._show_route()
        self.adjustSize()
        screen = self.screen().availableGeometry()
        left = min(place.x(), screen.right() - self.width())
        self.move(left, min(place.y(), screen.bottom() - self.height()))
        self.show()
        self.source.setFocus()

    @Slot(object)
    def show_matrix(self, matrix: Matrix) -> None:
        """Follow the look on air."""
        if matrix != self._matrix:
            self._matrix = matrix
            self._show_route()

    @property
    def _route(self) -> Route | None:
        return route_of(self._matrix, self._name)

    def _show_route(self) -> None:
        """Only what a person does is reported: `activated` and `sliderMoved` don't hear this."""
        route = self._route
        self.source.setCurrentIndex(0 if route is None else source_index(route) + 1)
        self.speed.setCurrentIndex(-1 if route is None else speed_index(route))
        self.speed.setEnabled(route is not None and has_speed(route))
        self._show_number(self.amount, 0 if route is None else round(route.amount * 100))
        self._show_number(self.smoothing, 0 if route is None else round(route.release_s * 100))
        self.amount_text.setText(f"{self.amount.value():+d} %")
        self.smoothing_text.setText(f"{self.smoothing.value() / 100:.2f} s")
        for widget in (self.amount, self.smoothing, self.off):
            widget.setEnabled(route is not None)

    def _show_number(self, slider: QSlider, number: int) -> None:
        slider.blockSignals(True)
        slider.setValue(number)
        slider.blockSignals(False)

    def _connect(self) -> None:
        self.source.activated.connect(self._on_source_chosen)
        self.speed.activated.connect(self._on_speed_chosen)
        self.amount.valueChanged.connect(self._on_amount_moved)
        self.smoothing.valueChanged.connect(self._on_smoothing_moved)
        self.off.clicked.connect(self._on_off)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        rows = (
            ("Moved by", self.source, None),
            ("Amount", self.amount, self.amount_text),
            ("Speed", self.speed, None),
            ("Smoothing", self.smoothing, self.smoothing_text),
        )
        for number, (label, control, text) in enumerate(rows):
            grid.addWidget(QLabel(label), number, 0)
            grid.addWidget(control, number, 1, 1, 2 if text is None else 1)
            if text is not None:
                text.setFixedWidth(56)
                text.setAlignment(Qt.AlignmentFlag.AlignRight)
                grid.addWidget(text, number, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addLayout(grid)
        column.addWidget(self.off)

    @Slot(int)
    def _on_source_chosen(self, index: int) -> None:
        self._play(None if index == 0 else with_source(self._route, self._name, index - 1))

    @Slot(int)
    def _on_speed_chosen(self, index: int) -> None:
        if self._route is not None:
            self._play(with_speed(self._route, index))

    @Slot(int)
    def _on_amount_moved(self, percent: int) -> None:
        if self._route is not None:
            self._play(self._route.model_copy(update={"amount": percent / 100}))

    @Slot(int)
    def _on_smoothing_moved(self, hundredths: int) -> None:
        """The same up and down; a file may say them apart."""
        if self._route is not None:
            times = {"attack_s": hundredths / 100, "release_s": hundredths / 100}
            self._play(self._route.model_copy(update=times))

    @Slot()
    def _on_off(self) -> None:
        self._play(None)

    def _play(self, route: Route | None) -> None:
        matrix = with_route(self._matrix, self._name, route)
        self.show_matrix(matrix)
        self._show_route()
        self.matrix_edited.emit(matrix)


def _combo(name: str, labels: list[str]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(HELP[name])
    box.addItems(labels)
    return box


def _slider(name: str, least: int, most: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setAccessibleName(name)
    slider.setToolTip(HELP[name])
    slider.setRange(least, most)
    slider.setPageStep(10)
    return slider
