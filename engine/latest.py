"""The newest value of something, for readers that never take it away."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """One reference that is replaced whole: readers see the old value or the new one, no mixture.

    The value must be immutable. Threads: one writes, any read; assigning a reference is atomic.
    """

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
