"""Files of sets: named faults, the copy before, and disks that are full."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.atomic_file import backup_of
from engine.errors import SetError
from engine.presets import Preset
from engine.set_files import load_set, save_set
from engine.sets import Cue, Pad, PadBank, Set

SHOW = """
version = 1
name = "Friday"
tempo_bpm = 120

[[banks]]
name = "First"

[[banks.pads]]
number = 1
[banks.pads.look]
name = "Neon"
prompt = "neon lights"
colour = "bright"
[banks.pads.look.params]
strength = 0.8
guidance_scale = 99
speed = 3

[[banks.pads]]
number = 40
[banks.pads.look]
name = "Too far"

[[cues]]
follow = 2.5

[[mappings]]
device = "nanoKONTROL2"
"""

WORDS = "ink wash on wet paper, long soft strokes, a little blue where the water stood the longest"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "show.toml"


def test_what_is_broken_is_named_and_the_rest_loads(path: Path) -> None:
    path.write_text(SHOW, encoding="utf-8")
    live_set, problems = load_set(path)
    assert live_set.name == "Friday"
    pads = live_set.bank(1).pads
    assert [(pad.number, pad.look.name) for pad in pads if pad.number == 1] == [(1, "Neon")]
    assert pads[0].look.params == {"strength": 0.8}
    assert live_set.mappings == ({"device": "nanoKONTROL2"},)
    assert sorted(problem.partition(" was left out")[0] for problem in problems) == [
        "show.toml: banks 1, pads 1, look, colour",
        "show.toml: banks 1, pads 1, look, params, guidance_scale",
        "show.toml: banks 1, pads 1, look, params, speed",
        "show.toml: banks 1, pads 2",  # a pad must have a number
        "show.toml: banks 1, pads 2, number",
        "show.toml: cues 1",
        "show.toml: tempo_bpm",
    ]
    assert any("sets have no such field" in problem for problem in problems)


def test_a_set_is_written_for_people(path: Path) -> None:
    pad = Pad(number=3, look=Preset(name="Ink", prompt=WORDS, params={"strength": 0.5}))
    save_set(path, Set(name="Friday", banks=(PadBank(name="First", pads=(pad,)),)))
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    assert lines == [
        "version = 1",
        'name = "Friday"',
        "[[banks]]",
        'name = "First"',
        "[[banks.pads]]",
        "number = 3",
        "[banks.pads.look]",
        'name = "Ink"',
        f'prompt = "{WORDS}"',
        "[banks.pads.look.params]",
        "strength = 0.5",
    ]


def test_the_copy_before_is_kept_and_opened_when_the_file_is_beyond_reading(path: Path) -> None:
    save_set(path, Set(name="First"))
    save_set(path, Set(name="Second"))
    assert load_set(backup_of(path))[0].name == "First"
    path.write_bytes(b"\xff\xfe half a file")
    live_set, problems = load_set(path)
    assert live_set.name == "First"
    assert "The copy before it was opened." in problems[0]


def test_a_file_that_is_not_there_is_one_sentence(path: Path) -> None:
    with pytest.raises(SetError, match=r"can't be opened \(No such file"):
        load_set(path)


@pytest.mark.parametrize("full_at", [1, 2])
def test_a_full_disk_loses_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, full_at: int
) -> None:
    """Whether the file or its backup is what no longer fits."""
    save_set(path, Set(name="First"))
    save_set(path, Set(name="Second"))
    num_synced = 0

    def refuse(handle: int) -> None:
        nonlocal num_synced
        num_synced += 1
        if num_synced == full_at:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(os, "fsync", refuse)
        with pytest.raises(SetError, match=r"No space left on device.*make room"):
            save_set(path, Set(name="Third"))
    assert load_set(path)[0].name == "Second"
    assert load_set(backup_of(path))[0].name == "First"
    assert sorted(file.name for file in path.parent.iterdir()) == ["show.toml", "show.toml.bak"]


def test_editing_a_set_leaves_the_old_one_as_it_was() -> None:
    ink, gold = Preset(name="Ink"), Preset(name="Gold")
    bank = PadBank(pads=(Pad(number=1, look=ink),))
    live_set = Set(banks=(bank,))
    edited = live_set.with_bank(1, bank.with_pad(Pad(number=2, look=gold)).with_pads_swapped(1, 2))
    assert [(p.number, p.look.name) for p in edited.bank(1).pads] == [(1, "Gold"), (2, "Ink")]
    assert live_set.bank(1) == bank
    assert edited.bank(1).without_pad(1).pad(1) is None


def test_cues_are_added_moved_and_removed_by_number() -> None:
    live_set = Set()
    for number, name in enumerate(["One", "Two", "Three"], start=1):
        live_set = live_set.with_cue(number, Cue(look=Preset(name=name)))
    moved = live_set.with_cue_moved(3, 1)
    assert [cue.look.name for cue in moved.cues] == ["Three", "One", "Two"]
    assert [cue.look.name for cue in moved.without_cue(2).cues] == ["Three", "Two"]
    with pytest.raises(ValueError, match="there is no number 4; there are 3"):
        live_set.without_cue(4)
    with pytest.raises(ValueError, match="places are from 1 to 4"):
        live_set.with_cue(6, Cue(look=Preset()))
