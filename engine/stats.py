"""Figures of the running show: counters, rates, durations. Any thread records, any thread reads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.clock import Clock
from engine.enums import StrEnum
from engine.governor import Holding
from engine.recovery import Lighter
from engine.renderer import Progress
from engine.show import OutputState
from engine.sources.base import SourceCondition, SourceInfo

NUM_SAMPLES_KEPT = 4096
RATE_WINDOW_S = 2.0


class Counter(StrEnum):
    """What is counted; each has a rate as well."""

    CAPTURED = "captured"
    SKIPPED = "skipped"  # rested by the similarity gate
    RENDERED = "rendered"
    INVALID = "invalid"  # NaN or Inf in a finished latent
    PRESENTED = "presented"  # output ticks with a picture, repeats included
    UNIQUE = "unique"  # presented pictures that were new
    UNPAINTED = "unpainted"  # presented inputs: the model was not ready, lost or bypassed


@dataclass(frozen=True, slots=True)
class Percentiles:
    """A distribution of durations in ms; count: how many there were in all."""

    p50_ms: float = 0.0
    p95_ms: float = 0.0
    max_ms: float = 0.0
    count: int = 0
    p99_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class SourceState:
    """info: what was negotiated, None until open. message: what is wrong, for people."""

    uri: str
    info: SourceInfo | None = None
    condition: SourceCondition = SourceCondition.OPENING
    message: str = ""

    @property
    def is_ok(self) -> bool:
        """Pictures come."""
        return self.condition is SourceCondition.PLAYING


@dataclass(frozen=True, slots=True)
class SinkState:
    """is_open: pictures go there. message: why not, or what ails it. dropped: it was too slow.

    is_slow: it is at one write for too long; only its own pictures are dropped.
    is_retried: it failed and is opened again by itself.
    gap: between the ends of two writes, from one opening to the next failure.
    """

    uri: str
    name: str
    is_open: bool = False
    message: str = ""
    dropped: int = 0
    is_slow: bool = False
    is_retried: bool = False
    gap: Percentiles = field(default_factory=Percentiles)


@dataclass(frozen=True, slots=True)
class Stats:
    """One snapshot for the window's figures; the last few seconds where a rate or percentile.

    dropped: captured frames that a newer one replaced before the model took them.
    longest_gap_ms: between two outputs, over the whole show.
    jitter_p99_ms: how late the output's ticks are against their grid.
    bypass_amount: how far the picture has faded to the input because the model paints nothing, 0-1.
    proposal: what would fit the memory that ran out.
    gate_similarity: of the least similar block, 0-1; the gate's measure.
    holding: what is done to hold a rate.
    """

    captured: int = 0
    skipped: int = 0
    rendered: int = 0
    dropped: int = 0
    presented: int = 0
    unique: int = 0
    invalid: int = 0
    fps_input_hz: float = 0.0
    fps_unique_hz: float = 0.0
    fps_output_hz: float = 0.0
    latency_p50_ms: float = 0.0
    latency_p95_ms: float = 0.0
    latency_max_ms: float = 0.0
    stage_ms: dict[str, Percentiles] = field(default_factory=dict[str, Percentiles])
    longest_gap_ms: float = 0.0
    jitter_p99_ms: float = 0.0
    bypass_amount: float = 0.0
    proposal: Lighter | None = None
    is_skipping: bool = False
    gate_similarity: float = 0.0
    source: SourceState = field(default_factory=lambda: SourceState(""))
    sinks: tuple[SinkState, ...] = ()
    loading: Progress | None = None
    output: OutputState = OutputState.LIVE
    warm_up_s: float = 0.0
    holding: Holding = field(default_factory=Holding)


@dataclass(frozen=True, slots=True)
class Samples:
    """The newest of `count` durations, in order; longest_s: of all of them."""

    seconds: NDArray[np.float64]
    longest_s: float
    count: int

    def percentiles(self) -> Percentiles:
        if self.seconds.size == 0:
            return Percentiles()
        p50_s, p95_s, p99_s = (float(p) for p in np.percentile(self.seconds, (50, 95, 99)))
        return Percentiles(p50_s * 1e3, p95_s * 1e3, self.longest_s * 1e3, self.count, p99_s * 1e3)


class Durations:
    """The newest samples of one duration, and the longest of all. Not thread-safe by itself."""

    def __init__(self) -> None:
        self._samples_s = np.zeros(NUM_SAMPLES_KEPT)
        self._count = 0
        self._max_s = 0.0

    def add(self, seconds: float) -> None:
        self._samples_s[self._count % NUM_SAMPLES_KEPT] = seconds
        self._count += 1
        self._max_s = max(self._max_s, seconds)

    def newest(self, newest: int = NUM_SAMPLES_KEPT) -> Samples:
        """A copy of the `newest` samples; what is slow is done with that, outside any lock."""
        num_kept = min(newest, self._count, NUM_SAMPLES_KEPT)
        places = np.arange(self._count - num_kept, self._count) % NUM_SAMPLES_KEPT
        return Samples(self._samples_s[places], self._max_s, self._count)

    def percentiles(self, newest: int = NUM_SAMPLES_KEPT) -> Percentiles:
        """Over the `newest` samples; max_ms is that of all time."""
        return self.newest(newest).percentiles()


class Rate:
    """A count and how often it rises. Not thread-safe by itself."""

    def __init__(self) -> None:
        self.count = 0
        self.first_s = 0.0
        self.last_s = 0.0
        self._recent_s: deque[float] = deque(maxlen=NUM_SAMPLES_KEPT)

    def add(self, now_s: float) -> None:
        self.first_s = now_s if self.count == 0 else self.first_s
        self.last_s = now_s
        self.count += 1
        self._recent_s.append(now_s)

    def now_hz(self, now_s: float) -> float:
        """Over the last RATE_WINDOW_S; falls to 0 when nothing comes any more."""
        while self._recent_s and now_s - self._recent_s[0] > RATE_WINDOW_S:
            self._recent_s.popleft()
        if len(self._recent_s) < 2:
            return 0.0
        # Counting the silence since the last one shows a stall at once.
        span_s = max(now_s, self._recent_s[-1]) - self._recent_s[0]
        return (len(self._recent_s) - 1) / span_s if span_s > 0 else 0.0

    def mean_hz(self) -> float:
        """Over the whole show, from the first to the last."""
        span_s = self.last_s - self.first_s
        return (self.count - 1) / span_s if span_s > 0 else 0.0


class Recorder:
    """Where all stages write down what they did."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rates = {counter: Rate() for counter in Counter}
        self._stages: dict[str, Durations] = {}
        self._latency = Durations()
        self._gaps = Durations()
        self._lateness = Durations()
        self._sink_gaps: dict[str, Durations] = {}
        # Told every turn of a stage, with its start and end, while somebody traces.
        self.on_span: Callable[[str, float, float], None] | None = None

    def count(self, counter: Counter) -> None:
        now_s = self._clock.now_s()
        with self._lock:
            self._rates[counter].add(now_s)

    def took(self, stage: str, seconds: float) -> None:
        with self._lock:
            self._stages.setdefault(stage, Durations()).add(seconds)

    @contextmanager
    def timing(self, stage: str) -> Generator[None]:
        """Record how long the block takes, unless it raises."""
        start_s = self._clock.now_s()
        yield
        end_s = self._clock.now_s()
        self.took(stage, end_s - start_s)
        on_span = self.on_span
        if on_span is not None:
            on_span(stage, start_s, end_s)

    def latency(self, seconds: float) -> None:
        """Of one unique frame, from capture to its first output."""
        with self._lock:
            self._latency.add(seconds)

    def gap(self, seconds: float) -> None:
        """Between two outputs."""
        with self._lock:
            self._gaps.add(seconds)

    def late(self, seconds: float) -> None:
        """Of one output tick, against its place on the grid."""
        with self._lock:
            self._lateness.add(seconds)

    def sink_gap(self, sink: str, seconds: float) -> None:
        """Between the ends of two writes to one sink."""
        with self._lock:
            self._sink_gaps.setdefault(sink, Durations()).add(seconds)

    def counts(self) -> dict[Counter, int]:
        with self._lock:
            return {counter: rate.count for counter, rate in self._rates.items()}

    def rates_hz(self) -> dict[Counter, float]:
        """Now."""
        now_s = self._clock.now_s()
        with self._lock:
            return {counter: rate.now_hz(now_s) for counter, rate in self._rates.items()}

    def mean_rates_hz(self) -> dict[Counter, float]:
        """Over the whole show."""
        with self._lock:
            return {counter: rate.mean_hz() for counter, rate in self._rates.items()}

    def latency_percentiles(self, newest: int = NUM_SAMPLES_KEPT) -> Percentiles:
        return self._percentiles(self._latency, newest)

    def gap_percentiles(self) -> Percentiles:
        return self._percentiles(self._gaps)

    def lateness_percentiles(self) -> Percentiles:
        return self._percentiles(self._lateness)

    def sink_gap_percentiles(self, sink: str) -> Percentiles:
        gaps = self._sink_gaps.get(sink)
        return Percentiles() if gaps is None else self._percentiles(gaps)

    def stage_percentiles(self, newest: int = NUM_SAMPLES_KEPT) -> dict[str, Percentiles]:
        with self._lock:
            stages = list(self._stages.items())
        return {name: self._percentiles(times, newest) for name, times in stages}

    def _percentiles(self, durations: Durations, newest: int = NUM_SAMPLES_KEPT) -> Percentiles:
        """Only the copying is done under the lock: the stages are not to wait for sums."""
        with self._lock:
            samples = durations.newest(newest)
        return samples.percentiles()
