"""Which rate of new pictures is held, with less effort where it must be."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from app.engine_names import ShowSpec
from app.shortcuts import key_of
from app.theme import add_caption

RATES_HZ = (10, 15, 20, 24, 25, 30, 50, 60)
MOST_HZ = 240
OFF = "Off: everything is painted as set"
HELP = (
    "Paints fewer steps, then smaller pictures, as far as the rate needs it, and goes back to what "
    "you have set as soon as there is room. Sliders, looks and sets stay as they are."
)


class HoldMenu(QMenu):
    """Signal: rate_chosen(Hz); 0 for none."""

    rate_chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Hold a rate", parent)
        self._rate_hz = 0.0
        self.setToolTipsVisible(True)
        self.setToolTip(f"{HELP}   ({key_of('hold')})")
        self.menuAction().setToolTip(self.toolTip())
        self._choices = QActionGroup(self)
        add_caption(self, "Hold so many new pictures a second")
        for rate_hz in (0, *RATES_HZ):
            self._add(f"{rate_hz}" if rate_hz else OFF, float(rate_hz))
        self.other = self.addAction("Another rate …", self._choose_other)
        self.triggered.connect(self._on_triggered)

    @Slot(object)
    def show_show(self, show: ShowSpec) -> None:
        """Check what is in force."""
        self._rate_hz = show.target_fps_hz
        for action in self._choices.actions():
            action.setChecked(action.data() == self._rate_hz)
        is_usual = self._rate_hz in (0.0, *RATES_HZ)
        self.other.setText("Another rate …" if is_usual else f"✓ {self._rate_hz:g} …")

    def _add(self, label: str, rate_hz: float) -> None:
        action = self.addAction(label)
        action.setData(rate_hz)
        action.setCheckable(True)
        action.setToolTip(HELP)
        self._choices.addAction(action)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        if action.data() is not None:
            self.rate_chosen.emit(action.data())

    @Slot()
    def _choose_other(self) -> None:
        """Not modal: the show can be reached while the dialog is open."""
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Hold a rate")
        dialog.setLabelText("New pictures a second")
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, MOST_HZ)
        dialog.setIntValue(round(self._rate_hz) or 30)
        dialog.intValueSelected.connect(self._on_other_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(int)
    def _on_other_chosen(self, rate_hz: int) -> None:
        self.rate_chosen.emit(float(rate_hz))
