"""Which programs hold a device file open, as far as /proc lets one see. Linux; any thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Program:
    """A running program. name: at most 15 letters of it, as the kernel keeps it."""

    pid: int
    name: str


def programs_using(device: Path, proc: Path = PROC) -> list[Program]:
    """Programs of this user (of every user for root) with `device` open, by rising pid."""
    found = {pid for pid, opened in _opened_files(proc) if opened == device}
    return [Program(pid, _name(proc / str(pid))) for pid in sorted(found)]


def _opened_files(proc: Path) -> Iterator[tuple[int, Path]]:
    for folder in proc.glob("[0-9]*/fd"):
        try:
            links = list(folder.iterdir())
        except OSError:  # another user's, or gone by now
            continue
        for link in links:
            try:
                yield int(folder.parent.name), link.readlink()
            except OSError:  # closed by now
                continue


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "a program that has just ended"
