"""What a recorded show is on the disk: a folder with four files.

output.mp4 is what the audience saw, input.mp4 what the model was given (every picture bit for bit),
timeline.jsonl when and with which parameters. show.json says in a few words what it is; nothing
needs it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from engine.atomic_file import write_atomically
from engine.errors import RecordingError
from engine.file_names import expanded
from engine.recording.timeline import Timeline, read_timeline

SUFFIX = ".reverie"
OUTPUT_NAME, INPUT_NAME = "output.mp4", "input.mp4"
TIMELINE_NAME, ABOUT_NAME = "timeline.jsonl", "show.json"


def with_suffix(folder: str | os.PathLike[str]) -> Path:
    """`friday` is friday.reverie; ~ is the home folder."""
    path = expanded(folder)
    is_named = not path.name or path.suffix == SUFFIX
    return path if is_named else path.with_name(path.name + SUFFIX)


def claim_unused_folder(wanted: Path) -> Path:
    """Make a folder at `wanted`, or at the first free "name-N.reverie". Errors: OSError."""
    number = 1
    path = wanted
    while True:
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
            path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        else:
            return path


def write_about(folder: Path, about: Mapping[str, object]) -> None:
    """Whole or not at all. Errors: OSError."""
    text = json.dumps({"version": 1, "name": folder.stem, **about}, indent=2, allow_nan=False)
    write_atomically(folder / ABOUT_NAME, f"{text}\n".encode())


def load_timeline(folder: str | os.PathLike[str]) -> tuple[Path, Timeline, list[str]]:
    """Find a recorded show, with or without its suffix, and read its timeline.

    Returns: its folder, the timeline and a sentence for what was left out of that.
    Errors: RecordingError that names what is missing or damaged.
    """
    found = _find(expanded(folder))
    for name in (TIMELINE_NAME, INPUT_NAME):
        if not (found / name).is_file():
            raise RecordingError(
                f"The recorded show {found} has no {name}, without which it can't be painted "
                "again; copy the whole folder."
            )
    timeline, problems = read_timeline(found / TIMELINE_NAME)
    return found, timeline, problems


def _find(path: Path) -> Path:
    """The folder itself, or the one with the suffix."""
    try:
        for folder in (path, with_suffix(path)):
            if folder.is_dir():
                return folder
        what = "a file, not the folder of" if path.is_file() else "not"
    except (OSError, ValueError):  # a name that no disk allows
        what = "not"
    raise RecordingError(f"{path} is {what} a recorded show; name a folder NAME{SUFFIX}.")
