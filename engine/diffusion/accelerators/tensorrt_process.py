"""The process that makes engines, as its parent sees it: begun, listened to, ended."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import IO

from engine.diffusion.accelerators.tensorrt_child import JOB, MESSAGE, Failed, Job
from engine.diffusion.accelerators.tensorrt_library import LIBRARIES
from engine.errors import AcceleratorError
from engine.renderer import OnProgress, Progress

log = logging.getLogger(__name__)

CHILD = "engine.diffusion.accelerators.tensorrt_child"
# The child finds modules where its parent does and nowhere else: the current folder doesn't count.
BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv.pop().split('\\n'); "
    "import importlib; importlib.import_module(sys.argv[1]).main(sys.argv[2])"
)
LOG_NAME = "build.log"
LOOK_S = 0.2  # how often the listener may cancel
END_TIMEOUT_S = 30.0  # on a machine that is busy enough


def make_engines_apart(job: Job, on_progress: OnProgress) -> None:
    """As `tensorrt_child.make_engines`, in a process that ends before this returns.

    `on_progress` is called every `LOOK_S` at least; what it raises ends the process.
    Errors: AcceleratorError; PreparationCancelled from `on_progress`; OSError.
    """
    log_file = job.folder / LOG_NAME
    lines: Queue[bytes | None] = Queue()
    with log_file.open("wb") as words:
        child = _begun(job, words)
    reader = threading.Thread(target=_read, args=(child.stdout, lines), name="engines", daemon=True)
    reader.start()
    try:
        _listen(lines, on_progress)
        exit_code = child.wait(END_TIMEOUT_S)
    finally:
        _end(child)
        reader.join(END_TIMEOUT_S)
    if exit_code:
        label, reason = LIBRARIES[job.library].label, _last_line(log_file)
        raise AcceleratorError(f"{label}'s builder ended with code {exit_code} ({reason}).")
    log_file.unlink()


def _begun(job: Job, words: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", BOOTSTRAP, CHILD, JOB.dump_json(job).decode()]
    command.append("\n".join(sys.path))
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # its lifeline
        stdout=subprocess.PIPE,
        stderr=words,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows alone has it
        start_new_session=True,  # Ctrl-C in the terminal is for the parent
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Harmless where it has ended by itself."""
    child.kill()
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        log.error("the builder %d can't be killed; a driver holds it", child.pid)


def _read(stdout: IO[bytes] | None, lines: Queue[bytes | None]) -> None:
    if stdout is not None:
        with stdout:
            for line in stdout:
                lines.put(line)
    lines.put(None)


def _listen(lines: Queue[bytes | None], on_progress: OnProgress) -> None:
    """Until the child falls silent."""
    progress = Progress(0.0, "Starting the builder")
    while True:
        on_progress(progress)
        try:
            line = lines.get(timeout=LOOK_S)
        except Empty:
            continue
        if line is None:
            return
        message = MESSAGE.validate_json(line)
        if isinstance(message, Failed):
            raise AcceleratorError(message.sentence)
        progress = message


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "it left no message"
