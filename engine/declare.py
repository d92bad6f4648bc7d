"""How a field of the parameter table is declared: its default as a field, its traits beside it."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypeVar

T = TypeVar("T")


def number(default: float, label: str, help: str, **traits: Any) -> Any:
    """A number on a slider; range 0-1 unless the traits say otherwise."""
    return declare(float, default, label, help, **traits)


def count(default: int, label: str, help: str, **traits: Any) -> Any:
    """A whole number."""
    return declare(int, default, label, help, step=traits.pop("step", 1), **traits)


def choice(default: T, label: str, help: str, **traits: Any) -> T:
    """One of a closed choice: the members of the default's StrEnum."""
    kind = type(default)
    return declare(kind, default, label, help, choices=tuple(str(c) for c in kind), **traits)  # type: ignore[attr-defined]


def declare(kind: type, default: Any, label: str, help: str, **traits: Any) -> Any:
    """A dataclass field whose metadata holds what `engine.parameter.Parameter` wants to know."""
    traits = {"kind": kind, "default": default, "label": label, "help": help, **traits}
    return field(default=default, metadata={"traits": traits})
