"""One `Stats` out of what the running stages have written down."""

from __future__ import annotations

from engine.pipeline import Pipeline
from engine.stats import Counter, Stats

# The newest samples that a percentile looks at: some seconds, so that a figure can recover.
NUM_RECENT = 300


def take_stats(pipeline: Pipeline) -> Stats:
    """Any thread; cheap enough for a few times a second."""
    recorder = pipeline.around.recorder
    counts, rates_hz = recorder.counts(), recorder.rates_hz()
    latency = recorder.latency_percentiles(NUM_RECENT)
    gate = pipeline.gate.state.value
    info = pipeline.info.value
    return Stats(
        captured=counts[Counter.CAPTURED],
        skipped=counts[Counter.SKIPPED],
        rendered=counts[Counter.RENDERED],
        dropped=pipeline.feed.dropped,
        presented=counts[Counter.PRESENTED],
        unique=counts[Counter.UNIQUE],
        invalid=counts[Counter.INVALID],
        fps_input_hz=rates_hz[Counter.CAPTURED],
        fps_unique_hz=rates_hz[Counter.UNIQUE],
        fps_output_hz=rates_hz[Counter.PRESENTED],
        latency_p50_ms=latency.p50_ms,
        latency_p95_ms=latency.p95_ms,
        latency_max_ms=latency.max_ms,
        stage_ms=recorder.stage_percentiles(NUM_RECENT),
        longest_gap_ms=recorder.gap_percentiles().max_ms,
        jitter_p99_ms=recorder.lateness_percentiles().p99_ms,
        bypass_amount=pipeline.bypass_amount.value,
        proposal=pipeline.proposal.value,
        is_skipping=gate.is_skipping,
        gate_similarity=gate.similarity,
        source=pipeline.source_state.value,
        sinks=pipeline.sinks.states,
        loading=pipeline.loading.value,
        output=pipeline.output.value,
        warm_up_s=0.0 if info is None else info.warm_up_s,
        holding=pipeline.governor.holding.value,
    )
