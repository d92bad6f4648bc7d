"""A show's timing as a trace for Perfetto (ui.perfetto.dev): stages, threads, counters, events.

Source: "Trace Event Format", Google, the JSON array form.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from engine.errors import ReportError
from engine.events import Event, EventKind, Severity
from engine.stage import Surroundings
from engine.stats import Stats

FLUSH_S = 0.5
MAX_BYTES = 500_000_000  # some four hours of a show
CLOSING = b"\n]"
NUM_SPANS_KEPT = 100_000  # between two flushes, should the disk be slow

Counters = Mapping[str, Mapping[str, float]]  # track → series → value
TraceEvent = dict[str, Any]
Span = tuple[str, str, float, float]  # thread, stage, start_s, end_s


class TraceFile:
    """A JSON array that is whole after every `append`, so that a killed run can be read too.

    Thread: one at a time. Errors: ReportError where it can't be made; OSError from `append`, and
    what was there stays whole.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0  # where the closing bracket is
        try:
            self._file = path.open("wb", buffering=0)
            self._write(b"[")
        except OSError as error:
            reason = error.strerror or error
            raise ReportError(f"The trace can't be written to {path}: {reason}.") from error

    def __enter__(self) -> TraceFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def is_full(self) -> bool:
        return self._end > MAX_BYTES

    def append(self, events: Iterable[TraceEvent]) -> None:
        lines = [json.dumps(event, allow_nan=False).encode() for event in events]
        if lines:
            separator = b"\n" if self._end == 1 else b",\n"
            self._write(separator + b",\n".join(lines))

    def close(self) -> None:
        self._file.close()

    def _write(self, text: bytes) -> None:
        try:
            self._write_all(text + CLOSING)
        except OSError:
            self._file.truncate(self._end)
            self._write_all(CLOSING)  # there is room: it was there before
            raise
        self._end += len(text)

    def _write_all(self, text: bytes) -> None:
        self._file.seek(self._end)
        if self._file.write(text) != len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class TraceStage:
    """Worker of the thread "trace": gathers spans from every thread, writes them now and then.

    counters: asked at every flush. The hot path is one append to a deque per span.
    """

    name = "trace"

    def __init__(
        self, file: TraceFile, counters: Callable[[], Counters], around: Surroundings
    ) -> None:
        self._file = file
        self._counters = counters
        self._around = around
        self._spans: deque[Span] = deque(maxlen=NUM_SPANS_KEPT)
        self._threads: dict[str, int] = {}
        self._last_event: Event | None = None
        self._wake = threading.Event()
        around.recorder.on_span = self._note

    def interrupt(self) -> None:
        self._wake.set()

    def step(self) -> bool:
        clock = self._around.clock
        is_over = clock.wait_until(clock.now_s() + FLUSH_S, self._wake)
        self._flush()
        return not is_over and not self._file.is_full

    def recover(self, error: Exception) -> bool:
        message = f"The trace {self._file.path} ends here, because it can't be written: {error}."
        self._around.events.add(EventKind.NOTICE, Severity.WARNING, message, self.name)
        return False

    def finish(self) -> None:
        self._around.recorder.on_span = None

    def _note(self, stage: str, start_s: float, end_s: float) -> None:
        self._spans.append((threading.current_thread().name, stage, start_s, end_s))

    def _flush(self) -> None:
        spans = [self._spans.popleft() for _ in range(len(self._spans))]
        fresh = self._fresh_events()
        names = [thread for thread, *_ in spans] + [event.stage or "main" for event in fresh]
        now_s = self._around.clock.now_s()
        self._file.append(
            [
                *self._introduce(names),
                *(span_event(span, self._threads[span[0]]) for span in spans),
                *(instant_event(event, self._threads[event.stage or "main"]) for event in fresh),
                *counter_events(self._counters(), now_s),
            ]
        )

    def _fresh_events(self) -> list[Event]:
        newest_first = reversed(self._around.events.history())
        fresh = list(takewhile(lambda event: event is not self._last_event, newest_first))
        self._last_event = fresh[0] if fresh else self._last_event
        return fresh[::-1]

    def _introduce(self, names: Iterable[str]) -> list[TraceEvent]:
        """Name the process and every thread that wasn't there before."""
        new = [name for name in dict.fromkeys(names) if name not in self._threads]
        for name in new:
            self._threads[name] = len(self._threads) + 1
        events = [_event("thread_name", "M", self._threads[name], {"name": name}) for name in new]
        if 1 in (self._threads[name] for name in new):
            events.append(_event("process_name", "M", 0, {"name": "Reverie"}))
        return events


def span_event(span: Span, thread: int) -> TraceEvent:
    """One stage's turn. Times in µs on the engine clock."""
    _, stage, start_s, end_s = span
    times = {"ts": round(start_s * 1e6, 1), "dur": round(max(0.0, end_s - start_s) * 1e6, 1)}
    return _event(stage, "X", thread) | times


def instant_event(event: Event, thread: int) -> TraceEvent:
    """A happening, as a mark across its process."""
    about = {"message": event.message, "severity": str(event.severity)}
    return _event(str(event.kind), "i", thread, about) | {"ts": event.time_s * 1e6, "s": "p"}


def counter_events(counters: Counters, now_s: float) -> list[TraceEvent]:
    """One track each, drawn as stacked areas."""
    return [
        _event(name, "C", 0, dict(series)) | {"ts": now_s * 1e6}
        for name, series in counters.items()
    ]


def counters_of(stats: Stats) -> Counters:
    """What is worth a track: rates, and pictures lost on the way, in all."""
    return {
        "fps": {
            "input": stats.fps_input_hz,
            "new": stats.fps_unique_hz,
            "output": stats.fps_output_hz,
        },
        "dropped": {
            "before the model": stats.dropped,
            **{sink.uri.partition(":")[0]: sink.dropped for sink in stats.sinks},
        },
    }


def _event(
    name: str, phase: str, thread: int, arguments: Mapping[str, object] | None = None
) -> TraceEvent:
    event: TraceEvent = {"name": name, "ph": phase, "pid": os.getpid(), "tid": thread}
    return event if arguments is None else event | {"args": dict(arguments)}
