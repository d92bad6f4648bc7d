"""The session that survives a crash: the set is written by itself, and found again.

A marker file is held locked as long as the program runs and is removed at its proper end. One that
is there without being locked was left by a program that died: its session can be taken up again.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from platformdirs import user_data_path

from engine.clock import Clock
from engine.errors import SetError
from engine.set_files import save_set
from engine.sets import Set

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SESSION_NAME, MARKER_NAME = "last-session.toml", "last-session.lock"
UNSAVED_NAME = "unsaved-session.toml"
PERIOD_S = 2.0  # between two looks whether anything has changed


def sessions_folder() -> Path:
    """Where this performer's last session lies."""
    return user_data_path("Reverie", appauthor=False)


def last_session(folder: Path | None = None) -> Path | None:
    """The set as the last program left it, orderly or not; None when there is none.

    folder: None takes the user's own. To be read before a session begins: that writes over it.
    """
    file = (folder or sessions_folder()) / SESSION_NAME
    return file if file.exists() else None


@dataclass(frozen=True, slots=True)
class UnsavedSession:
    """What a program that died has left. saved_at: local time of its last writing."""

    path: Path
    saved_at: datetime

    def __str__(self) -> str:
        return f"There is an unsaved session from {self.saved_at:%d %B, %H:%M}."


class Session:
    """Writes the set by itself, whenever it has changed, on the thread "autosave"."""

    def __init__(
        self, folder: Path, take: Callable[[], Set], clock: Clock, tell: Callable[[str], None]
    ) -> None:
        """take: gives the set as it stands. tell: gets a sentence when it can't be written.

        Both are called on the thread "autosave".
        """
        self._folder = folder
        self._take = take
        self._clock = clock
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="autosave", daemon=True)
        self._marker: IO[bytes] | None = None
        self._written: Set | None = None
        self._told = ""

    def begin(self) -> UnsavedSession | None:
        """Start to write. Returns: what a program that died has left, if one did.

        A second program on the same folder writes nothing.
        Errors: SetError when the folder can't be written; the show goes on without.
        """
        marker, file = self._folder / MARKER_NAME, self._folder / SESSION_NAME
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            was_left = marker.exists() and file.exists()
            self._marker = _locked(marker)
            left = _kept(file) if was_left and self._marker is not None else None
        except OSError as error:
            raise SetError(
                f"The session can't be kept in {self._folder} ({error.strerror or error}); save "
                "the set by hand."
            ) from error
        if self._marker is not None:
            self._thread.start()
        return left

    def end(self, timeout_s: float = 10.0) -> None:
        """Write what is new and leave in order. Harmless when it never began."""
        if self._marker is None:
            return
        self._stop.set()
        self._thread.join(timeout_s)
        self._marker.close()
        self._marker = None
        (self._folder / MARKER_NAME).unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._clock.wait_until(self._clock.now_s() + PERIOD_S, self._stop):
            self._write_when_changed()
        self._write_when_changed()

    def _write_when_changed(self) -> None:
        """A disk that is full is told once; the next turn tries again."""
        live_set = self._take()
        if live_set == self._written:
            return
        try:
            save_set(self._folder / SESSION_NAME, live_set)
        except SetError as error:
            if str(error) != self._told:
                self._tell(str(error))
            self._told = str(error)
        else:
            self._told, self._written = "", live_set


def _kept(file: Path) -> UnsavedSession:
    """Beside the session that begins now, which would write over it."""
    kept = file.with_name(UNSAVED_NAME)
    os.replace(file, kept)
    return UnsavedSession(kept, datetime.fromtimestamp(kept.stat().st_mtime))


def _locked(path: Path) -> IO[bytes] | None:
    """The file, locked until it is closed or the program dies; None when another one holds it."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
