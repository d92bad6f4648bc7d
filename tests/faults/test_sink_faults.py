"""A sink that refuses, fails or stalls is cut off alone and comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvirtualcam
from pyvirtualcam.camera import BACKENDS

from engine.api import EventKind
from engine.errors import SinkError
from engine.frame import Frame
from engine.sinks import recorder
from engine.sinks.recorder import RecorderSink
from engine.sinks.virtual_camera import VirtualCameraSink
from tests.faults.harness import Show, fault, paints_again, wait_for
from tests.support.fakes import FakeSink
from tests.support.rig import Rig


class Failing(FakeSink):
    """Raises `error` at its sixth picture, once."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._errors = [error]

    def write(self, frame: Frame, presented_s: float) -> None:
        if len(self.written) == 5 and self._errors:
            raise self._errors.pop()
        super().write(frame, presented_s)


@pytest.mark.parametrize(
    "error",
    [
        fault("sink fails", SinkError("The fake disk does not answer; check the drive.")),
        fault("sink raises a bug", KeyError("colour")),
        fault("memory short while writing", MemoryError()),
    ],
)
def test_a_sink_that_fails_is_opened_again(show: Show, error: Exception) -> None:
    rig = Rig()
    rig.sinks["failing"] = failing = Failing(error)
    with show.struck(rig, EventKind.SINK_FAILED, sinks=("failing", "fake")):
        wait_for(rig, EventKind.SINK_BACK)
        paints_again(rig)
    assert failing.num_opened == failing.num_closed == 2


@pytest.mark.fault("sink not installed")
def test_a_sink_that_is_not_installed_can_be_added_anew(show: Show) -> None:
    rig = Rig()
    rig.sinks["absent"] = FakeSink(refuses=True)
    with show.struck(rig, EventKind.SINK_FAILED, sinks=("absent", "fake")) as engine:
        wait_for(rig, EventKind.SINK_FAILED)
        states = {state.uri: state for state in engine.stats().sinks}
        assert states["absent"].message == "The fake sink is not installed; install it."
        assert (states["absent"].is_open, states["fake"].is_open) == (False, True)
        rig.sinks["absent"] = installed = FakeSink()
        engine.add_sink("absent")
        rig.clock.run_until(lambda: len(installed.written) > 3)


@pytest.mark.fault("sink stalls")
def test_a_sink_that_stalls_holds_up_nobody(show: Show) -> None:
    stalled = FakeSink()
    stalled.may_write.clear()
    rig = Rig()
    rig.sinks["stalled"] = stalled
    with show.struck(rig, sinks=("stalled", "fake")) as engine:
        rig.clock.run_until(lambda: engine.stats().sinks[0].is_slow)
        paints_again(rig)
        stalled.may_write.set()
        rig.clock.run_until(lambda: not engine.stats().sinks[0].is_slow)


# ---- the virtual camera


class MemoryCamera:
    """A backend of the library whose device may go away."""

    is_gone = False

    def __init__(self, *, device: str | None, **_: Any) -> None:
        if self.is_gone:
            raise RuntimeError("there is no such device!")

    def send(self, frame: object) -> None:
        if self.is_gone:
            raise RuntimeError("pipe closed.")

    def device(self) -> str:
        return "memory 1"

    def native_fourcc(self) -> None:
        return None

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def memory_camera(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[MemoryCamera]]:
    before = dict(BACKENDS)
    BACKENDS.clear()
    pyvirtualcam.register_backend("memory", MemoryCamera)
    yield MemoryCamera
    BACKENDS.clear()
    BACKENDS.update(before)


@pytest.mark.fault("virtual camera removed")
def test_a_virtual_camera_that_is_removed_is_taken_up_again(
    show: Show, memory_camera: type[MemoryCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig()
    rig.sinks["vcam"] = VirtualCameraSink(backend="memory")
    with show.struck(rig, EventKind.SINK_FAILED, sinks=("vcam", "fake")) as engine:
        rig.clock.run_until(lambda: engine.stats().sinks[0].is_open)
        with monkeypatch.context() as unplugged:
            unplugged.setattr(memory_camera, "is_gone", True)
            wait_for(rig, EventKind.SINK_FAILED)
        wait_for(rig, EventKind.SINK_BACK)
        paints_again(rig)


# ---- the recorder


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recording goes to a device that takes no byte."""
    claim = recorder.claim_unused_path

    def claim_full(wanted: Path) -> Path:
        path = claim(wanted)
        path.unlink()
        path.symlink_to("/dev/full")
        return path

    monkeypatch.setattr(recorder, "claim_unused_path", claim_full)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.fault("disk full while recording")
def test_a_full_disk_ends_the_recording_alone(
    show: Show, full_disk: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig()
    rig.sinks["record"] = RecorderSink(tmp_path / "show.mp4")
    with show.struck(rig, EventKind.SINK_FAILED, sinks=("record", "fake")):
        wait_for(rig, EventKind.SINK_FAILED)
        monkeypatch.undo()  # somebody makes room
        wait_for(rig, EventKind.SINK_BACK)
        paints_again(rig)
    assert "the disk is full; free some space" in rig.messages(EventKind.SINK_FAILED)[0]
    (recording,) = tmp_path.glob("show*.mp4")
    assert recorder.holds_pictures(recording)


@pytest.mark.fault("recording into a missing folder")
def test_a_recording_into_a_missing_folder_is_refused_alone(show: Show, tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    rig = Rig()
    rig.sinks["record"] = RecorderSink(folder / "show.mp4")
    with show.struck(rig, EventKind.SINK_FAILED, sinks=("record", "fake")) as engine:
        wait_for(rig, EventKind.SINK_FAILED)
        folder.mkdir()
        engine.add_sink("record")
        rig.clock.run_until(lambda: engine.stats().sinks[-1].is_open)
