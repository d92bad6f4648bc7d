"""The first-run screen: camera, model, virtual camera. Lies over the window; the show plays on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.engine_link import EngineLink
from app.engine_names import (
    CameraInfo,
    ModelChoice,
    RenderInfo,
    camera_advice,
    list_models,
    list_webcams,
    virtual_camera_advice,
    with_model,
)
from app.inquiry import Inquiry
from app.outputs import Outputs
from app.shortcuts import key_of
from app.theme import text_scale
from app.welcome_step import LOOKING, Finding, WelcomeStep

WIDTH_PX, EDGE_PX = 760, 20
FOR_A_GPU = "sd-turbo"
AGAIN = "Look again"


class Welcome(QFrame):
    """Nothing is changed before a button is pressed. Signal: closed."""

    closed = Signal()

    def __init__(self, link: EngineLink, outputs: Outputs, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.was_opened = False
        self._link, self._outputs, self._over = link, outputs, parent
        self._cameras: Sequence[CameraInfo] = ()
        self._for_gpu: ModelChoice | None = None
        self._is_gpu_model_offered = self._is_virtual_camera_ready = False
        self.camera = WelcomeStep("Camera", f"What is painted. {key_of('source')} changes it.")
        self.model = WelcomeStep("Model", f"What paints. {key_of('model')} changes it.")
        self.virtual_camera = WelcomeStep(
            "Virtual camera",
            f"The painted picture as a camera for Zoom, OBS and others. {key_of('virtual_camera')} "
            "switches it.",
        )
        self.done = QPushButton("Play")
        self.done.setProperty("role", "output")
        self.done.setToolTip(f"Close this; {key_of('welcome')} opens it again   (Esc)")
        self._lay_out()
        self._connect()
        self.hide()

    @Slot()
    def toggle(self) -> None:
        if self.isVisible():
            self.close_screen()
        else:
            self.open_screen()

    @Slot()
    def open_screen(self) -> None:
        """Look around anew, and lie over the middle of the window."""
        self.was_opened = True
        self._look_for_cameras()
        self._show(self.model, LOOKING)
        self._looking_for_models.ask(list_models)
        self._try_virtual_camera()
        self.show()
        self.place()
        self.raise_()
        self.done.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def close_screen(self) -> None:
        self.hide()
        self.closed.emit()

    @property
    def steps(self) -> tuple[WelcomeStep, ...]:
        return (self.camera, self.model, self.virtual_camera)

    def place(self) -> None:
        """In the middle, as high as its words need."""
        area = self._over.rect()
        width_px = min(round(WIDTH_PX * text_scale()), area.width() - 2 * EDGE_PX)
        layout = self.layout()
        needed_px = layout.totalHeightForWidth(width_px) if layout else 0
        self.resize(width_px, min(needed_px, area.height() - 2 * EDGE_PX))
        self.move(area.center() - self.rect().center())

    def _connect(self) -> None:
        self._looking_for_cameras = self._inquiry(
            "looking for cameras", self._on_cameras_listed, self._on_no_cameras
        )
        self._looking_for_models = self._inquiry(
            "looking for models", self._on_models_listed, self._on_no_models
        )
        self._looking_for_virtual_camera = self._inquiry(
            "trying the virtual camera", self._on_virtual_camera_tried, self._on_no_virtual_camera
        )
        self.camera.used.connect(self._use_camera)
        self.model.used.connect(self._use_model)
        self.virtual_camera.used.connect(self._use_virtual_camera)
        self._outputs.virtual_camera_changed.connect(self._on_virtual_camera_changed)
        self._link.info_changed.connect(self._show_model)
        self.done.clicked.connect(self.close_screen)

    def _inquiry(self, name: str, answered: object, failed: object) -> Inquiry:
        inquiry = Inquiry(self._link, name, self)
        inquiry.answered.connect(answered)
        inquiry.failed.connect(failed)
        return inquiry

    # ---- camera

    def _look_for_cameras(self) -> None:
        self._show(self.camera, LOOKING)
        self._looking_for_cameras.ask(list_webcams)

    @Slot(object)
    def _on_cameras_listed(self, cameras: Sequence[CameraInfo]) -> None:
        self._cameras = cameras
        _, sentence, fix = camera_advice(cameras)
        use = f"Use {cameras[0].name[:24]}" if cameras else AGAIN
        self._show(self.camera, Finding("●" if cameras else "▲", sentence, fix, use))

    @Slot(str)
    def _on_no_cameras(self, sentence: str) -> None:
        self._show(self.camera, Finding("▲", sentence, use=AGAIN))

    @Slot()
    def _use_camera(self) -> None:
        if not self._cameras:
            self._look_for_cameras()
            return
        self._link.set_source(f"webcam:{self._cameras[0].index}")
        self.camera.show_done(f"{self._cameras[0].name} is the source.")

    # ---- model

    @Slot(object)
    def _on_models_listed(self, models: Sequence[ModelChoice]) -> None:
        self._for_gpu = next((each for each in models if each.model == FOR_A_GPU), None)
        self._show_model(self._link.info)

    @Slot(str)
    def _on_no_models(self, sentence: str) -> None:
        self._show(self.model, Finding("▲", sentence))

    @Slot(object)
    def _show_model(self, info: RenderInfo | None) -> None:
        if info is not None:
            offered = self._for_gpu if is_on_gpu(info) else None
            self._is_gpu_model_offered = offered is not None
            self._show(self.model, model_finding(info, offered))

    @Slot()
    def _use_model(self) -> None:
        if not self._is_gpu_model_offered:
            self.model.show_done("It stays.")
            return
        self._link.load(with_model(self._link.show.render, FOR_A_GPU))
        self.model.show_done("It is on its way; the present look plays on until it is ready.")

    # ---- virtual camera

    def _try_virtual_camera(self) -> None:
        """Opens and closes it, unless it is in use."""
        if self._outputs.virtual_camera_uri:
            self._on_virtual_camera_changed(True)
            return
        self._show(self.virtual_camera, LOOKING)
        device = self._outputs.virtual_camera_device or None
        self._looking_for_virtual_camera.ask(partial(virtual_camera_advice, device))

    @Slot()
    def _use_virtual_camera(self) -> None:
        if self._is_virtual_camera_ready:
            self._outputs.toggle_virtual_camera()
        else:
            self._try_virtual_camera()

    @Slot(object)
    def _on_virtual_camera_tried(self, advice: tuple[bool, str, str]) -> None:
        is_ready, sentence, fix = advice
        self._is_virtual_camera_ready = is_ready
        shape, use = ("●", "Turn it on") if is_ready else ("▲", AGAIN)
        what = sentence.removesuffix(f": {fix}.")  # it has a line of its own here
        self._show(self.virtual_camera, Finding(shape, what, fix, use))

    @Slot(str)
    def _on_no_virtual_camera(self, sentence: str) -> None:
        self._show(self.virtual_camera, Finding("▲", sentence, use=AGAIN))

    @Slot(bool)
    def _on_virtual_camera_changed(self, is_on: bool) -> None:
        if is_on:
            self.virtual_camera.show_done("It is on: pick it in the other program now.")

    def _show(self, step: WelcomeStep, finding: Finding) -> None:
        step.show_finding(finding)
        if self.isVisible():
            self.place()

    def _lay_out(self) -> None:
        title = QLabel("Welcome to Reverie")
        title.setProperty("role", "title")
        hint = QLabel(
            "The show plays already. Three things make it yours; skip what you don't need.",
            wordWrap=True,
        )
        hint.setProperty("role", "caption")
        foot = QHBoxLayout()
        foot.addWidget(hint, 1)
        foot.addWidget(self.done)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        for widget in (title, *self.steps):
            column.addWidget(widget)
        column.addLayout(foot)


def is_on_gpu(info: RenderInfo) -> bool:
    """Whether a larger model would be fast here."""
    return "CPU" not in info.device.upper()


def model_finding(info: RenderInfo, offered: ModelChoice | None) -> Finding:
    """What plays, and whether this machine could do more."""
    plays = f"{info.model_name} plays on {info.device}."
    if offered is None:
        advice = "It suits every machine; larger models want a graphics card."
        return Finding("●", plays, advice, "Keep it")
    return Finding("●", plays, f"{offered.label}: {offered.details}.", f"Load {offered.label}")
