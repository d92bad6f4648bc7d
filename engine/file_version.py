"""The version that a saved file says it is written in."""

from __future__ import annotations

from pydantic import AfterValidator


def only_version(ours: int) -> AfterValidator:
    """For a pydantic field: refuses every version but `ours`, in words for people."""

    def check(version: int) -> int:
        if version != ours:
            raise ValueError(f"this Reverie reads version {ours}, not {version}")
        return version

    return AfterValidator(check)
