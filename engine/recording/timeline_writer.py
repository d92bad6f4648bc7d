"""Writes the timeline of a recorded show, line by line; `engine/recording/timeline.py` reads it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO

from engine.parameter import Value
from engine.recording.timeline import FadeLine, Header, Line, Tick

KEY_EVERY = 256  # lines; such a one says all parameters


class TimelineWriter:
    """Appends lines, each whole or not at all, at once. One thread. Errors: OSError.

    A program that is killed leaves every line but perhaps the last.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._file: IO[bytes] = path.open("xb", buffering=0)
        self._end = 0
        self._num_lines = 0
        self._params: dict[str, Value] = {}
        try:
            self._append(header.model_dump_json())
        except OSError:
            self._file.close()
            raise

    def add(self, tick: Tick) -> None:
        values = tick.params.as_dict()
        line = Line(
            time_s=tick.time_s,
            sequence=tick.sequence,
            picture=tick.picture,
            changes=self._changes(values),
            is_skipped=tick.is_skipped,
            is_anew=tick.is_anew,
            lost=tick.lost,
            output=tick.output,
            fade=None if tick.fade is None else FadeLine.of(tick.fade),
        )
        self._append(line.model_dump_json(exclude_defaults=True))
        self._num_lines += 1
        self._params = values

    def close(self) -> None:
        self._file.close()

    def _changes(self, values: dict[str, Value]) -> dict[str, Value]:
        if self._num_lines % KEY_EVERY == 0:
            return values
        return {name: value for name, value in values.items() if value != self._params[name]}

    def _append(self, json: str) -> None:
        text = json.encode() + b"\n"
        try:
            if self._file.write(text) != len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._file.truncate(self._end)
            raise
        self._end += len(text)


def rising(time_s: float, last_s: float | None) -> float:
    """`time_s` as a line says it: in microseconds, at least one after the line before it."""
    return round(time_s if last_s is None else max(time_s, last_s + 1e-6), 6)
