"""Who moved each parameter last, for the report."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from engine.parameter import Value
from engine.params import PARAMETERS, StreamParams

START = "start"
# What changes parameters without going by their names: a look as a whole, or a model's defaults.
LOOK = "look or model"


@dataclass(frozen=True, slots=True)
class _Move:
    by: str
    value: Value


class Provenance:
    """Any thread."""

    def __init__(self, params: StreamParams) -> None:
        self._lock = threading.Lock()
        self._moves = {name: _Move(START, value) for name, value in params.as_dict().items()}

    def note(self, changes: Mapping[str, object], params: StreamParams, by: str) -> None:
        """changes: by name; params: what they have led to; by: the control, in words."""
        values = params.as_dict()
        with self._lock:
            for name in changes:
                self._moves[name] = _Move(by, values[name])

    def table(self, params: StreamParams) -> dict[str, dict[str, Value]]:
        """For every parameter its last value and what moved it there."""
        values = params.as_dict()
        with self._lock:
            moves = dict(self._moves)
        return {
            name: {
                "value": values[name],
                "moved_by": moves[name].by if moves[name].value == values[name] else LOOK,
            }
            for name in PARAMETERS
        }
