"""Model, size and accelerator as menus. Each choice is a rebuild: the old look plays on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from app.cost_badge import MEANINGS
from app.engine_link import EngineLink
from app.engine_names import (
    AcceleratorChoice,
    Cost,
    LoraSpec,
    ModelChoice,
    Precision,
    list_accelerators,
    list_models,
    with_model,
)
from app.inquiry import Inquiry
from app.lora_menu import LORA_FILTER, add_loras, ask_for_weight, with_lora, with_weight
from app.theme import add_caption, icon

SIZES_PX = (
    (256, 256), (384, 216), (384, 384), (512, 288), (512, 512), (640, 360), (768, 432),
)  # fmt: skip
NUM_USUAL = 3  # models of the list that stand in the menu itself; the others one level deeper
MORE_MODELS = "More models"
CHECKPOINT_FILTER = "Checkpoint (*.safetensors)"


class _SpecMenu(QMenu):
    """Shows what is known, and asks in the background for what is there now.

    Each choice carries what it changes in the spec. Signal: spec_chosen(RenderSpec).
    """

    spec_chosen = Signal(object)

    def __init__(self, link: EngineLink, question: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self._link = link
        self._known: Sequence[Any] = ()
        self._inquiry = Inquiry(link, question, self)
        self._inquiry.answered.connect(self._on_listed)
        self._inquiry.failed.connect(self._on_not_listed)
        self.aboutToShow.connect(self.refresh)
        self.triggered.connect(self._on_triggered)

    @Slot()
    def refresh(self) -> None:
        self._fill()
        self._inquiry.ask(self._list)

    def _list(self) -> Sequence[object]:
        """What there is; runs on a thread of its own."""
        raise NotImplementedError

    def _fill(self) -> None:
        """Make the menu anew from `_known`."""
        raise NotImplementedError

    @Slot(object)
    def _on_listed(self, known: Sequence[object]) -> None:
        self._known = known
        self._fill()

    @Slot(str)
    def _on_not_listed(self, sentence: str) -> None:
        self.addAction(sentence).setEnabled(False)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        """What isn't a choice has a slot of its own."""
        if action.data() is not None:
            self._emit(**action.data())

    def _emit(self, **changes: object) -> None:
        """Another model comes with its own size and without the first one's LoRAs."""
        present = self._link.show.render
        spec = with_model(present, str(changes.get("model", present.model)))
        self.spec_chosen.emit(replace(spec, **changes))  # type: ignore[arg-type]

    def _add_choice(
        self,
        label: str,
        changes: dict[str, object],
        is_chosen: bool,
        submenu: QMenu | None = None,
    ) -> QAction:
        action = (submenu or self).addAction(label)
        action.setData(changes)
        action.setCheckable(True)
        action.setChecked(is_chosen)
        return action

    def _add_cost(self) -> None:
        self.addSeparator()
        self.addAction(f"■ {MEANINGS[Cost.REBUILD]}").setEnabled(False)


