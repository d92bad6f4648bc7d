"""The LoRAs in the model, each with its weight, as entries of the model menu.

Every entry carries the whole list as it would be then: `{"loras": ...}`, a change of the spec.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from app.engine_names import LoraSpec

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
OTHER_WEIGHT = "Another weight …"
LORA_FILTER = "LoRA (*.safetensors)"

Loras = tuple[LoraSpec, ...]


def add_loras(menu: QMenu, loras: Loras, ask_weight: Callable[[LoraSpec], None]) -> None:
    """One submenu for each LoRA: its weights, one to be typed, and an entry that takes it out."""
    for index, lora in enumerate(loras):
        submenu = menu.addMenu(f"{PurePath(lora.path).stem} · {lora.scale:g}")
        for weight in sorted({*WEIGHTS, lora.scale}):
            action = submenu.addAction(f"{weight:g}")
            action.setCheckable(True)
            action.setChecked(weight == lora.scale)
            action.setData({"loras": with_weight(loras, index, weight)})
        submenu.addAction(OTHER_WEIGHT, partial(ask_weight, lora))
        submenu.addSeparator()
        submenu.addAction("Take out").setData({"loras": (*loras[:index], *loras[index + 1 :])})


def with_weight(loras: Loras, index: int, weight: float) -> Loras:
    """The list with another weight in one place."""
    return (*loras[:index], replace(loras[index], scale=weight), *loras[index + 1 :])


def ask_for_weight(lora: LoraSpec, chosen: Callable[[float], None], parent: QWidget | None) -> None:
    """A dialog for a weight in hundredths. Not modal: the show can be reached meanwhile."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle("Weight of a LoRA")
    dialog.setLabelText(f"{PurePath(lora.path).stem}, {WEIGHTS[0]:g} to {WEIGHTS[-1]:g}")
    dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
    dialog.setDoubleRange(WEIGHTS[0], WEIGHTS[-1])
    dialog.setDoubleDecimals(2)
    dialog.setDoubleStep(0.05)
    dialog.setDoubleValue(lora.scale)
    dialog.doubleValueSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.show()


def with_lora(loras: Loras, path: str) -> Loras:
    """The list with one more at full weight; one that is there already stays as it is."""
    is_there = path in [lora.path for lora in loras]
    return loras if is_there else (*loras, LoraSpec(path))
