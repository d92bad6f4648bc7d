"""Whether a soak was passed: pure functions of what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.api import Event, EventKind, Severity
from tests.soak.watch import Sample, slope_per_min

MAX_SLOPE_MIB_PER_MIN = 1.0
MAX_EXTRA_HANDLES = 8
MAX_EXTRA_THREADS = 4
TAIL_SAMPLES = 12  # the beginning and the end are compared as medians of so many


@dataclass(frozen=True)
class Incident:
    """A fault that was made. explains: kinds of events that may follow until `until_s`."""

    name: str
    start_s: float
    until_s: float
    explains: frozenset[EventKind]
    recovered_s: float | None = None


def unexplained(events: Iterable[Event], incidents: Sequence[Incident]) -> list[Event]:
    """Warnings and errors that no incident accounts for."""
    return [
        event
        for event in events
        if event.severity is not Severity.INFO
        and not any(
            event.kind in incident.explains and incident.start_s <= event.time_s <= incident.until_s
            for incident in incidents
        )
    ]


@dataclass(frozen=True)
class Acts:
    """When memory has settled, in seconds: this process', and that of a worker left to live."""

    warm_up_s: float
    worker_settled_s: float


def memory_slopes(samples: Sequence[Sample], acts: Acts) -> dict[str, float]:
    """MiB per minute, by process kind.

    Workers that are ended every few minutes say nothing: each begins small and grows while the
    player asks it for numbers of rows that it has not compiled yet. So only the last one counts,
    which has compiled them all and is let live.
    """
    own = [sample for sample in samples if sample.time_s >= acts.warm_up_s]
    last = [sample for sample in _last_life(samples) if sample.time_s >= acts.worker_settled_s]
    return {
        "own": slope_per_min([s.time_s for s in own], [s.own_mib for s in own]),
        "worker": slope_per_min([s.time_s for s in last], [s.workers_mib for s in last]),
    }


def _last_life(samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if sample.worker and sample.worker == samples[-1].worker]


def problems(
    samples: Sequence[Sample],
    acts: Acts,
    incidents: Sequence[Incident],
    events: Sequence[Event],
    longest_gap_ms: float,
    allowed_gap_ms: float,
) -> list[str]:
    """One sentence for each thing that is wrong; empty when the soak was passed."""
    found = [
        f"The memory of {who} rises by {slope:.2f} MiB a minute."
        for who, slope in memory_slopes(samples, acts).items()
        if slope > MAX_SLOPE_MIB_PER_MIN
    ]
    found += _growth(samples, acts.warm_up_s)
    if not any(sample.time_s < acts.worker_settled_s for sample in _last_life(samples)):
        found.append("No worker lived long enough for its memory to be judged.")
    if longest_gap_ms > allowed_gap_ms:
        found.append(
            f"A sink waited {longest_gap_ms:.0f} ms for a picture, {allowed_gap_ms:.0f} is allowed."
        )
    found += [f"{i.name} was not recovered from." for i in incidents if i.recovered_s is None]
    found += [f"Nothing explains: {event.message}" for event in unexplained(events, incidents)]
    return found


def _growth(samples: Sequence[Sample], warm_up_s: float) -> list[str]:
    """Handles and threads come in steps, so they are counted instead of sloped."""
    settled = [sample for sample in samples if sample.time_s >= warm_up_s]
    first, last = settled[:TAIL_SAMPLES], settled[-TAIL_SAMPLES:]
    rows = (
        ("handles", MAX_EXTRA_HANDLES, lambda s: s.handles),
        ("threads", MAX_EXTRA_THREADS, lambda s: s.threads),
    )
    return [
        f"There are {_median(last, of) - _median(first, of):.0f} more {name} than at the start."
        for name, allowed, of in rows
        if settled and _median(last, of) - _median(first, of) > allowed
    ]


def _median(samples: Sequence[Sample], of: object) -> float:
    values = sorted(of(sample) for sample in samples)  # type: ignore[operator]
    return float(values[len(values) // 2])
