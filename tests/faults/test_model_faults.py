"""A model damaged on the disk, or one that can't be built: what plays goes on, and why is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from engine.api import EventKind, RenderSpec
from engine.diffusion import acceleration
from engine.diffusion.accelerators import ACCELERATORS, AcceleratorEntry
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.catalogue import house_folder
from engine.diffusion.find_model import load_model
from engine.diffusion.in_process import StreamRenderer
from engine.errors import AcceleratorError
from tests.faults.catalogue import MODEL_FILES
from tests.faults.harness import Show, check_sentence, fault, paints_again, wait_for
from tests.support.rig import Rig

CPU = Placement(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module", autouse=True)
def _libraries_are_loaded() -> None:
    """The first model of a process imports them, which takes a busy machine long."""
    load_model(RenderSpec("house", 64, 64), CPU, lambda progress: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped model, to be damaged."""
    unneeded = shutil.ignore_patterns("sheets", "*.md", "figures.json")
    return Path(shutil.copytree(house_folder(), tmp_path / "model", ignore=unneeded))


@pytest.mark.parametrize(
    "name", [fault(f"model file cut short: {name}", name) for name in MODEL_FILES]
)
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


class Broken:
    """Reads the model, but can't compile it."""

    placement = CPU
    device_name = "nowhere"

    def is_ready(self, *_: object) -> bool:
        return True

    def accelerate(self, *_: object) -> object:
        raise AcceleratorError("The fake compiler stopped; update its driver.")


@pytest.mark.fault("chosen by itself, an accelerator fails to build")
def test_the_next_accelerator_paints_and_the_report_says_why(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = AcceleratorEntry("broken", "Broken", lambda: None, __name__, Broken.__name__)
    order = [broken, ACCELERATORS["eager"]]
    monkeypatch.setattr(acceleration, "candidates", lambda name: order)
    rig = Rig()
    rig.renderers["house"] = StreamRenderer()
    with show.struck(rig) as engine:
        engine.load(RenderSpec("house", 64, 64))
        rig.clock.run_until(
            lambda: engine.render_info is not None and engine.render_info.accelerator == "eager"
        )
        paints_again(rig)
        info = engine.render_info
    assert info is not None
    (note,) = info.accelerator_notes
    check_sentence(note)
