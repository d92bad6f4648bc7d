"""Recording and virtual camera: what was asked for, what really runs, for how long."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot

from app.engine_link import EngineLink
from app.engine_names import SinkState, Stats

VIRTUAL_CAMERA = "vcam"
RECORD, RECORD_SHOW = "record:", "show:"
# What stands on the button beside the time.
WORDS = {RECORD: "REC", RECORD_SHOW: "SHOW"}


class Outputs(QObject):
    """Turns sinks on and off by what they are for. Thread: main.

    One recording at a time: the film of the output, or the whole show, which has that film in it.

    Signals: recording_changed(bool); virtual_camera_changed(bool); recording_timed(seconds, word)
    at 4 Hz; changed: another folder or device; noticed(sentence) for good news; refused(sentence)
    for what can't be done.
    """

    recording_changed = Signal(bool)
    virtual_camera_changed = Signal(bool)
    recording_timed = Signal(float, str)
    changed = Signal()
    noticed = Signal(str)
    refused = Signal(str)

    def __init__(
        self,
        link: EngineLink,
        recordings_folder: Path,
        virtual_camera_device: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.recordings_folder = recordings_folder
        self.virtual_camera_device = virtual_camera_device
        self._link = link
        self._since_start = QElapsedTimer()
        link.show_changed.connect(self._on_show_changed)
        link.stats_arrived.connect(self._on_stats_arrived)
        link.running_changed.connect(self._on_running_changed)

    @property
    def recording_uri(self) -> str:
        """The recording that was asked for, of either kind; empty when none."""
        return next((uri for uri in self._link.show.sinks if _kind(uri) in WORDS), "")

    @property
    def is_recording_show(self) -> bool:
        return _kind(self.recording_uri) == RECORD_SHOW

    @property
    def virtual_camera_uri(self) -> str:
        return next((uri for uri in self._link.show.sinks if uri.startswith(VIRTUAL_CAMERA)), "")

    @Slot()
    def toggle_recording(self) -> None:
        """The film of the output; or end whatever is being recorded."""
        if self.recording_uri:
            self._end_recording()
        else:
            self._start_recording(RECORD, "mp4")

    @Slot()
    def toggle_show_recording(self) -> None:
        """The whole show, to be painted again; a film that is being recorded ends."""
        was_recording_show = self.is_recording_show
        if self.recording_uri:
            self._end_recording()
        if not was_recording_show:
            self._start_recording(RECORD_SHOW, "reverie")

    @Slot()
    def toggle_virtual_camera(self) -> None:
        if uri := self.virtual_camera_uri:
            self._link.remove_sink(uri)
        else:
            self._link.add_sink(virtual_camera_uri(self.virtual_camera_device))

    @Slot(str)
    def set_recordings_folder(self, folder: str) -> None:
        """For the next recording."""
        self.recordings_folder = Path(folder)
        self.changed.emit()

    @Slot(str)
    def set_virtual_camera_device(self, device: str) -> None:
        """Empty takes the first free one; a camera that is on is opened anew."""
        self.virtual_camera_device = device.strip()
        if self.virtual_camera_uri:
            self.toggle_virtual_camera()
            self.toggle_virtual_camera()
        self.changed.emit()

    def _end_recording(self) -> None:
        uri = self.recording_uri
        self._link.remove_sink(uri)
        self.noticed.emit(f"Saved {uri.removeprefix(_kind(uri))}")

    def _start_recording(self, kind: str, suffix: str) -> None:
        if not self._link.is_running:
            self.refused.emit("Start the show first: there is nothing to record yet.")
            return
        name = f"Reverie {datetime.now():%Y-%m-%d %H-%M-%S}.{suffix}"
        try:
            self.recordings_folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.refused.emit(f"Can't make the folder {self.recordings_folder}: {error.strerror}.")
            return
        self._since_start.start()
        self._link.add_sink(f"{kind}{self.recordings_folder / name}")

    @Slot(object)
    def _on_show_changed(self, _show: object) -> None:
        self.recording_changed.emit(bool(self.recording_uri))
        self.virtual_camera_changed.emit(bool(self.virtual_camera_uri))

    @Slot(object)
    def _on_stats_arrived(self, stats: Stats) -> None:
        for state in stats.sinks:
            if has_failed(state) and state.uri in self._link.show.sinks:
                self._link.forget_sink(state.uri)  # the engine keeps it, with the reason
        if self.recording_uri:
            word = WORDS[_kind(self.recording_uri)]
            self.recording_timed.emit(self._since_start.elapsed() / 1000, word)

    @Slot(bool)
    def _on_running_changed(self, is_running: bool) -> None:
        """A new show must not write over the last one's recording."""
        if not is_running and self.recording_uri:
            self.toggle_recording()


def _kind(uri: str) -> str:
    """`record:` of `record:PATH`."""
    return uri.partition(":")[0] + ":"


def virtual_camera_uri(device: str) -> str:
    """As on the command line."""
    return f"{VIRTUAL_CAMERA}:{device}" if device else VIRTUAL_CAMERA


def has_failed(state: SinkState) -> bool:
    """Not merely on its way, or on its way back: it has said why it can't."""
    return not state.is_open and bool(state.message) and not state.is_retried
