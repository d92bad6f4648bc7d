r"""Which files a preset or a set may name. They come from strangers; a path in one is only data.

A preset stays inside its own folder. A set is the performer's own and may name any place on this
machine. Neither may name a device or another machine: on Windows merely opening `\\host\share`
sends the user's credentials there, and NUL, CON or COM1 are devices in every folder. Pure, and the
same on every system, so that a preset made on one can't surprise another.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# The context that a file is validated in; what the performer chose in the program is not asked.
FROM_FILE = {"is_from_file": True}
DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[ .:].*)?", re.IGNORECASE
)
DRIVE = re.compile(r"[A-Za-z]:")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SEPARATOR = re.compile(r"[/\\]")


def expanded(name: str | os.PathLike[str]) -> Path:
    """With ~ as the home folder; unlike `Path.expanduser` never an error for ~ and a stranger."""
    return Path(os.path.expanduser(name))


def check_local(name: str) -> str:
    """`name`, if it can only mean something on this machine. Errors: ValueError that says why."""
    if CONTROL.search(name):
        raise ValueError("a file's name holds no control characters")
    if SEPARATOR.match(name[:1]) and SEPARATOR.match(name[1:2]):
        raise ValueError(f"{name} lies on another machine or is a device; copy it here first")
    if any(DEVICE.fullmatch(part) for part in SEPARATOR.split(name)):
        raise ValueError(f"{name} is a device on Windows and no file; give it another name")
    return name


def check_inside(name: str) -> str:
    """`name`, if it can't lead out of the folder that it is read from; also a hub id is fine.

    Errors: ValueError that says why.
    """
    check_local(name)
    is_absolute = SEPARATOR.match(name) or DRIVE.match(name) or name.startswith("~")
    if is_absolute or ".." in SEPARATOR.split(name):
        raise ValueError(
            f"{name} leads out of the preset's folder; put the file beside the preset, or choose "
            "it yourself with --model or --lora"
        )
    return name


def find_inside(folder: Path, name: str) -> Path | None:
    """The file or folder `name` inside `folder`, links followed; None where there is none.

    Errors: ValueError when it leads out of the folder, through a link as well.
    """
    found = folder / check_inside(name)
    if not found.exists():
        return None
    if not found.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{name} is a link that leads out of the preset's folder; copy the file")
    return found
