"""Performance mode: what plays goes on playing, what edits or could end the show is locked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.shortcuts import SHORTCUTS, key_of

QUIT_AGAIN_MS = 3000
# What a performance needs; every other action waits until it is over.
PLAYED_GROUPS = frozenset(["Panic", "Pads", "Pads in time", "Decks", "Beat", "Text"])
PLAYED = frozenset([
    "strength_up", "strength_down", "guidance_up", "guidance_down", "guidance_mode", "dice",
    "stored_look", "record", "record_show", "identify", "help", "save_report", "dismiss",
    "performance", "quit",
])  # fmt: skip


class PerformanceMode(QObject):
    """On or off; off at every start. Thread: main.

    Signals: changed(is on); noticed(sentence): why a key did nothing, or how to quit.
    """

    changed = Signal(bool)
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_on = False
        self._quitting = QTimer(self, singleShot=True, interval=QUIT_AGAIN_MS)

    @Slot()
    def toggle(self) -> None:
        self.is_on = not self.is_on
        self._quitting.stop()
        self.changed.emit(self.is_on)

    def may_quit(self) -> bool:
        """Once it is on, only at the second time within three seconds; the first one says so."""
        if not self.is_on or self._quitting.isActive():
            self._quitting.stop()
            return True
        self._quitting.start()
        self.noticed.emit(f"Locked for the show: {key_of('quit')} once more within 3 s quits.")
        return False

    def guarded(
        self, actions: Mapping[str, Callable[[], object]]
    ) -> dict[str, Callable[[], object]]:
        """The same actions; those that are no part of a performance do nothing while it is on."""
        return {
            name: act if is_played(name) else partial(self._carry_out, act)
            for name, act in actions.items()
        }

    def _carry_out(self, act: Callable[[], object]) -> None:
        if self.is_on:
            self.noticed.emit(f"Locked for the show: {key_of('performance')} unlocks.")
        else:
            act()


def is_played(action: str) -> bool:
    """Whether an action of the table of keys is part of a performance."""
    group = next(each.group for each in SHORTCUTS if each.action == action)
    return action in PLAYED or group in PLAYED_GROUPS or action.endswith("_panel")
