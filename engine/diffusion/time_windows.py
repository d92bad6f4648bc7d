"""Paths that are straight within each window of time and turn where two windows meet: PeRFlow.

Time is cut into equal windows. At their ends a latent lies on the path of the noise schedule, in
between on the straight line from one end to the other. So a frame must stop at every end: a step
that jumped over one would leave the path.

Such models count time from 1, so that time t has alpha_bar[t - 1]; our timestep t is their t + 1.
Source: Yan et al. 2024, arXiv:2405.07510; ends and indices are those of the authors' scheduler.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class PathPoint(NamedTuple):
    """x_t = a·z + b·noise."""

    a: float
    b: float


class TimeWindow(NamedTuple):
    """One window of time, in times counted from 1: its noisy end and its clean one."""

    start: int
    end: int


def window_of(timestep: int, num_timesteps: int, num_windows: int) -> TimeWindow:
    """The window that a timestep lies in; the clean end belongs to the next one."""
    index = ((timestep + 1) * num_windows - 1) // num_timesteps
    end, start = (num_timesteps * each // num_windows for each in (index, index + 1))
    return TimeWindow(start, end)


def signal_and_noise(alpha_bar: NDArray[np.float64], num_windows: int, timestep: int) -> PathPoint:
    """Where the straight line of its window is at a timestep."""
    window = window_of(timestep, len(alpha_bar), num_windows)
    start, end = _ends(alpha_bar, window)
    share = (timestep + 1 - window.end) / (window.start - window.end)
    rest = 1.0 - share
    return PathPoint(share * start.a + rest * end.a, share * start.b + rest * end.b)


def noise_of_window(alpha_bar: NDArray[np.float64], num_windows: int, timestep: int) -> float:
    """How much of the noise is 1 of the window's own.

    A window's own noise w leads from its clean end to its noisy one,
    x_start = γ·x_end + √(1 - γ²)·w with γ = a_start / a_end; noise = this · w.
    """
    start, end = _ends(alpha_bar, window_of(timestep, len(alpha_bar), num_windows))
    gamma = start.a / end.a
    return math.sqrt(1.0 - gamma**2) / (start.b - gamma * end.b)


def timesteps_through(
    num_timesteps: int, num_windows: int, first: int, num_steps: int
) -> tuple[int, ...]:
    """Falling timesteps from `first` on, at least one in every window down to the clean end.

    n steps reach n windows; a first timestep above them is lowered to the noisy end of the last.
    Steps to spare halve the longest stretches, the noisiest first; at full noise they are the
    authors' own.
    """
    within_reach = num_timesteps * min(num_steps, num_windows) // num_windows
    windows: list[TimeWindow] = []
    top = min(first + 1, within_reach)
    while top > 0:
        windows.append(TimeWindow(top, window_of(top - 1, num_timesteps, num_windows).end))
        top = windows[-1].end
    stops = (
        start - -(-step * (start - end) // count)
        for (start, end), count in zip(windows, _shares(windows, num_steps), strict=True)
        for step in range(count)
    )
    return tuple(stop - 1 for stop in stops)


def _shares(windows: list[TimeWindow], num_steps: int) -> list[int]:
    """How many of the steps each window gets."""
    lengths = [start - end for start, end in windows]
    shares = [1] * len(windows)
    for _ in range(min(num_steps, sum(lengths)) - len(windows)):
        longest = max(range(len(windows)), key=lambda each: lengths[each] / shares[each])
        shares[longest] += 1
    return shares


def _ends(alpha_bar: NDArray[np.float64], window: TimeWindow) -> tuple[PathPoint, PathPoint]:
    """The path of the noise schedule at the noisy and at the clean end."""
    start, end = (float(alpha_bar[max(time - 1, 0)]) for time in window)
    return (
        PathPoint(math.sqrt(start), math.sqrt(1.0 - start)),
        PathPoint(math.sqrt(end), math.sqrt(1.0 - end)),
    )
