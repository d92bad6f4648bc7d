"""The faults that a soak makes, one a minute: what is broken, for how long, what it explains."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.api import Engine, EventKind, RenderSpec
from tests.soak.media import damage, frames_in

LOSS = frozenset({EventKind.RENDERER_LOST, EventKind.MODEL_FAILED})
BAD_SOURCE = frozenset({EventKind.SOURCE_FAILED, EventKind.SOURCE_FROZEN})
BAD_SINK = frozenset({EventKind.SINK_FAILED})
BALLOON_MIB = 1024


@dataclass
class Stagehand:
    """What faults may touch: the engine, the looping clip, a folder of their own."""

    engine: Engine
    clip: Path
    folder: Path
    render: RenderSpec
    balloon: subprocess.Popen[bytes] | None = None

    @property
    def clip_uri(self) -> str:
        return f"file:{self.clip}"

    def workers(self) -> list[psutil.Process]:
        """The processes that the engine has started; oldest first."""
        mine = self.balloon.pid if self.balloon else None
        children = psutil.Process().children(recursive=True)
        return [child for child in children if child.pid != mine]

    def signal_workers(self, number: signal.Signals) -> None:
        for worker in self.workers():
            worker.send_signal(number)


Act = Callable[[Stagehand], None]


def nothing(stage: Stagehand) -> None:
    """For faults that end by themselves."""


@dataclass(frozen=True)
class Fault:
    """explains: the kinds of warnings and errors that it may cause. lasts_s: until `end`.

    ends_worker: another process paints afterwards.
    """

    name: str
    begin: Act
    explains: frozenset[EventKind] = frozenset()
    end: Act = nothing
    lasts_s: float = 0.0
    ends_worker: bool = False


def kill_worker(stage: Stagehand) -> None:
    stage.signal_workers(signal.SIGKILL)


def stop_worker(stage: Stagehand) -> None:
    """It answers no more; the engine must find out and end it."""
    stage.signal_workers(signal.SIGSTOP)


def ask_for_missing_model(stage: Stagehand) -> None:
    stage.engine.load(RenderSpec(model=str(stage.folder / "no-such-model")))


def ask_for_missing_clip(stage: Stagehand) -> None:
    stage.engine.set_source(f"file:{stage.folder / 'no-such-clip.mp4'}")


def play_damaged_clip(stage: Stagehand) -> None:
    stage.engine.set_source(f"file:{damage(stage.clip, stage.folder / 'damaged.mp4')}")


def play_clip(stage: Stagehand) -> None:
    stage.engine.set_source(stage.clip_uri)


def load_other_size(stage: Stagehand) -> None:
    stage.engine.load(RenderSpec(stage.render.model, 192, 192, stage.render.accelerator))


def load_own_size(stage: Stagehand) -> None:
    stage.engine.load(stage.render)


def record_on_full_disk(stage: Stagehand) -> None:
    target = _full_disk(stage)
    if not target.is_symlink():
        target.symlink_to("/dev/full")
    stage.engine.add_sink(f"record:{target}")


def remove_full_disk(stage: Stagehand) -> None:
    stage.engine.remove_sink(f"record:{_full_disk(stage)}")
    for left in stage.folder.glob("full*.mp4"):
        left.unlink()


def _full_disk(stage: Stagehand) -> Path:
    return stage.folder / "full.mp4"


def record_nowhere(stage: Stagehand) -> None:
    stage.engine.add_sink(f"record:{stage.folder / 'no-such-folder' / 'show.mp4'}")


def stop_recording_nowhere(stage: Stagehand) -> None:
    stage.engine.remove_sink(f"record:{stage.folder / 'no-such-folder' / 'show.mp4'}")


def start_recording(stage: Stagehand) -> None:
    stage.engine.add_sink(f"record:{stage.folder / 'short.mp4'}")


def stop_recording(stage: Stagehand) -> None:
    stage.engine.remove_sink(f"record:{stage.folder / 'short.mp4'}")


def fill_memory(stage: Stagehand) -> None:
    """Another program takes a gigabyte and touches every page."""
    code = f"import sys; b = bytearray(b'x' * {BALLOON_MIB} * 2**20); sys.stdin.read()"
    stage.balloon = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)


def free_memory(stage: Stagehand) -> None:
    balloon, stage.balloon = stage.balloon, None
    if balloon is not None:
        balloon.communicate()


FAULTS = (
    Fault("The worker is killed", kill_worker, LOSS, ends_worker=True),
    Fault("A clip that isn't there is asked for", ask_for_missing_clip, BAD_SOURCE, play_clip, 3.0),
    Fault("A recording on a full disk", record_on_full_disk, BAD_SINK, remove_full_disk, 6.0),
    Fault("The worker stops answering", stop_worker, LOSS, ends_worker=True),
    Fault(
        "A model that isn't there is asked for",
        ask_for_missing_model,
        frozenset({EventKind.MODEL_FAILED}),
    ),
    Fault("Another size is loaded for a while", load_other_size, LOSS, load_own_size, 15, True),
    Fault("A damaged clip is played", play_damaged_clip, BAD_SOURCE, play_clip, 8.0),
    Fault("A recording into a missing folder", record_nowhere, BAD_SINK, stop_recording_nowhere, 6),
    Fault("A recording begins and ends", start_recording, end=stop_recording, lasts_s=8.0),
    Fault("Another program takes a gigabyte", fill_memory, end=free_memory, lasts_s=10.0),
)  # fmt: skip

LASTING = tuple(fault for fault in FAULTS if not fault.ends_worker)


def check_recording(stage: Stagehand) -> str | None:
    """What is wrong with the last short recording, if anything; None before there is one."""
    path = stage.folder / "short.mp4"
    if not path.exists():
        return None
    size = os.path.getsize(path)
    return None if frames_in(path) else f"The recording of {size} bytes holds no picture."
