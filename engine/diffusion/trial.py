"""Does a newcomer paint faster here than what plays? Asked of accelerators that need not be faster.

Ticks of both are timed in the show itself, one after the other, when nothing is built any more.
Thread: render.
"""

from __future__ import annotations

import statistics

from engine.diffusion.acceleration import Made
from engine.enums import StrEnum

NUM_TICKS = 40  # of each
NUM_SETTLING = 10  # of a newcomer's first, which don't count: kernels are chosen, clocks rise


class Ruling(StrEnum):
    """What follows from a tick."""

    GO_ON = "go_on"
    GO_OVER = "go_over"  # the newcomer's turn
    GO_BACK = "go_back"  # the incumbent's again: another number of rows can't be compared
    WON = "won"  # the newcomer stays
    LOST = "lost"


class Trial:
    """Between what plays and a newcomer, for one number of rows."""

    def __init__(self, incumbent: Made, newcomer: Made) -> None:
        self.incumbent, self.newcomer = incumbent, newcomer
        self._rows = 0
        self._ticks_s: list[float] = []
        self._incumbent_s: float | None = None  # its median, once it is the newcomer's turn
        self._newcomer_s = 0.0

    def note(self, num_rows: int, took_s: float) -> Ruling:
        """A tick of the one whose turn it is. Exactly one call ends the trial: WON or LOST."""
        if num_rows != self._rows:
            return self._begin(num_rows)
        self._ticks_s.append(took_s)
        num_settling = 0 if self._incumbent_s is None else NUM_SETTLING
        if len(self._ticks_s) < num_settling + NUM_TICKS:
            return Ruling.GO_ON
        median_s = statistics.median(self._ticks_s[num_settling:])
        self._ticks_s.clear()
        if self._incumbent_s is None:
            self._incumbent_s = median_s
            return Ruling.GO_OVER
        self._newcomer_s = median_s
        return Ruling.WON if median_s < self._incumbent_s else Ruling.LOST

    def _begin(self, num_rows: int) -> Ruling:
        is_newcomers_turn = self._incumbent_s is not None
        self._rows, self._incumbent_s = num_rows, None
        self._ticks_s.clear()
        return Ruling.GO_BACK if is_newcomers_turn else Ruling.GO_ON

    @property
    def verdict(self) -> str:
        """What was found, as a sentence; after its end."""
        incumbent_s = self._incumbent_s or 0.0
        is_won = self._newcomer_s < incumbent_s
        word, plays = ("faster", self.newcomer) if is_won else ("slower", self.incumbent)
        return (
            f"{self.newcomer.entry.label} is {word} here than {self.incumbent.entry.label}: "
            f"{self._newcomer_s * 1e3:.1f} ms a picture, not {incumbent_s * 1e3:.1f}. "
            f"The show runs on {plays.entry.label}."
        )
