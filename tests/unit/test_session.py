"""A session is written by itself, survives a crash, and is gone after a proper end."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.errors import SetError
from engine.session import SESSION_NAME, Session, UnsavedSession
from engine.set_files import load_set
from engine.sets import Set
from tests.support.manual_clock import ManualClock
from tests.support.rig import Rig

ROOT = Path(__file__).resolve().parents[2]


class Desk:
    """A set that the test edits, and the sentences that were told."""

    def __init__(self, folder: Path, name: str = "First") -> None:
        self.live_set = Set(name=name)
        self.told: list[str] = []
        self.clock = ManualClock()
        self.num_taken = 0
        self._taken = threading.Condition()
        self.session = Session(folder, self._take, self.clock, self.told.append)

    def _take(self) -> Set:
        with self._taken:
            self.num_taken += 1
            self._taken.notify_all()
            return self.live_set

    def wait_for_writing(self) -> None:
        """Until the set was looked at twice more: what was there at first is on the disk then."""
        target = self.num_taken + 2
        self.clock.run_until(lambda: self.num_taken >= target, step_s=1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sessions"


DYING = """
import sys
from pathlib import Path
from engine.session import SESSION_NAME, Session
from engine.sets import Set
from tests.support.manual_clock import JumpingClock

folder = Path(sys.argv[1])
Session(folder, lambda: Set(name="Friday"), JumpingClock(), print).begin()
while not (folder / SESSION_NAME).exists():
    pass
print("written", flush=True)
sys.stdin.read()
"""


def crash_in(folder: Path) -> None:
    """A program that keeps a session there is killed."""
    command = [sys.executable, "-c", DYING, str(folder)]
    program = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout is not None
        assert program.stdout.readline() == "written\n"
        program.kill()


def test_the_first_session_finds_nothing_unsaved(folder: Path) -> None:
    desk = Desk(folder)
    assert desk.session.begin() is None
    desk.session.end()


def test_what_was_changed_is_written_by_itself(folder: Path) -> None:
    desk = Desk(folder)
    desk.session.begin()
    desk.wait_for_writing()
    desk.live_set = Set(name="Second")
    desk.wait_for_writing()
    assert load_set(folder / SESSION_NAME)[0].name == "Second"
    desk.session.end()


def test_after_a_crash_the_session_is_found_and_kept_beside_the_new_one(folder: Path) -> None:
    crash_in(folder)
    desk = Desk(folder, "Empty")
    left = desk.session.begin()
    assert isinstance(left, UnsavedSession)
    assert str(left).startswith("There is an unsaved session from ")
    desk.wait_for_writing()
    assert load_set(left.path)[0].name == "Friday"
    desk.session.end()


def test_after_a_proper_end_nothing_is_unsaved(folder: Path) -> None:
    desk = Desk(folder)
    desk.session.begin()
    desk.session.end()
    again = Desk(folder)
    assert again.session.begin() is None
    again.session.end()


def test_the_last_change_is_written_at_the_end(folder: Path) -> None:
    desk = Desk(folder)
    desk.session.begin()
    desk.live_set = Set(name="Last")
    desk.session.end()
    assert load_set(folder / SESSION_NAME)[0].name == "Last"


def test_a_second_program_leaves_the_session_of_the_first_alone(folder: Path) -> None:
    first, second = Desk(folder, "First"), Desk(folder, "Second")
    first.session.begin()
    first.wait_for_writing()
    assert second.session.begin() is None
    second.session.end()
    first.session.end()
    assert load_set(folder / SESSION_NAME)[0].name == "First"


def test_a_full_disk_is_told_once_and_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(folder)
    desk.session.begin()
    desk.wait_for_writing()

    def refuse(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(os, "fsync", refuse)
        desk.live_set = Set(name="Second")
        desk.wait_for_writing()
        desk.wait_for_writing()
    assert len(desk.told) == 1
    assert "No space left on device" in desk.told[0]
    desk.wait_for_writing()
    desk.session.end()
    assert load_set(folder / SESSION_NAME)[0].name == "Second"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(SetError, match="can't be kept in"):
        Desk(tmp_path / "file").session.begin()


def test_a_running_engine_keeps_its_session(folder: Path) -> None:
    rig = Rig()
    with rig.playing() as engine:
        assert engine.keep_session(folder) is None
        engine.update({"strength": 0.33})
        engine.end_session()
    saved, problems = load_set(folder / SESSION_NAME)
    assert problems == []
    assert saved.place is not None
    assert saved.place.a.params == {"strength": 0.33}
    assert (saved.source, saved.sinks) == ("fake", ("fake",))
