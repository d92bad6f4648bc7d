"""What a process leaves in its log and crash file."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.diagnostics import log as subject
from engine.diagnostics.log import set_up_logging

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture(autouse=True)
def _pytests_own_fault_handler_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faulthandler.enable", lambda file, all_threads: file.close())


def logged(folder: Path, name: str = "reverie") -> str:
    return (folder / f"{name}.log").read_text(encoding="utf-8")


def test_an_uncaught_error_reaches_the_log_file_and_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("reverie", folder=tmp_path)
    try:
        raise LookupError("lost")
    except LookupError as error:
        sys.excepthook(LookupError, error, error.__traceback__)
    assert "LookupError: lost" in logged(tmp_path)
    assert "LookupError: lost" in capsys.readouterr().err


def test_an_uncaught_error_of_a_thread_reaches_the_log_file(tmp_path: Path) -> None:
    def fail() -> None:
        raise LookupError("lost in a thread")

    set_up_logging("reverie", folder=tmp_path)
    thread = threading.Thread(target=fail, name="painter")
    thread.start()
    thread.join()
    assert "uncaught in painter" in logged(tmp_path)
    assert "LookupError: lost in a thread" in logged(tmp_path)


def test_two_processes_write_files_of_their_own(tmp_path: Path) -> None:
    set_up_logging("worker", folder=tmp_path)
    logging.getLogger("engine").info("hello")
    assert "hello" in logged(tmp_path, "worker")
    assert {path.name for path in tmp_path.iterdir()} == {"worker.log", "worker-crash.txt"}


def test_without_a_writable_folder_stderr_gets_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    set_up_logging("reverie", folder=tmp_path / "file" / "logs")
    logging.getLogger("engine").info("hello")
    told = capsys.readouterr().err
    assert "There is no log file" in told
    assert "hello" in told


def test_the_log_starts_anew_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "LOG_BYTES", 2000)
    set_up_logging("reverie", folder=tmp_path)
    for number in range(400):
        logging.getLogger("engine").info("line %d", number)
    sizes = {path.name: path.stat().st_size for path in tmp_path.glob("reverie.log*")}
    assert len(sizes) == 1 + subject.NUM_OLD_LOGS
    assert max(sizes.values()) <= 2000


def test_a_full_crash_file_begins_anew(tmp_path: Path) -> None:
    crash_path = tmp_path / "reverie-crash.txt"
    crash_path.write_text("old crash\n")
    set_up_logging("reverie", folder=tmp_path)
    assert crash_path.read_text() == "old crash\n"
    crash_path.write_bytes(b"x" * (subject.CRASH_BYTES + 1))
    set_up_logging("reverie", folder=tmp_path)
    assert crash_path.read_bytes() == b""


CRASH = """
import faulthandler, sys
from pathlib import Path
from engine.diagnostics.log import set_up_logging
def paint():
    faulthandler._sigsegv()
set_up_logging("worker", folder=Path(sys.argv[1]))
paint()
"""


def test_a_crash_of_the_interpreter_leaves_its_stack(tmp_path: Path) -> None:
    root = Path(subject.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], cwd=root, timeout=60)
    assert done.returncode != 0
    dump = (tmp_path / "worker-crash.txt").read_text()
    assert "Segmentation fault" in dump or "access violation" in dump
    assert "in paint" in dump
