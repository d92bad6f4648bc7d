"""What the show costs the machine, over all of its processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psutil

MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """One look at the machine. own_mib, workers_mib: resident memory; handles: of this process.

    worker: the oldest worker's process, 0 for none.
    """

    time_s: float
    own_mib: float
    workers_mib: float
    handles: int
    threads: int
    processes: int
    worker: int = 0


def take_sample(time_s: float) -> Sample:
    """Of this process and everything it has started."""
    own = psutil.Process()
    workers = own.children(recursive=True)
    return Sample(
        time_s,
        own.memory_info().rss / MIB,
        sum(_resident(worker) for worker in workers) / MIB,
        own.num_fds() if psutil.POSIX else own.num_handles(),
        own.num_threads(),
        len(workers),
        workers[0].pid if workers else 0,
    )


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:  # it ended between being listed and being asked
        return 0


def slope_per_min(times_s: Sequence[float], values: Sequence[float]) -> float:
    """Rise per minute: the median of the slopes between all pairs of points.

    A single plunge or peak, such as a model being made anew, doesn't turn the line.
    Source: Theil 1950, Sen 1968.
    """
    times_min, ys = np.asarray(times_s) / 60, np.asarray(values)
    first, second = np.triu_indices(len(times_min), k=1)
    if len(first) == 0:
        return 0.0
    return float(np.median((ys[second] - ys[first]) / (times_min[second] - times_min[first])))
