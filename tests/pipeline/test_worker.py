"""The renderer in a child process: real children, real faults, nothing left behind."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path

import numpy as np
import pytest

from engine.api import Engine, ShowSpec
from engine.diffusion.in_process import StreamRenderer
from engine.enums import LossReason
from engine.errors import (
    InvalidFrame,
    OutOfMemoryError,
    PreparationCancelled,
    PromptError,
    RendererLost,
)
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import Progress, RenderInfo, RenderSpec
from engine.worker.patience import FOR_TICKS
from engine.worker.worker_renderer import Limits, WorkerRenderer
from tests import tiny_models
from tests.support import faulty_worker
from tests.support.fakes import PATIENCE_S, SIZE_PX, grey, painted

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
HASTY = Limits(
    building_ticks=replace(FOR_TICKS, slow_after_s=0.2, hang_after_s=0.6),
    cancel_grace_s=0.3,
    close_grace_s=0.3,
)


def ignore(progress: Progress) -> None:
    """Nobody watches."""


def shot(sequence: int) -> Frame:
    return Frame(grey(sequence), sequence, sequence / 30)


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = leftovers()
    yield
    assert leftovers() == before


def leftovers() -> tuple[list[str], list[str], int]:
    """Children, named shared memory, open files."""
    if sys.platform != "linux":
        return [], [], 0
    tasks = Path("/proc/self/task")
    children = [c for task in tasks.iterdir() for c in (task / "children").read_text().split()]
    return children, sorted(os.listdir("/dev/shm")), len(os.listdir("/proc/self/fd"))


Start = Callable[..., WorkerRenderer]


@pytest.fixture
def faulty() -> Iterator[Start]:
    """Starts renderers that fail on demand; closes them afterwards."""
    started: list[WorkerRenderer] = []

    def start(model: str = "good", limits: Limits = HASTY) -> WorkerRenderer:
        renderer = WorkerRenderer(limits, entry=faulty_worker.ENTRY)
        started.append(renderer)
        renderer.prepare(RenderSpec(model, SIZE_PX, SIZE_PX), ignore)
        return renderer

    yield start
    for renderer in started:
        renderer.close()


@pytest.fixture(scope="module")
def good() -> Iterator[WorkerRenderer]:
    """One child for the tests that leave it well."""
    renderer = WorkerRenderer(entry=faulty_worker.ENTRY)
    renderer.prepare(RenderSpec("good", SIZE_PX, SIZE_PX), ignore)
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "house"
    tiny_models.write(folder, "house")
    return folder


def level(frame: Frame | None) -> int | None:
    return None if frame is None else int(frame.image[0, 0, 0])


def test_frames_come_out_late_and_in_order_with_their_sequence_and_time(faulty: Start) -> None:
    renderer = faulty(faulty_worker.LATE)
    params = StreamParams()
    come_out = [renderer.render(shot(100 + k), params) for k in range(5)]
    assert [f and (f.sequence, f.captured_s, level(f)) for f in come_out] == [
        None,
        None,
        *((100 + k, (100 + k) / 30, painted(100 + k)) for k in range(3)),
    ]
    assert renderer.in_flight == 2
    assert [(f.sequence, level(f)) for f in renderer.flush()] == [
        (103, painted(103)),
        (104, painted(104)),
    ]
    assert renderer.in_flight == 0
    assert renderer.flush() == []


def test_a_finished_frame_stays_as_it_is_while_others_are_painted(good: WorkerRenderer) -> None:
    first = good.render(shot(50), StreamParams())
    good.render(shot(60), StreamParams())
    assert level(first) == painted(50)
    assert first is not None
    assert not first.image.flags.writeable
    with pytest.raises(ValueError, match="paints"):
        good.render(Frame(grey(0, 2 * SIZE_PX), 70, 0.0), StreamParams())


def test_a_preview_goes_across_the_process_border_and_leaves_the_ticks_as_they_were(
    faulty: Start,
) -> None:
    renderer = faulty(faulty_worker.LATE)
    live, other = StreamParams(seed=3), StreamParams(seed=7)
    renderer.render(shot(100), live)
    preview = renderer.preview(shot(50), other)
    assert (preview.sequence, preview.captured_s, level(preview)) == (50, 50 / 30, 57)
    assert renderer.in_flight == 1
    assert [level(renderer.render(shot(101 + k), live)) for k in range(2)] == [None, painted(100)]
    with pytest.raises(ValueError, match="paints"):
        renderer.preview(Frame(grey(0, 2 * SIZE_PX), 70, 0.0), other)


def test_what_the_renderer_raises_arrives_by_its_name_and_the_next_frame_is_painted(
    good: WorkerRenderer,
) -> None:
    renderer, params = good, StreamParams()
    with pytest.raises(InvalidFrame, match="held NaN"):
        renderer.render(shot(faulty_worker.INVALID), params)
    with pytest.raises(OutOfMemoryError, match="take 64×64"):
        renderer.render(shot(faulty_worker.MEMORY), params)
    with pytest.raises(RendererLost, match="card is gone") as lost:
        renderer.render(shot(faulty_worker.DEVICE), params)
    assert lost.value.reason is LossReason.DEVICE_LOST
    with pytest.raises(RendererLost, match="The renderer failed: 'colour'") as lost:
        renderer.render(shot(faulty_worker.BUG), params)
    assert lost.value.reason is LossReason.CRASH
    assert level(renderer.render(shot(99), params)) == painted(99)


def test_words_are_asked_about_across_the_process_border(good: WorkerRenderer) -> None:
    known, unknown, unspeakable = (
        StreamParams(prompt=prompt)
        for prompt in ("known", faulty_worker.UNKNOWN, faulty_worker.UNSPEAKABLE)
    )

    assert good.remember(())
    assert good.remember((known, known))
    assert not good.remember((unknown, known))
    with pytest.raises(PromptError, match="try others"):
        good.remember((unspeakable,))


@linux
def test_a_crash_is_a_loss_that_names_the_signal(faulty: Start) -> None:
    renderer = faulty()
    for _ in range(2):  # and stays one
        with pytest.raises(RendererLost, match=r"crashed \(SIGABRT\)") as lost:
            renderer.render(shot(faulty_worker.CRASH), StreamParams())
        assert lost.value.reason is LossReason.CRASH


@linux
def test_a_killed_child_is_a_loss_that_hints_at_memory() -> None:
    renderer = WorkerRenderer()
    info = renderer.prepare(RenderSpec("identity", SIZE_PX, SIZE_PX), ignore)
    assert info.worker_pid is not None
    os.kill(info.worker_pid, signal.SIGKILL)
    with pytest.raises(RendererLost, match="out of memory: choose a smaller size"):
        renderer.render(shot(0), StreamParams())
    renderer.close()


def test_a_tick_without_end_is_slow_then_hung_and_its_process_ends(
    faulty: Start, caplog: pytest.LogCaptureFixture
) -> None:
    renderer = faulty()
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(RendererLost, match="one picture for 1 s") as lost,
    ):
        renderer.render(shot(faulty_worker.HANG), StreamParams())
    assert lost.value.reason is LossReason.HANG
    assert [r.message for r in caplog.records] == [
        "The model is slow: one picture takes longer than 0.2 s."
    ]


@pytest.mark.parametrize("model", [faulty_worker.PATIENT, faulty_worker.STUBBORN])
def test_a_cancelled_preparation_ends_even_if_the_child_does_not_heed_it(model: str) -> None:
    renderer = WorkerRenderer(HASTY, entry=faulty_worker.ENTRY)

    def cancel_half_way(progress: Progress) -> None:
        if progress.fraction == 0.5:
            raise PreparationCancelled("Cancelled.")

    with pytest.raises(PreparationCancelled):
        renderer.prepare(RenderSpec(model, SIZE_PX, SIZE_PX), cancel_half_way)
    renderer.close()


def test_closing_during_a_render_ends_both(faulty: Start) -> None:
    renderer = faulty(limits=Limits())
    raised: list[Exception] = []
    is_rendering = threading.Event()

    def render() -> None:
        is_rendering.set()
        try:
            renderer.render(shot(faulty_worker.HANG), StreamParams())
        except (RendererLost, RuntimeError) as error:  # whichever of the two came first
            raised.append(error)

    thread = threading.Thread(target=render)
    thread.start()
    assert is_rendering.wait(PATIENCE_S)
    renderer.close()
    thread.join(PATIENCE_S)
    assert len(raised) == 1


PARENT = f"""
import sys
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderSpec
from engine.worker.worker_renderer import WorkerRenderer
from tests.support import faulty_worker
from tests.support.fakes import grey

