"""Slow questions off the main thread: device lists, stopping, anything above 4 ms."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal, Slot


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


class Tasks(QObject):
    """Those that run now; each is let go once it has ended. Thread: main."""

    def __init__(self, expected: tuple[type[Exception], ...], parent: QObject) -> None:
        """expected: the errors that are answers, as sentences."""
        super().__init__(parent)
        self._expected = expected
        self._running: list[Task] = []

    def make(self, name: str, work: Callable[[], object]) -> Task:
        """Not started yet, so that its signals can be connected first."""
        task = Task(name, work, self._expected, self)
        self._running.append(task)
        task.finished.connect(self._on_finished)
        return task

    def is_running(self, name: str) -> bool:
        return any(task.objectName() == name for task in self._running)

    def wait(self) -> None:
        """Until all have ended."""
        for task in list(self._running):
            task.wait()

    @Slot()
    def _on_finished(self) -> None:
        done = [task for task in self._running if task.isFinished()]
        self._running = [task for task in self._running if task not in done]
        for task in done:
            task.deleteLater()
