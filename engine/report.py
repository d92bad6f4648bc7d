"""The report of a show: plain values, ready for JSON."""

from __future__ import annotations

import os
import platform
import sys
from collections import Counter as Counts
from dataclasses import asdict

from engine.events import EventKind
from engine.governor import Holding
from engine.memory import peak_gpu_memory_mib, peak_memory_mib
from engine.pipeline import Pipeline
from engine.renderer import RenderInfo
from engine.stats import Counter, Percentiles, Recorder, SinkState
from engine.versions import versions


def make_report(pipeline: Pipeline) -> dict[str, object]:
    """Everything that happened from the start on; times in s from the start of the show."""
    recorder = pipeline.around.recorder
    info = pipeline.info.value
    gaps = recorder.gap_percentiles()
    return {
        "versions": versions(),
        "device": device(info),
        "model": _model(info),
        "show": _show(pipeline),
        "frames": frame_counts(pipeline),
        "fps": _fps(recorder),
        "stage_ms": {name: _rounded(p) for name, p in recorder.stage_percentiles().items()},
        "latency_ms": _rounded(recorder.latency_percentiles()),
        "output_gap_ms": _gap(gaps),
        "longest_output_gap_ms": round(gaps.max_ms, 3),
        "output_jitter_ms": round(gaps.p95_ms - gaps.p50_ms, 3),
        "output_lateness_ms": _gap(recorder.lateness_percentiles()),
        "sink_gap_ms": {state.uri: _gap(state.gap) for state in pipeline.sinks.states},
        "governor": _governor(pipeline.governor.holding.value),
        "losses": _losses(pipeline),
        "sound": _sound(pipeline),
        "modulation": _modulation(pipeline),
        "warm_up_s": None if info is None else round(info.warm_up_s, 3),
        "peak_memory_mib": round(peak_memory_mib(), 1),
        "peak_gpu_memory_mib": peak_gpu_memory_mib(),
        "events": _events(pipeline),
    }


def device(info: RenderInfo | None) -> dict[str, object]:
    """The machine, and what of it paints."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": processor_name(),
        "num_cpus": os.cpu_count(),
        "renders_on": None if info is None else info.device,
        "renders_in": None if info is None else place(info),
    }


def place(info: RenderInfo) -> str:
    """The process that paints."""
    if info.worker_pid is None:
        return "this process"
    return f"a worker process (pid {info.worker_pid})"


def processor_name() -> str:
    """As the system calls it; the bare architecture where it doesn't say."""
    if sys.platform == "linux":
        try:
            with open("/proc/cpuinfo", encoding="utf-8") as lines:
                names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        except OSError:
            names = []
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def frame_counts(pipeline: Pipeline) -> dict[str, int]:
    """Every captured frame is skipped, rendered, dropped, invalid, or passed before the model."""
    counts = {str(counter): n for counter, n in pipeline.around.recorder.counts().items()}
    return {**counts, "dropped": pipeline.feed.dropped}


def _model(info: RenderInfo | None) -> dict[str, object] | None:
    if info is None:
        return None
    return {
        "name": info.model_name,
        "family": info.family,
        "accelerator": info.accelerator,
        "accelerator_notes": list(info.accelerator_notes),
        "width_px": info.width_px,
        "height_px": info.height_px,
    }


def _show(pipeline: Pipeline) -> dict[str, object]:
    show = pipeline.show
    return {
        "source": pipeline.source_state.value.uri,
        "sinks": [_sink(state) for state in pipeline.sinks.states],
        "fit": str(pipeline.framing.value.fit),
        "is_realtime": show.is_realtime,
        "output_fps_hz": show.output_fps_hz,
        "params": pipeline.params.value.as_dict(),
    }


def _fps(recorder: Recorder) -> dict[str, float]:
    rates_hz = recorder.mean_rates_hz()
    names = {
        "capture": Counter.CAPTURED,
        "render": Counter.RENDERED,
        "unique": Counter.UNIQUE,
        "output": Counter.PRESENTED,
    }
    return {name: round(rates_hz[counter], 3) for name, counter in names.items()}


def _rounded(percentiles: Percentiles) -> dict[str, float]:
    return {
        "p50": round(percentiles.p50_ms, 3),
        "p95": round(percentiles.p95_ms, 3),
        "max": round(percentiles.max_ms, 3),
        "count": percentiles.count,
    }


def _gap(percentiles: Percentiles) -> dict[str, float]:
    """With the p99 that the output's promises are about."""
    return {**_rounded(percentiles), "p99": round(percentiles.p99_ms, 3)}


def _governor(holding: Holding) -> dict[str, object] | None:
    """None when no rate was to be held."""
    if not holding.target_hz and not holding.judged_s:
        return None
    judged_s = holding.judged_s
    return {
        "target_fps": holding.target_hz,
        "held_share": round(holding.held_s / judged_s, 4) if judged_s else None,
        "moves": holding.moves,
        "painted_s": {words or "as set": round(s, 3) for words, s in holding.spent_s},
    }


def _sink(state: SinkState) -> dict[str, object]:
    values = asdict(state)
    del values["gap"]  # beside those of the output
    return values


def _sound(pipeline: Pipeline) -> dict[str, object]:
    """What was listened to, and the beat at the end."""
    sound, beat = pipeline.hearing.sound.value, pipeline.hearing.now()
    return {
        "state": str(sound.state),
        "input": sound.name,
        "message": sound.message,
        "bpm": round(beat.bpm, 2),
        "beat_from": str(beat.source),
    }


def _modulation(pipeline: Pipeline) -> list[object]:
    """The routes of the look on air."""
    routes = pipeline.params.decks.on_air.modulation
    return [route.model_dump(mode="json", exclude_defaults=True) for route in routes]


def _losses(pipeline: Pipeline) -> dict[str, dict[str, int]]:
    """How often what was lost, and came back."""
    kinds = Counts(event.kind for event in pipeline.around.events.history())
    pairs = {
        "source": (EventKind.SOURCE_FAILED, EventKind.SOURCE_BACK),
        "renderer": (EventKind.RENDERER_LOST, EventKind.RENDERER_BACK),
        "sinks": (EventKind.SINK_FAILED, EventKind.SINK_BACK),
    }
    return {
        name: {"lost": kinds[lost], "back": kinds[back]} for name, (lost, back) in pairs.items()
    }


def _events(pipeline: Pipeline) -> list[dict[str, object]]:
    history = pipeline.around.events.history()
    start_s = history[0].time_s if history else 0.0
    return [
        {
            "time_s": round(event.time_s - start_s, 3),
            "kind": str(event.kind),
            "severity": str(event.severity),
            "stage": event.stage,
            "message": event.message,
        }
        for event in history
    ]