renderer = WorkerRenderer(entry=faulty_worker.ENTRY)
renderer.prepare(RenderSpec("good", {SIZE_PX}, {SIZE_PX}), lambda progress: None)
print("ready", flush=True)
renderer.render(Frame(grey(0), int(sys.argv[1]), 0.0), StreamParams())
"""


@linux
def test_no_child_survives_a_killed_parent_even_if_it_hangs_holding_python() -> None:
    """The child shares the parent's stderr: its end is the end of both."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(faulty_worker.HANG_HOLDING_PYTHON)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        assert parent.stdout.readline() == b"ready\n"
        parent.kill()
        assert parent.stderr.read() == b""


@linux
def test_a_forgotten_renderer_leaves_nothing() -> None:
    renderer = WorkerRenderer()
    renderer.prepare(RenderSpec("identity", SIZE_PX, SIZE_PX), ignore)
    del renderer


def test_the_child_logs_beside_the_parents_log(tmp_path: Path) -> None:
    handler = RotatingFileHandler(tmp_path / "reverie.log")
    root = logging.getLogger()
    root.addHandler(handler)
    renderer = WorkerRenderer()
    try:
        renderer.prepare(RenderSpec("identity", SIZE_PX, SIZE_PX), ignore)
    finally:
        renderer.close()
        root.removeHandler(handler)
        handler.close()
    assert "starts" in (tmp_path / "worker.log").read_text(encoding="utf-8")
    assert (tmp_path / "worker-crash.txt").read_bytes() == b""


