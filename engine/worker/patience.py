"""Is the child slow or hung? Pure: what was seen goes in, a judgement comes out.

Three signs count: how long the call has been under way, how long ago the child's heart last beat,
and how long ago the process last did anything at all. The heart is a thread of its own, so it goes
on while the model computes or a driver compiles, and stops when a native call holds the interpreter
or the whole process stands still; only a process that stands still uses neither processor nor disk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.enums import StrEnum
from engine.params import MAX_STEPS, StreamParams

LOOK_S = 0.1  # how often the waiting parent looks
SLOW_RATIO, HANG_RATIO = 3.0, 10.0  # to the tick before


class Condition(StrEnum):
    """What the signs say."""

    WELL = "well"
    SLOW = "slow"  # longer than usual, but the heart beats
    HUNG = "hung"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take. silence_s: without a heartbeat; stillness_s: nor any work."""

    slow_after_s: float
    hang_after_s: float
    silence_s: float
    stillness_s: float = 10.0


FOR_TICKS = Patience(slow_after_s=1.0, hang_after_s=10.0, silence_s=10.0)
# Another number of rows may have to be compiled first, in several ticks while the batch fills.
FOR_BUILDING_TICKS = Patience(slow_after_s=5.0, hang_after_s=120.0, silence_s=60.0)
NUM_BUILDING_TICKS = 2 * MAX_STEPS
# Compiling may take many minutes; loading libraries from a cold disk holds the interpreter.
FOR_PREPARATION = Patience(slow_after_s=math.inf, hang_after_s=math.inf, silence_s=60.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """What the ticks were like until now.

    rows: what decides on the number of rows. num_ticks: since that last changed. last_s: what the
    last tick took; a large model on a processor takes many seconds for each, and that is no fault.
    """

    rows: tuple[object, ...] = ()
    num_ticks: int = 0
    last_s: float = 0.0

    def before(self, params: StreamParams) -> Pace:
        """The pace when a tick with these parameters begins."""
        rows = (params.num_inference_steps, params.guidance_mode, params.guidance_scale == 1.0)
        return self if rows == self.rows else Pace(rows, 0, self.last_s)

    def after(self, tick_s: float) -> Pace:
        return Pace(self.rows, self.num_ticks + 1, tick_s)

    def patience(self, settled: Patience, building: Patience, num_ticks: int = 1) -> Patience:
        """With the next so many ticks, done in one call."""
        usual = building if self.num_ticks < NUM_BUILDING_TICKS else settled
        return Patience(
            num_ticks * max(usual.slow_after_s, SLOW_RATIO * self.last_s),
            num_ticks * max(usual.hang_after_s, HANG_RATIO * self.last_s),
            usual.silence_s,
            usual.stillness_s,
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """One call so far. waited_s: since it began; silent_s: since the last new heartbeat.

    still_s: since the process last did any work, which `work` counts in whatever unit.
    """

    num_beats: int
    waited_s: float = 0.0
    silent_s: float = 0.0
    still_s: float = 0.0
    work: float = 0.0

    def look(self, passed_s: float, num_beats: int, work: float = 0.0) -> Watch:
        """The watch a look later. work: what the process has done in all, where that is known.

        A look that took far longer than it should means that this process itself stood still, as
        in a laptop that slept; the child stood still as well and is not blamed for it.
        """
        passed_s = min(passed_s, 2.0 * LOOK_S)
        is_silent = num_beats == self.num_beats
        silent_s = self.silent_s + passed_s if is_silent else 0.0
        still_s = self.still_s + passed_s if is_silent and work == self.work else 0.0
        return Watch(num_beats, self.waited_s + passed_s, silent_s, still_s, work)

    def condition(self, patience: Patience) -> Condition:
        if self.waited_s > patience.hang_after_s or self._is_lifeless(patience):
            return Condition.HUNG
        return Condition.SLOW if self.waited_s > patience.slow_after_s else Condition.WELL

    def describe(self, patience: Patience) -> str:
        """What was seen, as a sentence about the worker."""
        if self._is_lifeless(patience):
            return f"The renderer's process has given no sign of life for {self.silent_s:.0f} s."
        if self.condition(patience) is Condition.HUNG:
            return f"The model has worked on one picture for {self.waited_s:.0f} s without an end."
        return f"The model is slow: one picture takes longer than {patience.slow_after_s:g} s."

    def _is_lifeless(self, patience: Patience) -> bool:
        return self.silent_s > patience.silence_s or self.still_s > patience.stillness_s
