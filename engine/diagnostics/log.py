"""Logging of one process: a rotating file, a crash file, and no failure that goes unlogged."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path

log = logging.getLogger(__name__)

LOG_BYTES, NUM_OLD_LOGS = 1_000_000, 5
CRASH_BYTES = 200_000  # some dozens of crashes
LINE = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"
MAIN, WORKER = "reverie", "worker"  # the processes, and with that the names of their files


def log_folder() -> Path:
    """Where logs and crash files of this user are."""
    return user_log_path("reverie", appauthor=False)


def set_up_logging(process_name: str, is_verbose: bool = False, folder: Path | None = None) -> None:
    """Log into `<process_name>.log`, crashes of the interpreter into `<process_name>-crash.txt`.

    process_name: MAIN or WORKER; two processes never write one file. is_verbose: all of it, and to
    stderr as well. Where no file can be written, stderr is told that and gets the log instead.
    Thread: main, first thing.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler()] if is_verbose else []
    problem: OSError | None = None
    try:
        handlers += _files(process_name, folder or log_folder())
    except OSError as error:
        problem = error
        handlers = [logging.StreamHandler()]
    level = logging.DEBUG if is_verbose else logging.INFO
    logging.basicConfig(level=level, format=LINE, handlers=handlers, force=True)
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    if problem is not None:
        log.warning("There is no log file, because it can't be written: %s.", problem)


def _files(process_name: str, folder: Path) -> list[logging.Handler]:
    folder.mkdir(parents=True, exist_ok=True)
    crash_path = folder / f"{process_name}-crash.txt"
    is_full = crash_path.exists() and crash_path.stat().st_size > CRASH_BYTES
    # Kept open by faulthandler: after a crash nothing can be opened any more.
    faulthandler.enable(crash_path.open("wb" if is_full else "ab"), all_threads=True)
    return [
        RotatingFileHandler(
            folder / f"{process_name}.log",
            maxBytes=LOG_BYTES,
            backupCount=NUM_OLD_LOGS,
            encoding="utf-8",
        )
    ]


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("uncaught", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)


def _log_uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    name = "a thread" if failure.thread is None else failure.thread.name
    log.critical("uncaught in %s", name, exc_info=failure.exc_value)
