"""Every file of the shipped model, cut short: the old look plays on and the file is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from engine.api import EventKind, RenderSpec
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.catalogue import house_folder
from engine.diffusion.find_model import load_model
from engine.diffusion.in_process import StreamRenderer
from tests.faults.catalogue import MODEL_FILES
from tests.faults.harness import Show, fault, paints_again, wait_for
from tests.support.rig import Rig


@pytest.fixture(scope="module", autouse=True)
def _libraries_are_loaded() -> None:
    """The first model of a process imports them, which takes a busy machine long."""
    place = Placement(torch.device("cpu"), torch.float32)
    load_model(RenderSpec("house", 64, 64), place, lambda progress: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped model, to be damaged."""
    unneeded = shutil.ignore_patterns("sheets", "*.md", "figures.json")
    return Path(shutil.copytree(house_folder(), tmp_path / "model", ignore=unneeded))


@pytest.mark.parametrize(
    "name", [fault(f"model file cut short: {name}", name)
             for name in MODEL_FILES]
)  # fmt: skip
def test_a_file_cut_short_is_named(show: Show, folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) * 2 // 3])
    rig = Rig()
    spec = RenderSpec(str(folder), 64, 64, "eager")
    rig.renderers[spec.model] = StreamRenderer()
    with show.struck(rig, EventKind.MODEL_FAILED) as engine:
        engine.load(spec)
        wait_for(rig, EventKind.MODEL_FAILED)
        paints_again(rig)
    (message,) = rig.messages(EventKind.MODEL_FAILED)
    assert str((folder / name).parent) in message
