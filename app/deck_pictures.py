"""What the looks on the decks were like when they were last on air alone.

The engine paints one stream: what is not on air is not painted. So these are memories, and shown
as such.
"""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot
from PySide6.QtGui import QPixmap

from app.crossfader import position_of
from app.engine_link import EngineLink
from app.engine_names import DeckState, Frame, OutputState
from app.thumbnails import make_thumbnail

INTERVAL_MS = 250
MOST_LOOKS = 64
SETTLING_MS = 600  # frames of the look before are still on their way


class DeckPictures(QObject):
    """Thread: main. Signal: picture_changed(is_b, QPixmap); a null one of a look not seen yet."""

    picture_changed = Signal(bool, QPixmap)

    def __init__(self, link: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._state: DeckState | None = None
        self._seen: dict[str, QPixmap] = {}  # by the look's name
        self._since_change = QElapsedTimer()
        self._since_last = QElapsedTimer()
        self._since_last.start()
        link.output_arrived.connect(self._on_output_arrived)

    @Slot(object)
    def show_state(self, state: DeckState) -> None:
        """Follow the decks."""
        before, self._state = self._state, state
        if before is None or _moved(before) != _moved(state):
            self._since_change.start()
        for is_b, old, new in (
            (False, before and before.a, state.a),
            (True, before and before.b, state.b),
        ):
            if old != new:
                self.picture_changed.emit(is_b, self._seen.get(new, QPixmap()))

    @Slot(object)
    def _on_output_arrived(self, frame: Frame) -> None:
        state = self._state
        if state is not None and position_of(state) in (0.0, 1.0) and self._is_worth_keeping():
            self._since_last.start()
            self._keep(state, make_thumbnail(frame))

    def _keep(self, state: DeckState, picture: QPixmap) -> None:
        """The newest pictures; those longest unseen give way."""
        is_b = position_of(state) == 1.0
        name = state.b if is_b else state.a
        self._seen.pop(name, None)
        self._seen[name] = picture
        if len(self._seen) > MOST_LOOKS:
            del self._seen[next(iter(self._seen))]
        self.picture_changed.emit(is_b, picture)

    def _is_worth_keeping(self) -> bool:
        """Painted by this look alone, and shown as it is."""
        return (
            self._since_last.elapsed() >= INTERVAL_MS
            and self._since_change.elapsed() > SETTLING_MS
            and self._link.info is not None
            and self._link.output is OutputState.LIVE
        )


def _moved(state: DeckState) -> tuple[object, ...]:
    """What makes another picture."""
    return state.a, state.b, state.crossfade, state.fade
