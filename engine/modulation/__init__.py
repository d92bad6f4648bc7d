"""What moves parameters by itself: signals, routes to parameters, and their evaluation."""

from __future__ import annotations

from engine.modulation.matrix import Matrix, Route, Shares, blend, why_not_movable
from engine.modulation.signals import (
    Band,
    BeatPhase,
    Control,
    Level,
    Lfo,
    Onset,
    Shape,
    Signal,
    Walk,
)

__all__ = [
    "Band", "BeatPhase", "Control", "Level", "Lfo", "Matrix", "Onset", "Route", "Shape", "Shares",
    "Signal", "Walk", "blend", "why_not_movable",
]  # fmt: skip