def test_a_show_says_in_its_report_which_process_painted_it(tmp_path: Path) -> None:
    engine = Engine()
    spec = RenderSpec("identity", 64, 64)
    engine.start(ShowSpec("pattern", render=spec, is_realtime=False, max_frames=3, in_worker=True))
    assert engine.wait(PATIENCE_S)
    engine.stop()
    report = json.loads(json.dumps(engine.report()))
    assert report["frames"]["rendered"] == 3
    assert report["device"]["renders_in"].startswith("a worker process (pid ")


@pytest.mark.timeout(300)  # the child loads its libraries once more, maybe on a busy machine
def test_a_model_paints_the_same_picture_bit_for_bit_as_in_process(model_folder: Path) -> None:
    spec = RenderSpec(str(model_folder), 32, 32, "eager")
    worker, local = WorkerRenderer(), StreamRenderer()
    infos: list[RenderInfo] = []
    pictures: list[list[np.ndarray]] = []
    for renderer in (local, worker):
        infos.append(renderer.prepare(spec, ignore))
        pictures.append(play(renderer))
        renderer.close()
    assert len(pictures[0]) == 6
    assert np.array_equal(pictures[0], pictures[1])
    ours, theirs = (replace(info, warm_up_s=0.0, worker_pid=None) for info in infos)
    assert theirs == ours


def play(renderer: WorkerRenderer | object) -> list[np.ndarray]:
    """Six noisy frames, the parameters changing on the way; what comes out."""
    source = np.random.default_rng(7)
    params = StreamParams("a red fox", num_inference_steps=2, strength=0.6)
    come_out = []
    for k in range(6):
        image = source.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        changed = params if k < 3 else params.with_changes({"strength": 0.9, "seed": 11})
        come_out.append(renderer.render(Frame(image, k, k / 30), changed))  # type: ignore[attr-defined]
    come_out += renderer.flush()  # type: ignore[attr-defined]
    return [frame.image for frame in come_out if frame is not None]
