"""A disk that is full while something is saved: nothing that was saved before is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine import atomic_file
from engine.api import EventKind, Preset, PresetError, SetError, load_preset, save_preset
from engine.session import SESSION_NAME
from engine.set_files import load_set
from tests.faults.harness import Belongings, Show, check_sentence, paints_again, wait_for
from tests.support.rig import Rig

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


class FullDisk:
    """In place of the module os: what is written goes to a device that takes no byte."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fdopen(self, handle: int, mode: str) -> Any:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, handle)
        os.close(full)
        return os.fdopen(handle, mode)


@contextmanager
def full_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic_file, "os", FullDisk())
        yield


@pytest.mark.fault("disk full while autosaving")
def test_a_session_that_cannot_be_written_is_told_once_and_written_later(
    show: Show, tmp_path: Path
) -> None:
    rig = Rig()
    with show.struck(rig, EventKind.NOTICE) as engine:
        with full_disk():
            engine.update({"strength": 0.25})
            wait_for(rig, EventKind.NOTICE)
            start_s = rig.clock.now_s()
            rig.clock.run_until(lambda: rig.clock.now_s() > start_s + 5.0, step_s=1 / 60)
        paints_again(rig)
    assert len(rig.messages(EventKind.NOTICE)) == 1
    saved, _ = load_set(tmp_path / "session" / SESSION_NAME)
    assert saved.place is not None
    assert saved.place.a.params["strength"] == 0.25


@pytest.mark.fault("disk full while saving a set")
def test_a_set_that_cannot_be_saved_leaves_the_saved_one(
    show: Show, belongings: Belongings
) -> None:
    rig = Rig()
    with show.struck(rig) as engine:
        with full_disk(), pytest.raises(SetError, match="make room") as caught:
            engine.save_set(belongings.set_path)
        check_sentence(str(caught.value))
        paints_again(rig)


@pytest.mark.fault("disk full while saving a look")
def test_a_look_that_cannot_be_saved_leaves_the_saved_one(belongings: Belongings) -> None:
    with full_disk(), pytest.raises(PresetError, match="No space left") as caught:
        save_preset(belongings.look_path, Preset(name="Other"))
    check_sentence(str(caught.value))
    assert load_preset(belongings.look_path)[0].name == "Neon"


@pytest.mark.fault("session folder can't be written")
def test_a_session_that_cannot_be_kept_leaves_the_show_playing(show: Show, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    rig = Rig()
    with show.struck(rig) as engine:
        engine.end_session()
        with pytest.raises(SetError, match="save the set by hand") as caught:
            engine.keep_session(tmp_path / "file")
        check_sentence(str(caught.value))
        paints_again(rig)
