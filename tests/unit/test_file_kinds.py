"""What a file is that somebody drags in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.errors import ModelLoadError
from engine.file_kinds import FileKind, kind_of_file
from engine.presets import Preset, save_preset
from engine.set_files import save_set
from engine.sets import Pad, PadBank, Set


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("clip.MP4", FileKind.VIDEO),
        ("loop.gif", FileKind.VIDEO),
        ("wall.JPEG", FileKind.IMAGE),
        ("talk.pdf", FileKind.UNKNOWN),
        ("none", FileKind.UNKNOWN),
    ],
)
def test_pictures_and_videos_are_told_by_their_names(name: str, kind: FileKind) -> None:
    assert kind_of_file(Path("/nowhere") / name) is kind


def test_a_preset_and_a_set_share_a_suffix_and_are_told_apart_by_their_fields(
    tmp_path: Path,
) -> None:
    save_preset(tmp_path / "look.toml", Preset(name="Ink", prompt="ink"))
    bank = PadBank(name="First", pads=(Pad(number=1, look=Preset(name="Ink", prompt="ink")),))
    save_set(tmp_path / "show.toml", Set(name="Friday", banks=(bank,)))
    assert kind_of_file(tmp_path / "look.toml") is FileKind.PRESET
    assert kind_of_file(tmp_path / "show.toml") is FileKind.SET


def test_a_broken_table_is_left_to_whoever_loads_it(tmp_path: Path) -> None:
    (tmp_path / "look.toml").write_text("name = [", encoding="utf-8")
    assert kind_of_file(tmp_path / "look.toml") is FileKind.PRESET


def test_a_lora_and_a_checkpoint_are_told_apart_by_their_tensors(tmp_path: Path) -> None:
    small = np.zeros((2, 2), np.float32)
    save_file({"unet.up.lora_A.weight": small}, tmp_path / "ink.safetensors")
    save_file({"model.diffusion_model.out.2.weight": small}, tmp_path / "full.safetensors")
    assert kind_of_file(tmp_path / "ink.safetensors") is FileKind.LORA
    assert kind_of_file(tmp_path / "full.safetensors") is FileKind.MODEL


def test_weights_that_are_cut_short_are_named(tmp_path: Path) -> None:
    (tmp_path / "ink.safetensors").write_bytes(b"\x00" * 4)
    with pytest.raises(ModelLoadError, match=r"ink\.safetensors is damaged"):
        kind_of_file(tmp_path / "ink.safetensors")


def test_a_diffusers_folder_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}", encoding="utf-8")
    assert kind_of_file(tmp_path) is FileKind.MODEL
