"""How a rate is held: when to take which rung of the ladder of effort. Pure functions over state.

What is measured is the *load*: the mean time of a tick in periods of the rate that is to be held,
or the pictures that were due for each that was painted, if that is more. At 1 it is just held.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from statistics import median

from engine.effort import FIRST_RESIZED, Neighbours

# What is owed at a load above the first grows into a lag; there is room below the second.
BEHIND_LOAD = 1.02
ROOM_LOAD = 0.9
FALL_LAG_S = 0.5
CLIMB_AFTER_S = 4.0
# Another size is another model to make ready: for longer need, and longer room.
RESIZE_LAG_S = 2.0
RESIZE_DOWN_AFTER_S = 8.0
RESIZE_UP_AFTER_S = 60.0
# Busy moments on a machine with room count as much against it.
ROOM_LOSS = 2.0
# A climb that is taken back before so long without any lag has failed, and doubles every wait.
STEADY_S = 30.0
MOST_DOUBLINGS = 10
# For so long what the rung above has cost is believed; then it is tried again.
BELIEVED_S = 60.0
LEAST_LOAD = 1e-6  # of a tick that takes no time that a clock can tell
NUM_LEARNT = 3  # judgements whose median says what a rung costs


@dataclass(frozen=True, slots=True)
class Judgement:
    """Some ticks. load: as above; due_s: how long their pictures are to last at the rate."""

    load: float
    due_s: float

    @staticmethod
    def of(
        num_ticks: int, busy_s: float, elapsed_s: float, dropped: int, rate_hz: float
    ) -> Judgement:
        """From what was seen. dropped: pictures that the model was too late for.

        Where ticks take now longer, now shorter, pictures are lost that their mean time would have
        been short enough for; but what never came in was not lost.
        """
        missed = min(max(0.0, elapsed_s * rate_hz - num_ticks), float(dropped))
        load = max(busy_s * rate_hz / num_ticks, 1.0 + missed / num_ticks if missed else 0.0)
        return Judgement(load, num_ticks / rate_hz)

    @property
    def late_s(self) -> float:
        """Negative where something that was late has been made up for."""
        return (self.load - BEHIND_LOAD) * self.due_s


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the governor stands, and what it has learnt.

    lag_s: how much work is late; a hiccup is made up for, being too slow adds up. room_s, calm_s:
    for how long there has been room, and no lag. moved_s: when it moved last; has_climbed: and that
    was upwards. failures: climbs in a row that had to be taken back. dearer: by rung, how many
    times the load of that rung the one above has cost. fell_with: the load it fell with, until
    those of the new rung are known. recent: the newest loads at this rung.
    """

    rung: int = 0
    lag_s: float = 0.0
    room_s: float = 0.0
    calm_s: float = 0.0
    moved_s: float = float("-inf")
    has_climbed: bool = False
    failures: int = 0
    dearer: dict[int, float] = field(default_factory=dict[int, float])
    fell_with: float | None = None
    recent: tuple[float, ...] = ()

    @property
    def is_held(self) -> bool:
        return self.lag_s < FALL_LAG_S

    @property
    def patience(self) -> float:
        """By how much every wait before a climb is longer than the first time."""
        return 2.0 ** min(self.failures, MOST_DOUBLINGS)

    def at(self, rung: int, now_s: float) -> Standing:
        """There from now on; nothing is known of it yet."""
        return Standing(
            rung,
            moved_s=now_s,
            has_climbed=rung < self.rung,
            failures=self.failures,
            dearer=self.dearer,
        )


def decide(standing: Standing, judged: Judgement, now_s: float, near: Neighbours) -> Standing:
    """Stay, fall by a rung or climb by one."""
    present = _weighed(_taught(standing, judged.load), judged, now_s)
    if near.down is not None and _must_fall(present, now_s, near.down):
        return _fallen(present, now_s, near.down)
    if near.up is not None and present.room_s >= _climb_after_s(present):
        return present.at(near.up, now_s)
    return present


def _taught(standing: Standing, load: float) -> Standing:
    """The first loads after a fall tell what the rung above costs beside this one."""
    recent = (*standing.recent, load)[-NUM_LEARNT:]
    present = replace(standing, recent=recent)
    if standing.fell_with is None or len(recent) < NUM_LEARNT:
        return present
    ratio = max(1.0, standing.fell_with / max(median(recent), LEAST_LOAD))
    dearer = {**standing.dearer, standing.rung: ratio}
    return replace(present, dearer=dearer, fell_with=None)


def _weighed(standing: Standing, judged: Judgement, now_s: float) -> Standing:
    lag_s = min(max(0.0, standing.lag_s + judged.late_s), RESIZE_LAG_S)
    gain = 1.0 if _fits_above(standing, judged.load, now_s) else -ROOM_LOSS
    return replace(
        standing,
        lag_s=lag_s,
        room_s=max(0.0, standing.room_s + gain * judged.due_s),
        calm_s=standing.calm_s + judged.due_s * (lag_s == 0.0),
    )


def _fits_above(standing: Standing, load: float, now_s: float) -> bool:
    """There is room for what the rung above has cost, as far as that is believed."""
    is_believed = now_s - standing.moved_s < BELIEVED_S * standing.patience
    dearer = standing.dearer.get(standing.rung, 1.0) if is_believed else 1.0
    return load * dearer <= ROOM_LOAD


def _must_fall(standing: Standing, now_s: float, rung: int) -> bool:
    if rung < FIRST_RESIZED:
        return not standing.is_held
    is_patient = now_s - standing.moved_s >= RESIZE_DOWN_AFTER_S
    return is_patient and standing.lag_s >= RESIZE_LAG_S


def _climb_after_s(standing: Standing) -> float:
    is_resized = standing.rung >= FIRST_RESIZED
    return (RESIZE_UP_AFTER_S if is_resized else CLIMB_AFTER_S) * standing.patience


def _fallen(standing: Standing, now_s: float, rung: int) -> Standing:
    failures = standing.failures
    if standing.has_climbed:
        failures = failures + 1 if standing.calm_s < STEADY_S else 0
    fell_with = median(standing.recent)
    return replace(standing.at(rung, now_s), failures=failures, fell_with=fell_with)


def arrived(standing: Standing, now_s: float) -> Standing:
    """A rung that had to be made ready is only taken now."""
    return replace(standing, moved_s=now_s)


@dataclass(frozen=True, slots=True)
class Holding:
    """What the governor does, for the window and the report.

    target_hz: 0 when nothing is to be held. lowered: in words, what is played less than set; "" for
    nothing. is_held: the rate is. moves: how often another rung was taken. judged_s, held_s: how
    long the rate was watched, and held. spent_s: how long at what, in the order it came.
    """

    target_hz: float = 0.0
    lowered: str = ""
    is_held: bool = True
    moves: int = 0
    judged_s: float = 0.0
    held_s: float = 0.0
    spent_s: tuple[tuple[str, float], ...] = ()

    def after(self, seconds: float, is_held: bool) -> Holding:
        """So much later."""
        spent = dict(self.spent_s)
        spent[self.lowered] = spent.get(self.lowered, 0.0) + seconds
        return replace(
            self,
            is_held=is_held,
            judged_s=self.judged_s + seconds,
            held_s=self.held_s + seconds * is_held,
            spent_s=tuple(spent.items()),
        )
