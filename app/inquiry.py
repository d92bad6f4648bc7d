"""A question to the engine that takes a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from app.engine_link import EngineLink


class Inquiry(QObject):
    """Asked in the background, once at a time. Signals: answered(answer), failed(sentence)."""

    answered = Signal(object)
    failed = Signal(str)

    def __init__(self, link: EngineLink, name: str, parent: QObject) -> None:
        """name: what is being done, as in "looking for cameras"."""
        super().__init__(parent)
        self._link, self._name = link, name
        self._is_asking = False

    def ask(self, work: Callable[[], object]) -> bool:
        """Returns: False while the last one is under way; its answer comes all the same."""
        if self._is_asking:
            return False
        self._is_asking = True
        self._link.ask(self._name, work, self._on_answered, self._on_failed)
        return True

    @Slot(object)
    def _on_answered(self, answer: object) -> None:
        self._is_asking = False
        self.answered.emit(answer)

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._is_asking = False
        self.failed.emit(sentence)