class ModelMenu(_SpecMenu):
    """Models, LoRAs and sizes."""

    def __init__(self, link: EngineLink, parent: QWidget | None = None) -> None:
        super().__init__(link, "looking for models", parent)

    def _list(self) -> Sequence[ModelChoice]:
        return list_models()

    def _fill(self) -> None:
        spec = self._link.show.render
        self.clear()
        add_caption(self, "Model")
        self.setToolTipsVisible(True)
        present = ModelChoice(spec.model, model_label(spec.model))
        shown = {choice.model: choice for choice in (present, *self._known[:NUM_USUAL])}
        shown |= {choice.model: choice for choice in self._known if choice.model == spec.model}
        self._add_models(sorted(shown.values(), key=lambda choice: choice.model != "house"))
        others = [choice for choice in self._known if choice.model not in shown]
        if others:
            self._add_models(others, self.addMenu(MORE_MODELS))
        self.addAction(icon("folder-outline"), "Model folder …", self._choose_folder)
        self.addAction(icon("file-outline"), "Checkpoint file …", self._choose_checkpoint)
        self.addAction(icon("web"), "Hub name …", self._choose_hub_name)
        add_caption(self, "LoRAs")
        add_loras(self, spec.loras, self._ask_weight)
        self.addAction(icon("file-outline"), "Add a LoRA …", self._choose_lora)
        self.addAction(icon("web"), "Add a LoRA from the hub …", self._choose_hub_lora)
        self.addSeparator()
        present_px = (spec.width_px, spec.height_px)
        sizes = self.addMenu(f"Size · {present_px[0]}×{present_px[1]}")
        for size in sorted({*SIZES_PX, present_px}):
            wanted: dict[str, object] = {"width_px": size[0], "height_px": size[1]}
            self._add_choice(f"{size[0]}×{size[1]}", wanted, size == present_px, sizes)
        self._add_cost()

    def _add_models(self, choices: Sequence[ModelChoice], submenu: QMenu | None = None) -> None:
        present = self._link.show.render.model
        for choice in choices:
            is_chosen = choice.model == present
            wanted: dict[str, object] = {"model": choice.model}
            action = self._add_choice(choice.label, wanted, is_chosen, submenu)
            action.setToolTip(choice.details or choice.label)
        if submenu is not None:
            submenu.setToolTipsVisible(True)

    @Slot()
    def _choose_folder(self) -> None:
        dialog = QFileDialog(self.parentWidget(), "Model folder", str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._open(dialog)

    @Slot()
    def _choose_checkpoint(self) -> None:
        self._open(
            QFileDialog(self.parentWidget(), "Checkpoint", str(Path.home()), CHECKPOINT_FILTER)
        )

    @Slot()
    def _choose_lora(self) -> None:
        dialog = QFileDialog(self.parentWidget(), "LoRA", str(Path.home()), LORA_FILTER)
        dialog.fileSelected.connect(self._add_lora)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(str)
    def _add_lora(self, path: str) -> None:
        self._emit(loras=with_lora(self._link.show.render.loras, path))

    def _ask_weight(self, lora: LoraSpec) -> None:
        ask_for_weight(lora, partial(self._set_weight, lora.path), self.parentWidget())

    def _set_weight(self, path: str, weight: float) -> None:
        """Another list may have come while the weight was typed."""
        loras = self._link.show.render.loras
        paths = [lora.path for lora in loras]
        if path in paths:
            self._emit(loras=with_weight(loras, paths.index(path), weight))

    @Slot()
    def _choose_hub_name(self) -> None:
        self._ask_hub_name("A diffusers model, for example stabilityai/sd-turbo", self._choose)

    @Slot()
    def _choose_hub_lora(self) -> None:
        wanted = "A LoRA: owner/model, or owner/model/file.safetensors"
        self._ask_hub_name(wanted, self._add_hub_lora)

    @Slot(str)
    def _add_hub_lora(self, name: str) -> None:
        if name.strip():
            self._add_lora(name.strip())

    def _ask_hub_name(self, wanted: str, chosen: Callable[[str], None]) -> None:
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Hub name")
        dialog.setLabelText(wanted)
        dialog.textValueSelected.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    def _open(self, dialog: QFileDialog) -> None:
        dialog.setModal(False)
        dialog.fileSelected.connect(self._choose)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(str)
    def _choose(self, model: str) -> None:
        if model.strip():
            self._emit(model=model.strip())


class AcceleratorMenu(_SpecMenu):
    """Accelerators; what can't be used says why. Below them what else makes the model faster."""

    def __init__(self, link: EngineLink, hold_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(link, "looking for accelerators", parent)
        self._hold_menu = hold_menu
        self.setToolTipsVisible(True)

    def _list(self) -> Sequence[AcceleratorChoice]:
        return list_accelerators()

    def _fill(self) -> None:
        present = self._link.show.render.accelerator
        self.clear()
        self._add_choice("auto: the fastest here", {"accelerator": "auto"}, present == "auto")
        for name, is_available, why_not in self._known:
            label = name if is_available else f"{name}: {why_not}"
            action = self._add_choice(label, {"accelerator": name}, present == name)
            action.setEnabled(is_available)
        if not self._known:
            self.addAction("Looking at this machine …").setEnabled(False)
        self.addSeparator()
        self._add_eight_bits()
        self._add_cost()
        self.addSeparator()
        self.addMenu(self._hold_menu)

    def _add_eight_bits(self) -> None:
        is_on = self._link.show.render.precision is Precision.EIGHT_BIT
        other = Precision.AUTO if is_on else Precision.EIGHT_BIT
        action = self._add_choice("8-bit decoder", {"precision": other}, is_on)
        action.setToolTip("The house model on a processor: faster, and less exact.")


def model_label(model: str) -> str:
    """A model's name or path in short."""
    return "House model" if model == "house" else Path(model).name or model
