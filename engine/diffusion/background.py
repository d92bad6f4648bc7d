"""A thread for work that a tick must not wait for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import LifoQueue
from typing import TypeVar

import torch

from engine.errors import PreparationCancelled

log = logging.getLogger(__name__)

T = TypeVar("T")
CLOSE_TIMEOUT_S = 2.0


class BackgroundThread:
    """Does one job after the other on a thread of its own, the newest wish first.

    Thread: `submit` and `close` on one other thread.
    """

    def __init__(self, name: str) -> None:
        """name: the thread's, and what is told of a job that fails."""
        self._name = name
        self._jobs: LifoQueue[Callable[[], None] | None] = LifoQueue()
        # A daemon: a driver that never returns must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Whatever `work` raises, its future raises."""
        future: Future[T] = Future()
        self._jobs.put(lambda: self._fulfil(future, work))
        return future

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """End after the present job; those that wait are never done."""
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        torch.set_num_threads(1)  # the other cores belong to the picture
        while (job := self._jobs.get()) is not None:
            job()

    def _fulfil(self, future: Future[T], work: Callable[[], T]) -> None:
        try:
            future.set_result(work())
        except Exception as error:
            if not isinstance(error, PreparationCancelled):
                log.warning("%s failed", self._name, exc_info=error)
            future.set_exception(error)
