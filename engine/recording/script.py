"""The script of a replay: what the render thread is to do at every tick, as it was done live."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from engine.params import StreamParams
from engine.recording.timeline import Tick

STEPS = "num_inference_steps"


class Script:
    """The ticks of a timeline, with some parameters put in another's place.

    overrides: parameters that hold from beginning to end, whatever was played.
    Errors: ValueError for an override that no parameter allows.
    """

    def __init__(self, ticks: Sequence[Tick], overrides: Mapping[str, object]) -> None:
        """ticks: at least one; their times rise."""
        self._ticks = tuple(ticks)
        self._times_s = [tick.time_s for tick in ticks]
        self._overrides = dict(overrides)
        self._changed = (ticks[0].params, ticks[0].params.with_changes(overrides))

    def __len__(self) -> int:
        return len(self._ticks)

    @property
    def has_other_steps(self) -> bool:
        """Whether a picture takes another number of ticks than it took live."""
        steps = self._overrides.get(STEPS)
        return steps is not None and any(
            getattr(tick.params, STEPS) != int(str(steps)) for tick in self._ticks
        )

    def at(self, time_s: float) -> Tick:
        """The tick in force at a place of the timeline; before the first, the first. Any thread."""
        return self._ticks[max(0, bisect_right(self._times_s, time_s) - 1)]

    def numbered(self, number: int) -> Tick:
        """Tick `number`, from 0; beyond the last, the last. Any thread."""
        return self._ticks[min(number, len(self._ticks) - 1)]

    def params_of(self, tick: Tick) -> StreamParams:
        """With the overrides. Ticks in a row share their parameters, so the last answer holds on.

        Thread: the render thread.
        """
        before, after = self._changed
        if tick.params is not before:
            after = tick.params.with_changes(self._overrides)
            self._changed = (tick.params, after)
        return after
