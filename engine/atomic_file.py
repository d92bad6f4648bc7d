"""Files that are whole or untouched, whatever happens while they are written."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, keeps_last: bool = False) -> None:
    """Write so that a crash or a full disk leaves the old file or the new one, never half of one.

    keeps_last: what the file held before stays beside it, at `backup_of(path)`.
    Errors: OSError; the file and its backup are as they were then.
    """
    temporary = _written_beside(path, content)
    try:
        if keeps_last and path.exists():
            os.replace(_written_beside(path, path.read_bytes()), backup_of(path))
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        with suppress(FileNotFoundError):  # gone after a good replace
            os.unlink(temporary)


def backup_of(path: Path) -> Path:
    """Where the content before the last one is kept."""
    return path.with_name(f"{path.name}.bak")


def _written_beside(path: Path, content: bytes) -> str:
    """A finished temporary file in the same folder, so that replacing is one step."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    """On POSIX the new name is safe only once the folder is on the disk as well."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
