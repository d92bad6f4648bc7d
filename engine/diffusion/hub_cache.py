"""The folder where the hub's library keeps models, in its own layout, shared with other programs.

Of every repository: `blobs`, files named by their content, and `snapshots/COMMIT`, the repository's
files as links to them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

READ_BYTES = 1 << 20


def repository(hub_id: str) -> Path:
    """A model's folder; it need not be there yet."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{hub_id.replace('/', '--')}"


def snapshot(hub_id: str, commit: str) -> Path:
    """Where the files of one commit are, or come to lie."""
    return repository(hub_id) / "snapshots" / commit


def snapshots(hub_id: str, commit: str | None) -> list[Path]:
    """All that were downloaded, by whatever program: `commit` first, then the newest."""
    place = repository(hub_id) / "snapshots"
    present = [folder for folder in place.glob("*") if folder.is_dir()]
    return sorted(present, key=lambda folder: (folder.name != commit, -folder.stat().st_mtime))


def place(hub_id: str, commit: str, entry: Any) -> tuple[Path, Path]:
    """An entry of the hub's record as a file of its snapshot, and the blob that this leads to.

    entry: with rfilename, blob_id and, for large files, lfs.sha256.
    """
    name = entry.lfs.sha256 if entry.lfs else entry.blob_id
    return snapshot(hub_id, commit) / entry.rfilename, repository(hub_id) / "blobs" / name


def is_as_recorded(file: Path, entry: Any) -> bool:
    """Whether a file has the size and the content of the hub's record of it."""
    if not file.is_file() or file.stat().st_size != entry.size:
        return False
    if entry.lfs:
        return sha256_of(file) == entry.lfs.sha256
    content = file.read_bytes()
    blob = b"blob %d\0" % len(content) + content  # as git names a file by its content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == entry.blob_id


def sha256_of(file: Path) -> str:
    """In hexadecimal. Errors: OSError."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def link(file: Path, blob: Path) -> None:
    """Make `file` of a snapshot lead to its blob; where links want rights, move the blob there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    try:
        file.symlink_to(os.path.relpath(blob, file.parent))
    except OSError:
        blob.replace(file)
