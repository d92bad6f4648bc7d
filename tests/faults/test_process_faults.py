"""Signals, to the program and to its worker: real processes, and nothing left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.api import EventKind, RenderSpec, StreamParams
from engine.frame import Frame
from engine.renderer import OnProgress, RenderInfo, RenderNews
from engine.sinks.recorder import holds_pictures
from engine.worker.patience import FOR_TICKS
from engine.worker.worker_renderer import Limits, WorkerRenderer
from tests.faults.harness import Show, check_sentence, fault, paints_again, wait_for
from tests.support import faulty_worker
from tests.support.fakes import SIZE_PX
from tests.support.rig import Rig

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sends POSIX signals")
ROOT = Path(__file__).resolve().parents[2]
HASTY = replace(FOR_TICKS, slow_after_s=0.5, hang_after_s=1.5)
LIMITS = Limits(ticks=HASTY, building_ticks=HASTY, cancel_grace_s=0.3, close_grace_s=0.3)
WORKER = RenderSpec("worker", SIZE_PX, SIZE_PX)


class Workers:
    """A renderer in a process of its own; prepared again it is another process."""

    def __init__(self) -> None:
        self._newest = WorkerRenderer(LIMITS, entry=faulty_worker.ENTRY)
        self.pids: list[int] = []

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        self._newest = WorkerRenderer(LIMITS, entry=faulty_worker.ENTRY)
        info = self._newest.prepare(spec, on_progress)
        assert info.worker_pid is not None
        self.pids.append(info.worker_pid)
        return info

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        return self._newest.render(frame, params)

    @property
    def in_flight(self) -> int:
        return self._newest.in_flight

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        return self._newest.remember(looks)

    def news(self) -> RenderNews | None:
        return self._newest.news()

    def flush(self) -> list[Frame]:
        return self._newest.flush()

    def close(self) -> None:
        self._newest.close()


@pytest.mark.parametrize(
    "number",
    [
        fault("worker killed (SIGKILL)", signal.SIGKILL),
        fault("worker stopped (SIGSTOP)", signal.SIGSTOP),
        fault("worker crashes (SIGSEGV)", signal.SIGSEGV),
    ],
)
def test_a_worker_that_is_lost_is_replaced(show: Show, number: signal.Signals) -> None:
    rig = Rig()
    rig.renderers["worker"] = workers = Workers()
    with show.struck(rig, EventKind.RENDERER_LOST) as engine:
        rig.clock.run_until(lambda: engine.stats().captured > 10)
        engine.load(WORKER)
        rig.clock.run_until(
            lambda: engine.render_info is not None and engine.render_info.worker_pid is not None
        )
        paints_again(rig)
        os.kill(workers.pids[0], number)
        wait_for(rig, EventKind.RENDERER_BACK)
        paints_again(rig)
    assert len(set(workers.pids)) == 2


# ---- the whole program


def playing(folder: Path) -> subprocess.Popen[str]:
    """The program without a window, recording."""
    arguments = ("--headless", "--model", "identity", "--size", "64x64", "--source", "pattern")
    sink = ("--sink", f"record:{folder / 'show.mp4'}")
    environment = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "main.py"), *arguments, *sink],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_for_recording(recording: Path) -> None:
    """Until its first second is in the file."""
    never = threading.Event()
    while not recording.exists() or not holds_pictures(recording):
        never.wait(0.1)


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [
        fault("program told to end (SIGTERM)", signal.SIGTERM, 0),
        fault("program killed (SIGKILL)", signal.SIGKILL, -signal.SIGKILL),
    ],
)
def test_a_program_that_is_ended_leaves_a_recording_that_plays(
    tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    recording = tmp_path / "show.mp4"
    with playing(tmp_path) as program:
        wait_for_recording(recording)
        program.send_signal(number)
        told, complaint = program.communicate(timeout=60.0)
    assert (program.returncode, complaint) == (exit_code, "")
    for line in told.splitlines():
        check_sentence(line)
    assert holds_pictures(recording)
