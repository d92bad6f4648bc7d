"""PeRFlow's sampler in the letters of its authors' scheduler, as a reference for ours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.diffusion.backbone import PredictionType


class PeRFlow:
    """The arithmetic of the authors' scheduler, times from 1 to 1000 in four windows.

    It ends at the first alpha_bar, we at the clean end; so here that is clean.
    """

    def __init__(self, alpha_bar: NDArray[np.float64], prediction: PredictionType) -> None:
        self.alpha_bar, self.prediction = alpha_bar, prediction

    def times(self, steps: int) -> list[int]:
        counts = [steps // 4 + (window < steps % 4) for window in range(4)]
        stops = [
            np.linspace(1 - 0.25 * window, 0.75 - 0.25 * window, count, endpoint=False)
            for window, count in enumerate(counts)
        ]
        return [int(time) for time in np.concatenate(stops) * 1000]

    def velocity(self, x: Tensor, output: Tensor, time: int) -> Tensor:
        t = time / 1000
        start, end = next((s / 4, (s - 1) / 4) for s in (4, 3, 2, 1) if t > (s - 1) / 4 + 1e-4)
        bar_s = self.alpha_bar[round(start * 1000) - 1]
        bar_e = self.alpha_bar[max(round(end * 1000) - 1, 0)]
        if self.prediction is PredictionType.EPSILON:  # "ddim_eps"
            lambda_s = (bar_e / bar_s) ** 0.5
            eta_s = (1 - bar_e) ** 0.5 - (bar_e / bar_s * (1 - bar_s)) ** 0.5
        else:  # "diff_eps"
            gamma = (bar_s / bar_e) ** 0.5
            lambda_s, eta_s = 1 / gamma, -((1 - gamma**2) ** 0.5) / gamma
        divisor = lambda_s * (t - start) + (end - t)
        window_end = (lambda_s * (end - start) * x + eta_s * (end - t) * output) / divisor
        return (window_end - x) / (end - t)
