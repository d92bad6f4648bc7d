"""Run a soak: ``python -m tests.soak --minutes 30 --report soak.json``; exit code 1 when it fails.

Progress goes to stderr once a minute, the report to the file and to stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

from engine.api import Bank, Engine, Event, RenderSpec, ShowSpec, find_presets, load_preset
from engine.clock import MonotonicClock
from engine.report import device
from engine.versions import versions
from tests.soak.faults import FAULTS, LASTING, Fault, Stagehand, check_recording
from tests.soak.media import make_clip
from tests.soak.player import Move, Player, rehearsal
from tests.soak.verdict import Acts, Incident, memory_slopes, problems
from tests.soak.watch import Sample, take_sample

SETTLES_S = 45.0  # a fault's consequences are over by then: a hung worker takes the longest
SAMPLE_EVERY_S = 5.0
TICK_S = 0.1
FIRST_ACT = 0.5  # of the time: any fault; after it none that ends the worker
REST_S = 60.0  # after the rehearsal, until the worker's memory counts
LATE_WAKING_MS = 5.0  # a desktop system's scheduler may be so late on top of two periods


class Soak:
    """One soak in two acts. Thread: main; the show has its own.

    In the first act every fault is made. The second begins with a rehearsal, in which the worker
    compiles all it may ever need, and then shows whether a worker that is let live leaks.
    """

    def __init__(
        self, stage: Stagehand, player: Player, minutes: float, fault_every_s: float
    ) -> None:
        self._stage = stage
        self._hand: Iterator[Move] = iter(player.next_move, None)
        self._fault_every_s = fault_every_s
        self._clock = MonotonicClock()
        self.begin_s = self._clock.now_s()
        self._end_s = self.begin_s + minutes * 60
        self._second_act_s = self.begin_s + FIRST_ACT * minutes * 60
        self._is_second_act = False
        self.samples: list[Sample] = []
        self.events: list[Event] = []
        self.incidents: list[Incident] = []
        self._move = next(self._hand)
        self._move_s = self._sample_s = self.begin_s
        self._fault: Fault | None = None
        self._fault_s = self._mend_s = self.begin_s + fault_every_s
        self._rendered = 0

    @property
    def acts(self) -> Acts:
        """When which memory counts, in seconds since the beginning."""
        length_s = self._end_s - self.begin_s
        second_s = self._second_act_s - self.begin_s
        lasts_s = sum(move.pause_s for move in rehearsal())
        return Acts(min(120.0, length_s / 4), second_s + lasts_s + REST_S)

    def run(self) -> None:
        """Play until the time is over and the last fault has settled."""
        while self._clock.now_s() < self._end_s and not self._stage.engine.wait(TICK_S):
            self._turn(self._clock.now_s())

    def _turn(self, now_s: float) -> None:
        if not self._is_second_act and now_s >= self._second_act_s:
            self._is_second_act = True
            self._hand = chain(rehearsal(), self._hand)
        self.events += self._stage.engine.poll_events()
        if now_s >= self._move_s:
            self._play(self._move, now_s)
        if now_s >= self._sample_s:
            self._sample_s = now_s + SAMPLE_EVERY_S
            self.samples.append(take_sample(now_s - self.begin_s))
        if self._fault is None and now_s >= self._fault_s and self._end_s - now_s > SETTLES_S:
            self._break(now_s)
        elif self._fault is not None and now_s >= self._mend_s:
            self._fault.end(self._stage)
            self._fault = None
        self._note_recovery(now_s)

    def _play(self, move: Move, now_s: float) -> None:
        if move.output is not None:
            self._stage.engine.set_output(move.output)
        self._stage.engine.update(move.changes)
        self._move = next(self._hand)
        self._move_s = now_s + self._move.pause_s

    def _break(self, now_s: float) -> None:
        faults = LASTING if self._is_second_act else FAULTS
        fault = faults[len(self.incidents) % len(faults)]
        self._fault, self._fault_s = fault, now_s + self._fault_every_s
        self._mend_s = now_s + fault.lasts_s
        until_s = self._mend_s + SETTLES_S
        self.incidents.append(Incident(fault.name, now_s, until_s, fault.explains))
        self._say(now_s, fault.name)
        self._rendered = self._stage.engine.stats().rendered
        fault.begin(self._stage)

    def _note_recovery(self, now_s: float) -> None:
        """Once the fault is over and the show is whole again, that is when it was recovered."""
        if self._fault is not None or not self.incidents:
            return
        last = self.incidents[-1]
        if last.recovered_s is None and now_s > last.start_s + 2.0 and self._is_whole():
            self.incidents[-1] = replace(last, recovered_s=now_s)

    def _is_whole(self) -> bool:
        stats = self._stage.engine.stats()
        is_painting = stats.rendered > self._rendered
        self._rendered = min(self._rendered, stats.rendered)
        are_sinks_open = all(sink.is_open for sink in stats.sinks)
        return stats.source.is_ok and stats.loading is None and are_sinks_open and is_painting

    def _say(self, now_s: float, what: str) -> None:
        stats, sample = self._stage.engine.stats(), take_sample(now_s - self.begin_s)
        print(
            f"{sample.time_s / 60:5.1f} min  {sample.own_mib:6.0f} + {sample.workers_mib:6.0f} MiB"
            f"  {sample.handles} handles  {sample.threads} threads  out {stats.fps_output_hz:.0f}"
            f"  new {stats.fps_unique_hz:.0f} fps  gap {stats.longest_gap_ms:.0f} ms   {what}",
            file=sys.stderr,
            flush=True,
        )


def main() -> int:
    """Run, write the report, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fps", type=float, default=30.0, help="the output's own rate")
    parser.add_argument("--fault-every", type=float, default=60.0, help="seconds between faults")
    parser.add_argument("--model", default=RenderSpec().model)
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reverie-soak-") as folder:
        report = soak(arguments, Path(folder))
    text = json.dumps(report, indent=2) + "\n"
    if arguments.report is not None:
        arguments.report.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 1 if report["problems"] else 0


