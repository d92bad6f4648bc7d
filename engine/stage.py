"""A named thread that runs one worker, turn by turn, and survives what nobody foresaw."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Protocol

from engine.clock import Clock
from engine.errors import EngineError, clause_of
from engine.events import EventKind, EventLog, Severity
from engine.pacing import retry_delay_s
from engine.stats import Recorder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What every worker is given. stop: set once, when the show is told to end."""

    clock: Clock
    events: EventLog
    recorder: Recorder
    stop: threading.Event = field(default_factory=threading.Event)

    def tell_failure(self, stage: str, error: Exception) -> None:
        """An expected error speaks for itself; any other needs to be introduced."""
        is_sentence = isinstance(error, EngineError)
        message = str(error) if is_sentence else f"The {stage} stage failed: {clause_of(error)}."
        self.events.add(EventKind.STAGE_FAILED, Severity.ERROR, message, stage)


class Worker(Protocol):
    """The work of one stage. Everything but `interrupt` runs on the stage's own thread."""

    @property
    def name(self) -> str:
        """The thread's name."""
        ...

    def step(self) -> bool:
        """One turn, waiting included; False ends the stage."""
        ...

    def recover(self, error: Exception) -> bool:
        """Tell what `step` raised unforeseen, and put it right; False ends the stage."""
        ...

    def finish(self) -> None:
        """Let go of everything; called once, whatever happened."""
        ...

    def interrupt(self) -> None:
        """Cut short every wait of the worker: the show is being stopped. Any thread."""
        ...


class Stage:
    """Runs a worker on its thread. An unforeseen failure is told, and the worker goes on.

    Failures in a row are followed by rising pauses, so that a stage that can't work doesn't burn
    the processor that the others need. has_rhythm: it waits for its own ticks anyway, no pause.
    """

    def __init__(self, worker: Worker, around: Surroundings, has_rhythm: bool = False) -> None:
        self._worker = worker
        self._around = around
        self._has_rhythm = has_rhythm
        self._failures = 0
        # A daemon: a driver that never returns must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name=worker.name, daemon=True)

    @property
    def name(self) -> str:
        return self._worker.name

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def interrupt(self) -> None:
        self._worker.interrupt()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the thread's end; False when it goes on after the time."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        log.debug("%s starts", self.name)
        try:
            while self._turn():
                pass
        finally:
            self._finish()
        log.debug("%s ends", self.name)

    def _turn(self) -> bool:
        try:
            goes_on = self._worker.step()
        except Exception as error:
            log.error("%s failed", self.name, exc_info=error)
            return self._worker.recover(error) and self._pause()
        self._failures = 0
        return goes_on

    def _finish(self) -> None:
        try:
            self._worker.finish()
        except Exception as error:
            log.error("%s failed to close", self.name, exc_info=error)
            self._around.tell_failure(self.name, error)

    def _pause(self) -> bool:
        if self._has_rhythm:
            return not self._around.stop.is_set()
        self._failures += 1
        clock = self._around.clock
        deadline_s = clock.now_s() + retry_delay_s(self._failures)
        return not clock.wait_until(deadline_s, self._around.stop)
