"""Checkpoints, learning-rate schedule and the line that a training prints each minute."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import torch


def cosine_to_zero(step: int, total: int, peak: float, warm_up: int = 100) -> float:
    """Learning rate: a short linear rise, then a cosine that ends at zero."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    part = min(1.0, (step - warm_up) / max(1, total - warm_up))
    return peak * 0.5 * (1 + math.cos(math.pi * part))


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set every group's learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that an interrupted write leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    torch.save(state, temporary)
    temporary.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The checkpoint's state, or None where there is none yet."""
    return torch.load(path, weights_only=True) if path.exists() else None


class Minute:
    """Prints about once a minute of wall time the mean of what was noted."""

    def __init__(self, name: str, period_s: float = 60.0) -> None:
        self._name, self._period_s = name, period_s
        self._start()

    def _start(self) -> None:
        self._since, self._count = time.monotonic(), 0
        self._sums: dict[str, float] = {}

    def note(self, step: int, figures: dict[str, float]) -> None:
        """Add one step's figures; print when the minute is over."""
        self._count += 1
        for name, value in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        passed = time.monotonic() - self._since
        if passed >= self._period_s:
            means = {name: f"{value / self._count:.4f}" for name, value in self._sums.items()}
            print(self._name, step, means, f"{self._count / passed:.2f} steps/s", flush=True)
            self._start()


class Average:
    """Exponential moving average of a model's parameters, in float32."""

    def __init__(self, model: torch.nn.Module, decay: float = 0.999) -> None:
        self.decay, self.updates = decay, 0
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: torch.nn.Module) -> None:
        """Move towards the model; faster in the beginning."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        current = model.state_dict()
        names = [name for name, value in current.items() if value.dtype.is_floating_point]
        ours, theirs = [self.values[n] for n in names], [current[n] for n in names]
        torch._foreach_lerp_(ours, theirs, 1 - decay)