def soak(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    """One soak in a folder of its own; returns the report."""
    engine = Engine()
    stage = Stagehand(engine, make_clip(folder / "clip.mp4"), folder, RenderSpec(arguments.model))
    player = Player(arguments.seed, [load_preset(path)[0] for path in find_presets(Bank.HOUSE)])
    engine.start(
        ShowSpec(
            source=stage.clip_uri,
            sinks=("null",),
            render=stage.render,
            output_fps_hz=arguments.fps,
            waits_for_model=True,
            in_worker=True,
        )
    )
    try:
        wait_for_picture(engine)
        run = Soak(stage, player, arguments.minutes, arguments.fault_every)
        run.run()
        wrong = check_recording(stage)
    finally:
        engine.stop()
    run.events += engine.poll_events()
    return make_report(run, engine, arguments, wrong)


def wait_for_picture(engine: Engine) -> None:
    """Until the model has painted once."""
    while engine.stats().rendered == 0:
        if engine.wait(TICK_S):
            raise SystemExit("The show ended before its first picture.")


def make_report(
    run: Soak, engine: Engine, arguments: argparse.Namespace, wrong: str | None
) -> dict[str, object]:
    """Figures, recoveries and what is wrong."""
    shown = engine.report()
    gap_ms = float(shown["longest_output_gap_ms"])  # type: ignore[arg-type]
    allowed_ms = 2000.0 / arguments.fps + LATE_WAKING_MS
    found = problems(run.samples, run.acts, run.incidents, run.events, gap_ms, allowed_ms)
    recoveries = [
        {"fault": i.name, "start_s": round(i.start_s - run.begin_s, 1), "took_s": _took(i)}
        for i in run.incidents
    ]
    return {
        "minutes": arguments.minutes,
        "seed": arguments.seed,
        "model": arguments.model,
        "output_fps_hz": arguments.fps,
        "problems": found + ([wrong] if wrong else []),
        "memory_slope_mib_per_min": memory_slopes(run.samples, run.acts),
        "longest_gap_ms": gap_ms,
        "allowed_gap_ms": round(allowed_ms, 1),
        "faults": recoveries,
        "samples": [asdict(sample) for sample in run.samples[:: max(1, len(run.samples) // 60)]],
        "show": {name: shown[name] for name in ("frames", "fps", "latency_ms", "output_gap_ms")},
        "versions": versions(),
        "device": device(engine.render_info),
    }


def _took(incident: Incident) -> float | None:
    if incident.recovered_s is None:
        return None
    return round(incident.recovered_s - incident.start_s, 1)


if __name__ == "__main__":
    sys.exit(main())
