"""Slow questions off the main thread: device lists, stopping, anything above 4 ms."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal


class Task(QThread):
    """Runs `work` once on its own thread and hands the answer back to the main thread.

    Signals (received on the main thread): succeeded(result), failed(sentence). The task keeps
    itself alive through its parent and must be waited for before the parent goes.
    """

    succeeded = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        expected: tuple[type[Exception], ...],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._work = work
        self._expected = expected

    def run(self) -> None:
        try:
            result = self._work()
        except self._expected as error:
            self.failed.emit(str(error))
        else:
            self.succeeded.emit(result)
