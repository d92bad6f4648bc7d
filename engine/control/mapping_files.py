"""Mappings in files: what can be read is loaded, what can't is named, as with presets. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping as Table
from collections.abc import Sequence
from typing import Any, cast

from pydantic import ValidationError

from engine.control.mapping import VERSION, ControlKind, Mapping


def load_mappings(content: object) -> tuple[tuple[Mapping, ...], list[str]]:
    """Read a list of mappings, leaving out what is unknown or broken.

    Returns: the mappings, and one sentence per field or mapping that was left out.
    """
    if not isinstance(content, (list, tuple)):
        return (), ["The mappings were left out: they are a list."]
    good: list[Mapping] = []
    problems: list[str] = []
    for number, entry in enumerate(cast("list[object]", content), start=1):
        mapping, faults = _load_one(entry, f"Mapping {number}")
        good += [] if mapping is None else [mapping]
        problems += faults
    return tuple(good), problems


def dump_mappings(mappings: Sequence[Mapping]) -> list[dict[str, Any]]:
    """Plain values for a file; `load_mappings` gives the same mappings back."""
    return [_dump_one(mapping) for mapping in mappings]


def _dump_one(mapping: Mapping) -> dict[str, Any]:
    content = mapping.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    content["control"]["kind"] = str(mapping.control.kind)  # even where it is a default
    return {"version": VERSION, **content}


def _load_one(entry: object, label: str) -> tuple[Mapping | None, list[str]]:
    """Leaves out one bad field after another until the rest is good or nothing is left."""
    problems: list[str] = []
    content: object = copy.deepcopy(entry)
    while True:
        try:
            return Mapping.model_validate(content), problems
        except ValidationError as error:
            first = error.errors()[0]
        path = [str(part) for part in first["loc"] if part not in list(ControlKind)]
        reason = _reason(first)
        if first["type"] == "missing" or not _remove(content, path):
            return None, [*problems, f"{label} was left out: {' '.join([*path, reason])}."]
        problems.append(f"{label}: {'.'.join(path)} was left out: {reason}.")


def _remove(content: Any, path: Sequence[str]) -> bool:
    """False when the mapping can't be without it, or it isn't there."""
    if not path or path[0] == "target" or path in (["control"], ["control", "kind"]):
        return False
    for part in path[:-1]:
        content = content.get(part) if isinstance(content, dict) else None  # type: ignore[misc]
    if not isinstance(content, dict) or path[-1] not in content:
        return False
    del content[path[-1]]
    return True


def _reason(fault: Table[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "mappings have no such field"
    if fault["type"] == "missing":
        return "is missing"
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]
