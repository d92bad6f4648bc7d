"""The one set of parameters in force: whose values the user chose, and whose are the model's."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from engine.params import PARAMETERS, StreamParams


class LiveParams:
    """Replaced whole under a lock, read without one. Any thread."""

    def __init__(self, params: StreamParams, explicit: frozenset[str] | None = None) -> None:
        self._lock = threading.Lock()
        self._explicit = changed_names(params) if explicit is None else explicit
        self.value = params

    def update(self, changes: Mapping[str, object]) -> StreamParams:
        """Errors: ValueError naming the parameter and its range; nothing changes then."""
        with self._lock:
            self.value = self.value.with_changes(changes)
            self._explicit |= frozenset(changes)
            return self.value

    def apply_defaults(self, defaults: Mapping[str, object]) -> StreamParams:
        """Give every parameter that the user left alone the value a new model was made for."""
        with self._lock:
            present = self.value.as_dict()
            chosen = {name: present[name] for name in self._explicit}
            self.value = StreamParams().with_changes({**defaults, **chosen})
            return self.value


def changed_names(params: StreamParams) -> frozenset[str]:
    """The parameters that differ from their declared defaults."""
    values = params.as_dict()
    return frozenset(name for name, p in PARAMETERS.items() if values[name] != p.default)
