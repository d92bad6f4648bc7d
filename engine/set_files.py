"""Set files: TOML for people. Loads what it can and names what it can't. Any thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import tomli
import tomli_w
from pydantic import ValidationError

from engine.atomic_file import backup_of, write_atomically
from engine.errors import SetError
from engine.file_names import FROM_FILE
from engine.presets import check_param, reason_of
from engine.sets import VERSION, Set

Place = tuple[int | str, ...]


def load_set(path: Path) -> tuple[Set, list[str]]:
    """Read a set, leaving out what is unknown or broken.

    A file that is no TOML at all gives way to the copy kept of the one before it.
    Returns: the set and one sentence for each part that was left out.
    Errors: SetError when neither can be read.
    """
    try:
        content, problems = _read_toml(path), []
    except SetError as error:
        backup = backup_of(path)
        if not backup.exists():
            raise
        content, problems = _read_toml(backup), [f"{error} The copy before it was opened."]
    live_set, broken = salvage(content)
    return live_set, problems + [f"{path.name}: {sentence}" for sentence in broken]


def save_set(path: Path, live_set: Set) -> None:
    """Write atomically; what the file held before is kept beside it.

    Errors: SetError with what to do; nothing is lost then.
    """
    try:
        write_atomically(path, dump_set(live_set), keeps_last=True)
    except OSError as error:
        raise SetError(
            f"The set could not be saved to {path} ({error.strerror or error}): make room or "
            "choose another folder. What was saved before is untouched."
        ) from error


def dump_set(live_set: Set) -> bytes:
    """The content of its file; what is as it would be anyway is left out."""
    content = live_set.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return tomli_w.dumps({"version": VERSION, "name": live_set.name, **content}).encode()


def salvage(content: dict[str, Any]) -> tuple[Set, list[str]]:
    """The set that the readable parts of `content` make, and a sentence for every other part."""
    problems: list[str] = []
    while True:
        try:
            return Set.model_validate(content, context=FROM_FILE), problems
        except ValidationError as error:
            problems += _leave_out(content, error)


def _leave_out(content: dict[str, Any], error: ValidationError) -> list[str]:
    """Remove what is wrong, last first so that the numbers of the others hold. Never nothing."""
    problems: list[str] = []
    for detail in reversed(error.errors()):
        place = _removable(content, detail["loc"])
        if place is None:
            continue  # a part around it is gone already
        holder, key = _reach(content, place[:-1]), place[-1]
        bad = _leave_out_params(holder[key], place) if key == "params" else []
        problems += bad
        if not bad:
            del holder[key]
            problems.append(f"{_label(place)} was left out: {reason_of(detail, 'sets')}.")
    return problems[::-1]


def _leave_out_params(params: Any, place: Place) -> list[str]:
    """Of a look's parameters only the bad ones go."""
    problems: list[str] = []
    table = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
    for name in list(table):
        try:
            check_param(name, table[name])
        except ValueError as error:
            del table[name]
            problems.append(f"{_label((*place, name))} was left out: {error}.")
    return problems


def _removable(content: Any, location: Place) -> Place | None:
    """The part to remove: where the error lies, or what lacks a field that it must have."""
    for length in range(len(location), 0, -1):
        place = location[:length]
        holder = _reach(content, place[:-1])
        if isinstance(holder, dict) and place[-1] in holder:
            return place
        if isinstance(holder, list) and isinstance(place[-1], int) and place[-1] < len(holder):  # type: ignore[arg-type]
            return place
    return None


def _reach(content: Any, place: Place) -> Any:
    for key in place:
        try:
            content = content[key]
        except (LookupError, TypeError):
            return None
    return content


def _label(place: Place) -> str:
    """`banks 1, pads 4, look, colour`"""
    words: list[str] = []
    for key in place:
        if isinstance(key, int) and words:
            words[-1] += f" {key + 1}"
        else:
            words.append(str(key))
    return ", ".join(words)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SetError(f"The set {path} can't be opened ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad TOML, nested without end
        raise SetError(f"The set {path} is not a readable TOML file: {error}.") from error
