"""Runs pip and turns what it prints into plain lines of progress."""

from __future__ import annotations

import re
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

PIP = "pip==26.3"  # from 24.1 on pip can print the bytes of a download as plain lines
REPORT_EVERY_S = 2.0
_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_NAMED = re.compile(r"\s*(?:Collecting|Downloading|Using cached) ([A-Za-z0-9._-]+)")


class InstallFailed(Exception):
    """pip gave up; `str()` says why and what to do."""


def pip_install(python: Path, arguments: list[str], say: Callable[[str], None]) -> None:
    """Install with the environment's own pip.

    Errors: InstallFailed with pip's last words.
    """
    command = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    process = subprocess.Popen(
        [*command, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    last_words: deque[str] = deque(maxlen=6)
    with process:
        lines = remember(process.stdout or (), last_words)
        for line in at_most_every(REPORT_EVERY_S, progress_lines(lines), time.monotonic):
            say(line)
    if process.returncode != 0:
        reason = "\n  ".join(last_words)
        raise InstallFailed(
            f"The installation stopped:\n  {reason}\n"
            "Check the network and the free disk space, then start the same command again; what "
            "was downloaded is kept."
        )


def remember(lines: Iterable[str], last_words: deque[str]) -> Iterator[str]:
    """Pass lines through and keep the last that say something, for a failure's reason."""
    for line in lines:
        if line.strip() and not line.startswith(("Progress ", "WARNING: ")):
            last_words.append(line.strip())
        yield line


def progress_lines(lines: Iterable[str]) -> Iterator[str]:
    """From pip's output: "17 numpy", "17 numpy: 5 of 16 MB", "writing the files"."""
    seen: dict[str, None] = {}
    name = ""
    for line in lines:
        named, bytes_done = _NAMED.match(line), _PROGRESS.match(line)
        if named:
            name = package_name(named[1])
            seen[name] = None
            yield f"{len(seen)} {name}"
        elif bytes_done:
            done_mb, total_mb = (round(int(size) / 1e6) for size in bytes_done.groups())
            yield f"{len(seen)} {name}: {done_mb} of {total_mb} MB"
        elif line.startswith("Installing collected packages"):
            yield "writing the files"


def package_name(requirement_or_file: str) -> str:
    """The name in front, from "numpy-2.4.6-cp311-cp311-linux.whl" and "numpy==2.4.6" alike."""
    name = re.split(r"==|-\d", requirement_or_file, maxsplit=1)[0]
    return name.lower().replace("_", "-")


def at_most_every(
    interval_s: float, lines: Iterable[str], now_s: Callable[[], float]
) -> Iterator[str]:
    """Thin out a stream of lines to a readable pace; the first always passes."""
    last_s = float("-inf")
    for line in lines:
        if now_s() - last_s >= interval_s:
            last_s = now_s()
            yield line
