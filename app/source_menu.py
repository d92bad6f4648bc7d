"""Where pictures may come from, as a menu. Cameras are looked for when it opens, not before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.engine_link import EngineLink
from app.engine_names import CameraInfo, SourceCondition, Stats, list_webcams
from app.inquiry import Inquiry
from app.theme import icon

VIDEO_FILTER = "Video (*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.gif);;All files (*)"
IMAGE_FILTER = "Image (*.png *.jpg *.jpeg *.webp *.bmp *.tif *.tiff);;All files (*)"
FILES = ("file:", "image:")
MOST_RECENT = 10


class SourceMenu(QMenu):
    """Signal: source_chosen(uri)."""

    source_chosen = Signal(str)

    def __init__(self, link: EngineLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self.recent: list[str] = []  # URIs of files that have played, the newest first
        self._inquiry = Inquiry(link, "looking for cameras", self)
        self._inquiry.answered.connect(self._on_webcams_listed)
        self._inquiry.failed.connect(self._show_note)
        self._add(self, "Demo scene", "demo", "creation-outline")
        self.webcams = self.addMenu(icon("webcam"), "Webcam")
        self.addAction(icon("filmstrip"), "Video file …", self._choose_video)
        self.addAction(icon("image-outline"), "Image …", self._choose_image)
        self.recent_files = self.addMenu(icon("history"), "Recent files")
        self.screens = self.addMenu(icon("monitor-screenshot"), "Screen")
        self._add(self, "Test pattern", "pattern", "television-classic")
        self.aboutToShow.connect(self._refresh)
        self.triggered.connect(self._on_triggered)  # of the submenus too

    @Slot(object)
    def remember(self, stats: Stats) -> None:
        """A file counts once it plays."""
        uri, is_file = stats.source.uri, stats.source.uri.startswith(FILES)
        is_playing = stats.source.condition is SourceCondition.PLAYING
        if is_file and is_playing and self.recent[:1] != [uri]:
            self.recent = [uri, *(each for each in self.recent if each != uri)][:MOST_RECENT]

    @Slot()
    def _refresh(self) -> None:
        self.recent_files.clear()
        self.recent_files.setEnabled(bool(self.recent))
        for uri in self.recent:
            self._add(self.recent_files, source_label(uri), uri)
            self.recent_files.actions()[-1].setToolTip(uri.partition(":")[2])
        self.screens.clear()
        for number, screen in enumerate(QGuiApplication.screens()):
            size = screen.size()
            label = f"{screen.name()}   {size.width()}×{size.height()}"
            self._add(self.screens, label, f"screen:{number}")
        if self._inquiry.ask(list_webcams):
            self._show_note("Looking for cameras …")

    @Slot(object)
    def _on_webcams_listed(self, cameras: Sequence[CameraInfo]) -> None:
        self.webcams.clear()
        for camera in cameras:
            self._add(self.webcams, camera.name, f"webcam:{camera.index}")
        if not cameras:
            self._show_note("No camera found: plug one in and open this menu again")

    @Slot(str)
    def _show_note(self, text: str) -> None:
        self.webcams.clear()
        self.webcams.addAction(text).setEnabled(False)

    def _add(self, menu: QMenu, label: str, uri: str, icon_name: str = "") -> None:
        action = QAction(label, menu)
        if icon_name:
            action.setIcon(icon(icon_name))
        action.setData(uri)
        menu.addAction(action)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        if action.data():
            self.source_chosen.emit(action.data())

    @Slot()
    def _choose_video(self) -> None:
        self._ask_for_file("Video file", VIDEO_FILTER, self._on_video_chosen)

    @Slot()
    def _choose_image(self) -> None:
        self._ask_for_file("Image", IMAGE_FILTER, self._on_image_chosen)

    def _ask_for_file(self, title: str, filters: str, chosen: object) -> None:
        """Not modal: the show can be reached while the dialog is open."""
        dialog = QFileDialog(self.parentWidget(), title, str(Path.home()), filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setModal(False)
        dialog.fileSelected.connect(chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

    @Slot(str)
    def _on_video_chosen(self, path: str) -> None:
        self.source_chosen.emit(f"file:{path}")

    @Slot(str)
    def _on_image_chosen(self, path: str) -> None:
        self.source_chosen.emit(f"image:{path}")


def source_label(uri: str) -> str:
    """A source's URI in a performer's words, before the engine knows its name."""
    kind, _, rest = uri.partition(":")
    words = {"demo": "Demo scene", "pattern": "Test pattern", "webcam": "Webcam",
             "screen": "Screen"}  # fmt: skip
    if kind in words:
        return f"{words[kind]} {rest}".strip()
    return Path(rest).name or uri
