"""Which looks off air are to be painted: what the window shows of them, as long as it shows it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.crossfader import position_of
from app.deck_link import DeckLink
from app.engine_link import EngineLink
from app.engine_names import PreviewWish
from app.look_pictures import deck_key, pad_key
from app.looks import Looks

DECK_WEIGHT = 8.0  # a pad's is 1: with all of them to paint, every third picture is the deck's
HELP = (
    "Paints the deck and the pads that are off air now and then from the present input: about 3 % "
    "of the model's time. Off: they keep the picture they had when they were last on air."
)


class Previews(QObject):
    """Tells the engine four times a second what is off air and in sight. Thread: main.

    Signal: changed(is on).
    """

    changed = Signal(bool)

    def __init__(
        self, link: EngineLink, decks: DeckLink, looks: Looks, pads: QWidget, *, is_on: bool
    ) -> None:
        """pads: nobody looks at their pictures while they are hidden."""
        super().__init__(pads)
        self.is_on = is_on
        self._link, self._decks, self._looks, self._pads = link, decks, looks, pads
        link.stats_arrived.connect(self._wish)

    @Slot()
    def toggle(self) -> None:
        self.is_on = not self.is_on
        self._wish()
        self.changed.emit(self.is_on)

    @Slot()
    def _wish(self) -> None:
        if self._link.is_running:
            is_seen = self.is_on and not self._pads.window().isMinimized()
            self._link.engine.wish_previews(self._wishes() if is_seen else ())

    def _wishes(self) -> list[PreviewWish]:
        position = position_of(self._decks.state)
        a, b = self._link.engine.performance.looks_on_decks()
        decks = ((False, a, 1.0 - position), (True, b, position))
        wishes = [
            PreviewWish(deck_key(is_b, look.name), look.params, DECK_WEIGHT)
            for is_b, look, share in decks
            if share < 1.0
        ]
        return wishes + self._wishes_of_pads() if self._pads.isVisible() else wishes

    def _wishes_of_pads(self) -> list[PreviewWish]:
        """As they would play from the look on air; the one that plays is in the output."""
        performance, playing = self._link.engine.performance, self._looks.playing_pad
        return [
            PreviewWish(pad_key(pad.look), performance.params_if_fired(pad.look))
            for pad in self._looks.pads
            if pad is not None and pad is not playing
        ]
