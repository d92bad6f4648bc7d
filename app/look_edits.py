"""Editing pads and banks: every edit is a set in place of the one before, and can be undone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from app.deck_link import DeckLink
from app.engine_link import EngineLink
from app.engine_names import Pad, PadBank, shipped_set
from app.look_store import LONGEST_NAME, make_look, name_from
from app.looks import Looks


class LookEdits(QObject):
    """Acts on the loaded bank. Thread: main. Pads are counted from 0."""

    def __init__(
        self, link: EngineLink, decks: DeckLink, looks: Looks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._decks = decks
        self._looks = looks

    # ---- pads

    @Slot()
    def store_on_playing(self) -> None:
        """Keep the present look on the pad that plays; else on the first free one."""
        free = [index for index, pad in enumerate(self._looks.pads) if pad is None]
        if self._looks.playing >= 0 or free:
            self.store(self._looks.playing if self._looks.playing >= 0 else free[0])
        else:
            self._decks.refused.emit("No pad of this bank is free; clear one or add a bank.")

    def store(self, index: int) -> None:
        """Keep the present look on a pad, which keeps its name, colour and transition."""
        old, show = self._looks.pads[index], self._link.show
        like = old.look if old else None
        name = like.name if like else name_from(show.params.prompt)
        look = make_look(show.params, show.modulation, name, like)
        transition = old.transition if old else None
        if self._decks.store_on_air(Pad(number=index + 1, look=look, transition=transition)):
            self._decks.noticed.emit(f"“{name}” is stored on pad {index + 1}.")

    def replace(self, pad: Pad) -> None:
        """The pad as it was edited, in its place."""
        self._edit_bank(lambda bank: bank.with_pad(pad))

    def rename(self, index: int, name: str) -> None:
        """Give a look another name."""
        pad, name = self._looks.pads[index], name.strip()[:LONGEST_NAME]
        if pad is not None and name:
            look = pad.look.model_copy(update={"name": name})
            self.replace(pad.model_copy(update={"look": look}))

    def clear(self, index: int) -> None:
        """Leave the pad free; what plays goes on."""
        self._edit_bank(lambda bank: bank.without_pad(index + 1))

    @Slot(int, int)
    def swap(self, index: int, other: int) -> None:
        """Two pads in each other's place."""
        self._edit_bank(lambda bank: bank.with_pads_swapped(index + 1, other + 1))

    def restore(self, index: int) -> None:
        """The look that is shipped for this pad."""
        shipped = self.shipped(index)
        if shipped is None:
            self._decks.refused.emit("No look is shipped for this pad.")
        else:
            self.replace(shipped)

    def shipped(self, index: int) -> Pad | None:
        """What Reverie brings along for this pad of this bank and model."""
        banks, number = shipped_set(self._link.show.render.model).banks, self._looks.bank
        return banks[number - 1].pad(index + 1) if number <= len(banks) else None

    # ---- banks

    @Slot()
    def add_bank(self) -> None:
        """Sixteen free pads after the other banks, loaded at once."""
        live_set = self._decks.live_set
        number = len(live_set.banks) + 1
        self._decks.edit(live_set.with_bank(number, PadBank(name=f"Bank {number}")))
        self._decks.load_bank(number)

    def rename_bank(self, number: int, name: str) -> None:
        """number: from 1."""
        name = name.strip()[:LONGEST_NAME]
        if name:
            live_set = self._decks.live_set
            bank = live_set.bank(number).model_copy(update={"name": name})
            self._decks.edit(live_set.with_bank(number, bank))

    def remove_bank(self, number: int) -> None:
        """With its pads; the last bank stays."""
        live_set = self._decks.live_set
        if len(live_set.banks) == 1:
            self._decks.refused.emit("A set has at least one bank; clear its pads instead.")
        else:
            self._decks.edit(live_set.without_bank(number))

    def _edit_bank(self, change: Callable[[PadBank], PadBank]) -> None:
        live_set, number = self._decks.live_set, self._looks.bank
        self._decks.edit(live_set.with_bank(number, change(live_set.bank(number))))
