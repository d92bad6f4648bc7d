"""`--set-file SHOW`: a set brings its show along, and what else is said counts more."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commandline import parse
from engine.enums import FitMode
from engine.errors import SetError
from engine.presets import Preset
from engine.set_files import save_set
from engine.sets import Pad, PadBank, Set, SetRender

SHOW = Set(
    source="pattern",
    sinks=("null",),
    fit=FitMode.STRETCH,
    render=SetRender(model="identity", width_px=128, height_px=64),
    banks=(PadBank(pads=(Pad(number=1, look=Preset(name="Ink", prompt="ink")),)),),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "show.toml"
    save_set(file, SHOW)
    return str(file)


def test_a_set_brings_source_sinks_fit_model_and_size(path: str) -> None:
    command = parse(["--headless", "--set-file", path], "1")
    show = command.show
    assert (show.source, show.sinks, show.fit) == ("pattern", ("null",), FitMode.STRETCH)
    assert (show.render.model, show.render.width_px, show.render.height_px) == ("identity", 128, 64)
    assert show.live_set == SHOW
    assert not command.is_bare


def test_what_else_is_said_counts_more(path: str) -> None:
    line = ["--set-file", path, "--source", "demo", "--sink", "vcam", "--size", "64x64"]
    show = parse([*line, "--set", "strength=0.4"], "1").show
    assert (show.source, show.sinks, show.render.width_px) == ("demo", ("vcam",), 64)
    assert show.explicit == {"strength"}
    assert parse(["--set-file", path, "--model", "house"], "1").show.render.width_px == 256


def test_the_accelerator_is_the_machines_and_not_the_sets(tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    save_set(file, SHOW.model_copy(update={"render": SetRender(accelerator="openvino")}))
    assert parse(["--set-file", str(file)], "1").show.render.accelerator == "auto"
    line = ["--set-file", str(file), "--accelerator", "eager"]
    assert parse(line, "1").show.render.accelerator == "eager"


def test_what_is_wrong_in_a_set_is_noted_and_the_rest_counts(tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    file.write_text('version = 1\nsource = "pattern"\nlights = 3\n', encoding="utf-8")
    command = parse(["--set-file", str(file)], "1")
    assert command.show.source == "pattern"
    assert command.notes == ("show.toml: lights was left out: sets have no such field.",)


def test_a_set_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(SetError, match="can't be opened"):
        parse(["--set-file", "nowhere.toml"], "1")
