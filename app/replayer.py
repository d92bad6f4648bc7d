"""A recorded show painted again in a process of its own, while this window goes on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot

PROGRAM = Path(__file__).parents[1] / "main.py"
# What can be chosen here; the command line can say more.
QUALITIES: dict[str, tuple[str, ...]] = {
    "In 4 steps": ("--steps", "4"),
    "In 4 steps, as a film of 60 pictures a second": ("--steps", "4", "--fps", "60"),
    "As it was": (),
}
PROGRESS = re.compile(r"\[[#-]+\]\s+(?P<share>\d+%\s.*)")
IS_WINDOWS = sys.platform == "win32"  # where a program without a window can't be asked to end
END_MS = 5000


class Replayer(QObject):
    """One at a time. Thread: main.

    Signals: noticed(sentence), refused(sentence); changed when it begins, gets on or ends.
    """

    noticed = Signal(str)
    refused = Signal(str)
    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.progress = ""  # for people; empty when nothing runs
        self._show = Path()
        self._text = b""  # of a line that hasn't ended yet
        self._last_line = ""
        self._is_cancelled = False
        self._process: QProcess | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def begin(self, folder: Path, quality: str) -> None:
        """Paint the recorded show in `folder` again; what it says is told by the signals."""
        if self._process is not None:
            self.refused.emit("One show is being painted again already; wait or stop it first.")
            return
        self._show, self._last_line, self.progress = folder, "", "beginning"
        self._text, self._is_cancelled = b"", False
        self._process = process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start(sys.executable, [str(PROGRAM), "--replay", str(folder), *QUALITIES[quality]])
        self.noticed.emit(
            f"{folder.name} is being painted again in the background; the menu of the outputs "
            "shows how far it is."
        )
        self.changed.emit()

    @Slot()
    def cancel(self) -> None:
        """What has been painted until then stays a film that plays, even of a killed process."""
        self._is_cancelled = True
        if self._process is not None:
            self._process.kill() if IS_WINDOWS else self._process.terminate()

    def stop(self) -> None:
        """For good: the window closes."""
        process, self._process = self._process, None
        if process is not None:
            process.disconnect(self)
            process.kill() if IS_WINDOWS else process.terminate()
            if not process.waitForFinished(END_MS):
                process.kill()
                process.waitForFinished(END_MS)

    @Slot()
    def _read(self) -> None:
        if self._process is None:
            return
        self._text += bytes(self._process.readAllStandardOutput().data())
        *lines, self._text = re.split(rb"[\r\n]+", self._text)
        for line in (line.decode(errors="replace") for line in lines):
            found = PROGRESS.match(line)
            if found:
                self.progress = found["share"]
            elif line:
                self._last_line = line
        self.changed.emit()

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, exit_code: int, _status: QProcess.ExitStatus) -> None:
        self._read()
        self._forget()
        if exit_code == 0:
            self.noticed.emit(f"{self._show.name} has been painted again; the film lies in it.")
        elif self._is_cancelled:
            self.noticed.emit(f"Stopped; what was painted of {self._show.name} lies in it.")
        else:
            self.refused.emit(self._last_line or f"{self._show.name} could not be painted again.")

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        """Only where nothing was started; else `finished` follows."""
        if error is QProcess.ProcessError.FailedToStart:
            self._forget()
            self.refused.emit(f"{self._show.name} could not be painted again: Python won't start.")

    def _forget(self) -> None:
        process, self._process = self._process, None
        self.progress = ""
        if process is not None:
            process.deleteLater()
        self.changed.emit()
