"""What moves parameters by itself: signals, routes to parameters, and their evaluation."""

from __future__ import annotations

from engine.modulation.matrix import Matrix, Route, Shares, blend, why_not_movable
from engine.modulation.signals import (
    NUM_MACROS,
    Band,
    BeatPhase,
    Level,
    Lfo,
    Macro,
    Onset,
    Shape,
    Signal,
    Walk,
)

__all__ = [
    "NUM_MACROS", "Band", "BeatPhase", "Level", "Lfo", "Macro", "Matrix", "Onset", "Route", "Shape",
    "Shares", "Signal", "Walk", "blend", "why_not_movable",
]  # fmt: skip
