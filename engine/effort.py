"""The ladder of effort: what is played at each rung instead of what the performer has set.

Rung 0 is what was set; every further one paints a little cheaper. Pure data and functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.parameter import Value
from engine.params import MAX_STEPS, StreamParams
from engine.renderer import RenderSpec

SIZE_SHARES = (3 / 4, 1 / 2)  # of both sides
SIDE_STEP_PX = 8
SMALLEST_SIDE_PX = 128


@dataclass(frozen=True, slots=True)
class Lever:
    """A parameter that makes a picture cheaper.

    bounds: from light to hard, one a rung. bound: min where less is cheaper, max where more is.
    say: words for what is played instead of what is wanted.
    """

    name: str
    bounds: tuple[Value, ...]
    bound: Callable[..., Value]
    say: Callable[[Value, Value], str]

    def held(self, own: Value, rung: int) -> Value:
        """The value at so many rungs into this lever: never dearer than the performer's own."""
        if rung <= 0:
            return own
        return self.bound(own, self.bounds[min(rung, len(self.bounds)) - 1])


# In the order in which they are pulled; the size comes after all of them.
LEVERS = (
    Lever(
        "num_inference_steps",
        tuple(range(MAX_STEPS - 1, 0, -1)),
        min,
        lambda played, wanted: f"{played} of {wanted} steps",
    ),
    Lever("token_merging", (0.25, 0.5), max, lambda played, wanted: f"{played:.0%} merged"),
    Lever("feature_reuse", (1, 2), max, lambda played, wanted: f"{played}× reused"),
)
FIRST_RESIZED = 1 + sum(len(lever.bounds) for lever in LEVERS)
NUM_RUNGS = FIRST_RESIZED + len(SIZE_SHARES)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the performer has set. full: the model at the size that was asked for.

    unused: parameters that make no difference to the model that plays; those are left alone.
    """

    params: StreamParams
    full: RenderSpec
    unused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Effort:
    """What is played at a rung. values: one for each lever."""

    values: tuple[Value, ...]
    width_px: int
    height_px: int

    def applied_to(self, params: StreamParams) -> StreamParams:
        """The very same object where nothing differs."""
        changes = {
            lever.name: value
            for lever, value in zip(LEVERS, self.values, strict=True)
            if value != getattr(params, lever.name)
        }
        return params.with_changes(changes) if changes else params

    def resized(self, spec: RenderSpec) -> RenderSpec:
        return replace(spec, width_px=self.width_px, height_px=self.height_px)

    def words(self, wanted: Effort) -> str:
        """What is less than the performer has set: "3 of 4 steps"; "" where nothing is."""
        pairs = zip(LEVERS, self.values, wanted.values, strict=True)
        parts = [lever.say(played, own) for lever, played, own in pairs if played != own]
        if (self.width_px, self.height_px) != (wanted.width_px, wanted.height_px):
            parts.append(f"{self.width_px}×{self.height_px}")
        return ", ".join(parts)


def effort_at(rung: int, wanted: Wanted) -> Effort:
    """What the performer has set, made cheaper."""
    values: list[Value] = []
    left = rung
    for lever in LEVERS:
        own: Value = getattr(wanted.params, lever.name)
        values.append(own if lever.name in wanted.unused else lever.held(own, left))
        left -= len(lever.bounds)
    share = SIZE_SHARES[min(left, len(SIZE_SHARES)) - 1] if left > 0 else 1.0
    width_px, height_px = wanted.full.width_px, wanted.full.height_px
    return Effort(tuple(values), _shrunk(width_px, share), _shrunk(height_px, share))


def _shrunk(side_px: int, share: float) -> int:
    """In steps that every model takes, so that the picture keeps its shape as well as it can."""
    shrunk_px = round(side_px * share / SIDE_STEP_PX) * SIDE_STEP_PX
    return min(side_px, max(SMALLEST_SIDE_PX, shrunk_px))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The next rungs that make a difference to what is set just now; None: there is none."""

    down: int | None
    up: int | None


def neighbours(rung: int, wanted: Wanted, lowest: int) -> Neighbours:
    """lowest: the last rung that may be taken."""
    present = effort_at(rung, wanted)
    below = (r for r in range(rung + 1, lowest + 1) if effort_at(r, wanted) != present)
    above = (r for r in range(rung - 1, -1, -1) if effort_at(r, wanted) != present)
    up = next(above, None)
    return Neighbours(next(below, None), None if up is None else _lightest(up, wanted))


def _lightest(rung: int, wanted: Wanted) -> int:
    """The highest rung that plays the same as this one, so that nothing is held without need."""
    effort = effort_at(rung, wanted)
    return next(r for r in range(rung + 1) if effort_at(r, wanted) == effort)
