"""Model, size and accelerator as menus. Each choice is a rebuild: the old look plays on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QWidget

from app.cost_badge import MEANINGS
from app.engine_link import (
    AcceleratorChoice,
    Cost,
    EngineLink,
    ModelChoice,
    list_accelerators,
    list_models,
)
from app.theme import add_caption, icon

SIZES_PX = (
    (256, 256), (384, 216), (384, 384), (512, 288), (512, 512), (640, 360), (768, 432),
)  # fmt: skip
CHECKPOINT_FILTER = "Checkpoint (*.safetensors)"


class ModelMenu(QMenu):
    """Signal: spec_chosen(RenderSpec)."""

    spec_chosen = Signal(object)

    def __init__(self, link: EngineLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._models: Sequence[ModelChoice] = ()
        self._is_asking = False
        self.aboutToShow.connect(self.refresh)
        self.triggered.connect(self._on_triggered)

    @Slot()
    def refresh(self) -> None:
        """Fill with what is known, and ask in the background for what is on the disk."""
        self._fill()
        if not self._is_asking:
            self._is_asking = True
            self._link.ask(
                "looking for models", list_models, self._on_models_listed, self._on_not_listed
            )

    @Slot(object)
    def _on_models_listed(self, models: Sequence[ModelChoice]) -> None:
        self._is_asking = False
        self._models = models
        self._fill()

    def _fill(self) -> None:
        spec = self._link.show.render
        self.clear()
        add_caption(self, "Model")
        labels = {spec.model: model_label(spec.model)} | dict(self._models)
        for model, label in sorted(labels.items(), key=lambda item: item[0] != "house"):
            _add_choice(self, label, {"model": model}, model == spec.model)
        self.addAction(icon("folder-outline"), "Model folder …", self._choose_folder)
        self.addAction(icon("file-outline"), "Checkpoint file …", self._choose_checkpoint)
        self.addAction(icon("web"), "Hub name …", self._choose_hub_name)
        add_caption(self, "Size")
        present = (spec.width_px, spec.height_px)
        for size in sorted({*SIZES_PX, present}):
            wanted = {"width_px": size[0], "height_px": size[1]}
            _add_choice(self, f"{size[0]}×{size[1]}", wanted, size == present)
        self.addSeparator()
        self.addAction(f"■ {MEANINGS[Cost.REBUILD]}").setEnabled(False)

    @Slot(str)
    def _on_not_listed(self, sentence: str) -> None:
        self._is_asking = False
        self.addAction(sentence).setEnabled(False)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        """A choice carries what it changes in the spec; the others have slots of their own."""
        if action.data() is not None:
            self._emit(**action.data())

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
    def _choose_hub_name(self) -> None:
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Hub name")
        dialog.setLabelText("A diffusers model, for example stabilityai/sd-turbo")
        dialog.textValueSelected.connect(self._choose)
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

    def _emit(self, **changes: object) -> None:
        self.spec_chosen.emit(replace(self._link.show.render, **changes))  # type: ignore[arg-type]


class AcceleratorMenu(QMenu):
    """Signal: spec_chosen(RenderSpec). What can't be used says why."""

    spec_chosen = Signal(object)

    def __init__(self, link: EngineLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._link = link
        self._known: Sequence[AcceleratorChoice] = ()
        self._is_asking = False
        self.aboutToShow.connect(self.refresh)
        self.triggered.connect(self._on_triggered)

    @Slot()
    def refresh(self) -> None:
        self._fill()
        if not self._is_asking:
            self._is_asking = True
            self._link.ask(
                "looking for accelerators",
                list_accelerators,
                self._on_accelerators_listed,
                self._on_not_listed,
            )

    @Slot(object)
    def _on_accelerators_listed(self, known: Sequence[AcceleratorChoice]) -> None:
        self._is_asking = False
        self._known = known
        self._fill()

    def _fill(self) -> None:
        present = self._link.show.render.accelerator
        self.clear()
        _add_choice(self, "auto: the fastest here", "auto", present == "auto")
        for name, is_available, why_not in self._known:
            label = name if is_available else f"{name}: {why_not}"
            action = _add_choice(self, label, name, present == name)
            action.setEnabled(is_available)
        if not self._known:
            self.addAction("Looking at this machine …").setEnabled(False)
        self.addSeparator()
        self.addAction(f"■ {MEANINGS[Cost.REBUILD]}").setEnabled(False)

    @Slot(str)
    def _on_not_listed(self, sentence: str) -> None:
        self._is_asking = False
        self.addAction(sentence).setEnabled(False)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        name = action.data()
        self.spec_chosen.emit(replace(self._link.show.render, accelerator=name))


def model_label(model: str) -> str:
    """A model's name or path in short."""
    return "House model" if model == "house" else Path(model).name or model


def _add_choice(menu: QMenu, label: str, data: object, is_chosen: bool) -> QAction:
    action = menu.addAction(label)
    action.setData(data)
    action.setCheckable(True)
    action.setChecked(is_chosen)
    return action
