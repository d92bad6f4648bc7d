"""What every look on a deck or a pad looks like: off air as its preview, else as it last was.

A look on air alone is in the output, which is kept of it now and then; a preview comes from the
engine. Whichever came last is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot
from PySide6.QtGui import QPixmap

from app.crossfader import position_of
from app.engine_link import EngineLink
from app.engine_names import Bank, DeckState, Frame, OutputState, Pad, Preset, Preview
from app.looks import Looks
from app.thumbnails import load_thumbnail, make_thumbnail, save_thumbnail

INTERVAL_MS = 250  # calm, and too rare to cost anything
SETTLING_MS = 600  # frames of the look before are still on their way
MOST_PICTURES = 256


@dataclass(frozen=True)
class LookPicture:
    """is_preview: painted off air; else what was on air."""

    pixmap: QPixmap
    is_preview: bool = False


class LookPictures(QObject):
    """Thread: main. A null picture stands for a look that was never seen.

    Signals: pad_pictured(index, QPixmap); deck_pictured(is_b, QPixmap, is_preview).
    """

    pad_pictured = Signal(int, QPixmap)
    deck_pictured = Signal(bool, QPixmap, bool)

    def __init__(self, link: EngineLink, looks: Looks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link, self._looks = link, looks
        self._state: DeckState | None = None
        self._pictures: dict[str, LookPicture] = {}
        self._from_disk: dict[tuple[Bank, str], QPixmap] = {}
        self._since_change = QElapsedTimer()
        self._since_change.start()
        self._since_last = QElapsedTimer()
        self._since_last.start()
        link.params_changed.connect(self._on_params_changed)
        link.output_arrived.connect(self._on_output_arrived)
        link.preview_arrived.connect(self._on_preview_arrived)

    def save_all(self) -> None:
        """Ship what the pads show."""
        for pad in self._looks.pads:
            picture = self._pictures.get(pad_key(pad.look)) if pad else None
            if pad is not None and picture is not None:
                save_thumbnail(self._bank, pad.look.name, picture.pixmap)

    @Slot(bool)
    def show_previewing(self, is_on: bool) -> None:
        """Without previews from now on, those there are become pictures of the past."""
        if not is_on:
            for key, picture in self._pictures.items():
                self._pictures[key] = LookPicture(picture.pixmap)
            self._tell_decks()

    # ---- following

    @Slot(object)
    def show_pads(self, pads: Sequence[Pad | None]) -> None:
        """The newest picture of every look on the pads; else the one shipped with it."""
        for index, pad in enumerate(pads):
            if pad is not None:
                picture = self._pictures.get(pad_key(pad.look))
                self.pad_pictured.emit(index, picture.pixmap if picture else self._shipped(pad))

    @Slot(object)
    def show_state(self, state: DeckState) -> None:
        """Follow the decks."""
        before, self._state = self._state, state
        if before is None or _moved(before) != _moved(state):
            self._since_change.start()
        if before is None or (before.a, before.b) != (state.a, state.b):
            self._tell_decks()

    @Slot(object)
    def _on_params_changed(self, _params: object) -> None:
        self._since_change.start()

    @Slot(object)
    def _on_output_arrived(self, frame: Frame) -> None:
        """Kept where it was painted by one look alone, and is shown as it is."""
        keys = self._keys_on_air()
        is_settled = self._since_change.elapsed() > SETTLING_MS
        is_due = self._since_last.elapsed() >= INTERVAL_MS
        is_live = self._link.info is not None and self._link.output is OutputState.LIVE
        if keys and is_settled and is_due and is_live:
            self._since_last.start()
            picture = LookPicture(make_thumbnail(frame))
            for key in keys:
                self._keep(key, picture)

    @Slot(object)
    def _on_preview_arrived(self, preview: Preview) -> None:
        self._keep(preview.key, LookPicture(make_thumbnail(preview.frame), is_preview=True))

    # ---- keeping and telling

    def _keys_on_air(self) -> list[str]:
        """Of the deck on air alone, and of the pad that plays on it."""
        if self._state is None or position_of(self._state) not in (0.0, 1.0):
            return []
        is_b = position_of(self._state) == 1.0
        pad = self._looks.playing_pad
        own = [deck_key(is_b, self._state.b if is_b else self._state.a)]
        return own if pad is None else [*own, pad_key(pad.look)]

    def _keep(self, key: str, picture: LookPicture) -> None:
        """The newest pictures; those longest unseen give way."""
        self._pictures.pop(key, None)
        self._pictures[key] = picture
        if len(self._pictures) > MOST_PICTURES:
            del self._pictures[next(iter(self._pictures))]
        for index, pad in enumerate(self._looks.pads):
            if pad is not None and pad_key(pad.look) == key:
                self.pad_pictured.emit(index, picture.pixmap)
        if self._state is not None:
            for is_b, name in ((False, self._state.a), (True, self._state.b)):
                if deck_key(is_b, name) == key:
                    self.deck_pictured.emit(is_b, picture.pixmap, picture.is_preview)

    def _tell_decks(self) -> None:
        if self._state is not None:
            for is_b, name in ((False, self._state.a), (True, self._state.b)):
                picture = self._of_deck(is_b, name)
                self.deck_pictured.emit(is_b, picture.pixmap, picture.is_preview)

    def _of_deck(self, is_b: bool, name: str) -> LookPicture:
        """Its own; for a look that has just come to it, that of the pad it came from."""
        pads = [pad_key(pad.look) for pad in self._looks.pads if pad and pad.look.name == name]
        keys = [deck_key(is_b, name), *pads]
        found = [self._pictures[key] for key in keys if key in self._pictures]
        return found[0] if found else LookPicture(QPixmap())

    def _shipped(self, pad: Pad) -> QPixmap:
        place = (self._bank, pad.look.name)
        if place not in self._from_disk:
            self._from_disk[place] = load_thumbnail(*place)
        return self._from_disk[place]

    @property
    def _bank(self) -> Bank:
        return Bank.of(self._link.show.render.model)


def pad_key(look: Preset) -> str:
    """A picture belongs to what the look does, wherever its pad goes."""
    return look.model_dump_json(include={"prompt", "negative", "params", "modulation"})


def deck_key(is_b: bool, name: str) -> str:
    """Both decks may hold a look of one name, set differently."""
    return f"{'B' if is_b else 'A'} {name}"


def _moved(state: DeckState) -> tuple[object, ...]:
    """What makes another picture."""
    return state.a, state.b, state.crossfade, state.fade
