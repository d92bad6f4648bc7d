"""How the show comes back after its renderer is lost: pure decisions from what has happened."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.enums import LossReason
from engine.errors import EngineError, OutOfMemoryError, RendererLost, clause_of
from engine.pacing import retry_delay_s
from engine.renderer import RenderSpec

# A renderer that has painted for so long has recovered: what happened before it counts no more.
STEADY_S = 60.0
# After so many times out of memory the same would only happen again.
OUT_OF_MEMORY_LIMIT = 2
SMALLEST_SIDE_PX = 128
SIDE_STEP_PX = 64


@dataclass(frozen=True, slots=True)
class Setback:
    """A renderer that was lost. painted_s: how long it had painted; 0 when it never began."""

    reason: LossReason
    painted_s: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """The setbacks in a row, without a steady time between them.

    failures: all of them. out_of_memory: those that less to paint would have prevented.
    """

    failures: int = 0
    out_of_memory: int = 0

    def after(self, setback: Setback) -> History:
        before = History() if setback.painted_s >= STEADY_S else self
        is_memory = setback.reason is LossReason.OUT_OF_MEMORY
        return History(before.failures + 1, before.out_of_memory + is_memory)

    @property
    def delay_s(self) -> float:
        """Until the next try: 0.5, 1, 2, 4, 5, 5 … s."""
        return retry_delay_s(self.failures) if self.failures else 0.0

    @property
    def needs_less(self) -> bool:
        """The same size and steps would run out of memory again."""
        return self.out_of_memory >= OUT_OF_MEMORY_LIMIT


@dataclass(frozen=True, slots=True)
class Lighter:
    """A show that needs less memory than the one that ran out of it."""

    spec: RenderSpec
    num_inference_steps: int

    @property
    def description(self) -> str:
        """As words in a sentence: "384×384" or "384×384 with 2 steps"."""
        steps = f"{self.num_inference_steps} step{'s'[: self.num_inference_steps > 1]}"
        return f"{self.spec.width_px}×{self.spec.height_px} with {steps}"


def lighter(spec: RenderSpec, num_inference_steps: int) -> Lighter | None:
    """Three quarters of the size; where that is small already, half the steps; None: no less."""
    width_px, height_px = _smaller(spec.width_px), _smaller(spec.height_px)
    if (width_px, height_px) != (spec.width_px, spec.height_px):
        smaller = replace(spec, width_px=width_px, height_px=height_px)
        return Lighter(smaller, num_inference_steps)
    if num_inference_steps > 1:
        return Lighter(spec, num_inference_steps // 2)
    return None


def as_loss(error: Exception) -> RendererLost:
    """Whatever a renderer raised that it can't go on after, as a loss with its reason."""
    if isinstance(error, RendererLost):
        return error
    if isinstance(error, OutOfMemoryError):
        return RendererLost(str(error), LossReason.OUT_OF_MEMORY)
    if isinstance(error, EngineError):
        return RendererLost(str(error), LossReason.CRASH)
    return RendererLost(f"The model stopped: {clause_of(error)}.", LossReason.CRASH)


def _smaller(side_px: int) -> int:
    shrunk_px = side_px * 3 // 4 // SIDE_STEP_PX * SIDE_STEP_PX
    return min(side_px, max(SMALLEST_SIDE_PX, shrunk_px))
