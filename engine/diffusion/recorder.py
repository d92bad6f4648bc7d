"""How the tensor work of a tick is run: as it comes, or recorded once and replayed.

A recording bakes in every address, size and Python number that the work met. So recorded work reads
and writes memory that stays where it is (`tick_memory.TickMemory`), never asks what a tensor holds,
and has all that its course depends on in its key. Thread: one at a time, at last the render thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from engine.diffusion.lru import LruCache
from engine.errors import clause_of

log = logging.getLogger(__name__)

MAX_RECORDINGS = 32  # each of them costs little: they share their memory
NUM_WARM_UPS = 2  # runs until work is replayed: as it comes, then recorded

Work = Callable[[], None]


class Recorder(Protocol):
    """Runs work, once for every call."""

    @property
    def records(self) -> bool:
        """Whether work of a kind that is new costs more than its first run."""
        ...

    @property
    def note(self) -> str | None:
        """What the performer should know of it, as a sentence."""
        ...

    def run(self, key: Hashable, work: Work) -> None:
        """key: equal only where the work is the same, on the same memory."""
        ...

    def close(self) -> None:
        """Free what was recorded."""
        ...


class ImmediateRecorder:
    """Runs all work as it comes."""

    records = False
    note = None

    def run(self, key: Hashable, work: Work) -> None:
        work()

    def close(self) -> None:
        """There is nothing to free."""


class Graphs(Protocol):
    """What records; errors of both are RuntimeErrors."""

    def warm_up(self, work: Work) -> None:
        """Run it as it comes, where it will be recorded: libraries choose their kernels."""
        ...

    def capture(self, work: Work) -> Work:
        """Record it without running it. Returns: what replays it."""
        ...


@dataclass(slots=True)
class _Recording:
    warm_on: int | None = None  # the thread on which it ran: libraries have handles per thread
    replay: Work | None = None


class GraphRecorder:
    """Runs work of a new kind as it comes, records it when it is asked for again, then replays.

    So what is seen once in passing costs no recording, and work that changes its own memory runs
    exactly once a call. Work that can't be recorded is run as it comes from then on.
    """

    records = True

    def __init__(self, graphs: Graphs, max_recordings: int = MAX_RECORDINGS) -> None:
        self._graphs = graphs
        self._max_recordings = max_recordings
        self._recordings: LruCache[Hashable, _Recording] = LruCache(max_recordings)
        self._note: str | None = None

    @property
    def note(self) -> str | None:
        return self._note

    def run(self, key: Hashable, work: Work) -> None:
        recording = self._recordings.get_or_make(key, _Recording)
        thread = threading.get_ident()
        if recording.replay is None and recording.warm_on != thread:
            self._graphs.warm_up(work)
            recording.warm_on = thread
            return
        if recording.replay is None:
            recording.replay = self._captured(work)
        recording.replay()

    def close(self) -> None:
        self._recordings = LruCache(self._max_recordings)

    def _captured(self, work: Work) -> Work:
        try:
            return self._graphs.capture(work)
        except RuntimeError as error:  # torch's and CUDA's own, out of memory among them
            reason = clause_of(error)
            log.warning("A tick can't be recorded", exc_info=error)
            self._note = (
                f"This kind of frame can't be recorded as a CUDA graph here ({reason}); it is "
                "painted without one, slower. The accelerator eager does without from the start."
            )
            return work
