"""A source may go away, freeze, hang or be damaged: the show goes on and takes it up again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.api import EventKind, SourceCondition
from engine.errors import SourceFrozen
from engine.frame import Frame
from engine.sinks.recorder import RecorderSink
from engine.sources.base import Capture
from engine.sources.video_file import VideoFileSource
from tests.faults.harness import Show, paints_again, wait_for, watched
from tests.support.fakes import PATIENCE_S, FakeSource, grey
from tests.support.rig import Rig


class Struck(FakeSource):
    """Raises `error` at its eighth picture; then plays."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._errors = [error]

    def read(self) -> Capture | None:
        if self._index == 8 and self._errors:
            raise self._errors.pop()
        return super().read()


class Hanging(FakeSource):
    """A camera whose eighth read stays in the driver."""

    is_live = True

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()
        self._never = threading.Event()

    def read(self) -> Capture | None:
        if self._index == 8:
            self.may_go_on.wait(PATIENCE_S)
        self._never.wait(0.01)
        return super().read()


@pytest.mark.fault("camera unplugged")
def test_a_camera_that_is_unplugged_plays_as_soon_as_it_is_back(show: Show) -> None:
    source = FakeSource(fails_at=8)
    rig = Rig(source)
    with show.struck(rig, EventKind.SOURCE_FAILED) as engine:
        rig.clock.run_until(lambda: not engine.stats().source.is_ok)
        assert engine.stats().source.message == "The fake source is gone; plug it in again."
        wait_for(rig, EventKind.SOURCE_BACK)
        paints_again(rig)
        assert engine.stats().source.is_ok
    assert source.num_opened == source.num_closed == 2


@pytest.mark.fault("camera missing at the start")
def test_a_camera_that_is_missing_at_the_start_is_awaited(show: Show) -> None:
    rig = Rig(FakeSource(refusals=3), sink=watched())
    start_s = rig.clock.now_s()
    with show.struck(rig, EventKind.SOURCE_FAILED):
        paints_again(rig)
    assert rig.clock.now_s() - start_s >= 0.5 + 1.0 + 2.0
    assert len(rig.messages(EventKind.SOURCE_FAILED)) == 1


@pytest.mark.fault("camera frozen")
def test_a_camera_that_freezes_is_opened_anew(show: Show) -> None:
    rig = Rig(Struck(SourceFrozen("The fake camera has frozen; it is opened anew.")))
    with show.struck(rig, EventKind.SOURCE_FROZEN):
        wait_for(rig, EventKind.SOURCE_BACK)
        paints_again(rig)


@pytest.mark.fault("camera driver hangs")
def test_a_driver_that_hangs_holds_up_nobody_and_plays_on(show: Show) -> None:
    source = Hanging()
    rig = Rig(source)
    with show.struck(rig, EventKind.SOURCE_FROZEN) as engine:
        # Its pictures come in real time: on a busy machine it may seem frozen before it is.
        rig.clock.run_until(lambda: engine.stats().captured == 8)
        rig.clock.run_until(lambda: engine.stats().source.condition is SourceCondition.FROZEN)
        source.may_go_on.set()
        wait_for(rig, EventKind.SOURCE_BACK)
        paints_again(rig)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            ZeroDivisionError("division by zero"),
            marks=pytest.mark.fault("camera driver crashes"),
            id="driver",
        ),
        pytest.param(
            MemoryError(), marks=pytest.mark.fault("memory short while capturing"), id="memory"
        ),
    ],
)
def test_what_nobody_foresaw_in_a_source_is_a_loss_like_any_other(
    show: Show, error: Exception
) -> None:
    rig = Rig(Struck(error))
    with show.struck(rig, EventKind.SOURCE_FAILED):
        wait_for(rig, EventKind.SOURCE_BACK)
        paints_again(rig)


@pytest.mark.fault("chosen source missing")
def test_a_source_that_cannot_be_opened_leaves_the_old_one_playing(show: Show) -> None:
    rig = Rig()
    rig.sources["absent"] = FakeSource(refusals=1)
    with show.struck(rig, EventKind.SOURCE_FAILED) as engine:
        engine.set_source("absent")
        wait_for(rig, EventKind.SOURCE_FAILED)
        paints_again(rig)
        assert engine.stats().source.uri == "fake"
        assert engine.stats().source.is_ok


# ---- clips


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds, each with a key picture."""
    path = tmp_path / "clip.mp4"
    sink = RecorderSink(path)
    sink.open(64, 64, 30.0)
    for index in range(60):
        sink.write(Frame(grey(4 * index, 64), index, 0.0), index / 30)
    sink.close()
    return path


def cut_short(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(range(200)) * 2
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(cut_short, marks=pytest.mark.fault("clip cut short"), id="cut"),
        pytest.param(
            damage_middle, marks=pytest.mark.fault("clip damaged in the middle"), id="damaged"
        ),
    ],
)
def test_of_a_broken_clip_what_can_be_read_is_played(show: Show, clip: Path, spoil: object) -> None:
    spoil(clip)  # type: ignore[operator]
    rig = Rig(VideoFileSource(clip), sink=watched())
    with show.struck(rig) as engine:
        rig.clock.run_until(lambda: engine.stats().unique > 40)


@pytest.mark.fault("clip is no video")
def test_a_file_that_is_no_video_leaves_the_old_source_playing(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(b"no video at all" * 100)
    rig = Rig()
    rig.sources["notes"] = VideoFileSource(path)
    with show.struck(rig, EventKind.SOURCE_FAILED) as engine:
        engine.set_source("notes")
        wait_for(rig, EventKind.SOURCE_FAILED)
        paints_again(rig)
        assert engine.stats().source.uri == "fake"
