"""What an opened set brings: its own model, size and LoRAs. Source and outputs are the place's."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.application import open_window
from app.main_window import MainWindow
from engine.api import (
    IDENTITY_MODEL,
    Engine,
    LoraSpec,
    Place,
    Preset,
    RenderInfo,
    RenderSpec,
    Set,
    ShowSpec,
)
from engine.presets import PresetLora
from engine.set_files import load_set, save_set
from engine.sets import SetRender
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import INFO, FakeEngine
from tests.gui.friday import FRIDAY

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
TURBO = SetRender(
    model="sd-turbo",
    width_px=512,
    height_px=384,
    accelerator="cuda_graph",
    loras=(PresetLora(path="ink.safetensors", scale=0.5),),
)
WANTED = RenderSpec("sd-turbo", 512, 384, loras=(LoraSpec("ink.safetensors", 0.5),))
TURBO_INFO = RenderInfo("sd-turbo", "sd", "eager", "CPU", 512, 384, 3.0, {"guidance_scale": 3.0})
ON_TURBO = FRIDAY.model_copy(update={"render": TURBO, "source": "webcam", "sinks": ("vcam",)})


def stored(folder: Path, live_set: Set) -> Path:
    path = folder / "stored.toml"
    save_set(path, live_set)
    return path


def test_a_set_brings_its_model_and_leaves_source_outputs_and_accelerator(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    assert window.deck_link.open_set(stored(tmp_path, ON_TURBO))
    assert engine.called("load") == [(WANTED,)]  # by the accelerator that was chosen here
    assert engine.called("set_source") == engine.called("add_sink") == []
    assert window.pads.pads[0].text() == "Rain"  # its looks play at once
    assert window.link.show.render == RenderSpec()  # on the old model, until
    engine.finish_load(TURBO_INFO)
    qtbot.waitUntil(lambda: window.link.show.render == WANTED)
    assert "512×384" in window.top_bar.model.text()


@pytest.mark.parametrize("render", [None, SetRender(), SetRender(accelerator="openvino")])
def test_a_set_for_the_model_that_plays_loads_nothing(
    window: MainWindow, engine: FakeEngine, tmp_path: Path, render: SetRender | None
) -> None:
    live_set = FRIDAY.model_copy(update={"render": render})
    assert window.deck_link.open_set(stored(tmp_path, live_set))
    assert engine.called("load") == []


def test_a_set_for_the_model_that_plays_calls_off_another_that_is_loading(
    window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    window.link.load(WANTED)
    window.deck_link.open_set(stored(tmp_path, FRIDAY.model_copy(update={"render": SetRender()})))
    assert engine.called("load")[-1] == (RenderSpec(),)


def test_a_set_that_gave_way_comes_back_with_its_model(
    window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.performance.edit(ON_TURBO)
    window.deck_link.open_set(stored(tmp_path, FRIDAY.model_copy(update={"render": SetRender()})))
    window.stage.notices.accept_button.click()
    assert engine.called("load")[-1] == (WANTED,)


def test_without_a_show_the_next_one_begins_on_the_sets_model(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        window.link.stop()
    window.deck_link.open_set(stored(tmp_path, ON_TURBO))
    window.link.start()
    assert engine.called("start")[-1][0].render == WANTED  # type: ignore[attr-defined]
    assert engine.called("load") == []


def test_a_look_that_a_set_was_left_in_keeps_its_values_on_the_sets_model(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: window.link.info is INFO)
    left_in = Place(a=Preset(name="Rain", params={"guidance_scale": 1.25}))
    window.deck_link.open_set(stored(tmp_path, ON_TURBO.model_copy(update={"place": left_in})))
    with qtbot.waitSignal(window.link.info_changed):
        engine.finish_load(TURBO_INFO)
    assert window.link.params.guidance_scale == 1.25
    window.link.load(RenderSpec())  # by hand: a model's own values
    with qtbot.waitSignal(window.link.info_changed):
        engine.finish_load(INFO)
    assert window.link.params.guidance_scale == 1.5


def test_a_set_from_the_command_line_knows_its_file(
    qtbot: QtBot, engine: FakeEngine, settings_file: Path, tmp_path: Path
) -> None:
    path = stored(tmp_path, FRIDAY)
    window = open_window(engine, ShowSpec(live_set=FRIDAY), settings_file, set_file=path)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    assert (window.deck_link.path, window.isWindowModified()) == (path, False)
    assert window.set_menu.recent == [str(path)]
    window.close()


def test_loras_are_there_again_at_the_next_start(open_app: OpenWindow, engine: FakeEngine) -> None:
    window = open_app(engine, ShowSpec(render=WANTED))
    engine.performance.edit(FRIDAY.model_copy(update={"render": SetRender.of(WANTED)}))
    window.close()
    again = FakeEngine()
    open_app(again)
    assert again.called("start")[0][0].render == WANTED  # type: ignore[attr-defined]


def test_on_the_engine_the_show_goes_on_while_a_set_brings_its_model(
    qtbot: QtBot, open_app: OpenWindow, tmp_path: Path
) -> None:
    small = RenderSpec(IDENTITY_MODEL, 64, 64)
    window = open_app(Engine(), ShowSpec(source="pattern", render=small))
    output = window.stage.output
    qtbot.waitUntil(lambda: window.link.info is not None, timeout=PATIENCE_MS)
    wide = SetRender(model=IDENTITY_MODEL, width_px=96, height_px=64)
    window.deck_link.open_set(stored(tmp_path, FRIDAY.model_copy(update={"render": wide})))
    qtbot.waitUntil(
        lambda: output.frame is not None and output.frame.width_px == 96, timeout=PATIENCE_MS
    )
    qtbot.waitUntil(lambda: window.link.show.render.width_px == 96, timeout=PATIENCE_MS)
    assert window.link.show.source == "pattern"


def test_a_model_that_could_not_be_had_is_not_what_a_set_was_made_for(
    qtbot: QtBot, open_app: OpenWindow, tmp_path: Path
) -> None:
    spec = RenderSpec(IDENTITY_MODEL, 64, 64)
    window = open_app(Engine(), ShowSpec(source="pattern", render=spec))
    qtbot.waitUntil(lambda: window.link.info is not None, timeout=PATIENCE_MS)
    window.link.load(RenderSpec(str(tmp_path / "no-model"), 64, 64))
    qtbot.waitUntil(lambda: window.link.wanted_render == spec, timeout=PATIENCE_MS)
    assert window.deck_link.save_set(tmp_path / "kept.toml")
    made_for = load_set(tmp_path / "kept.toml")[0].render
    assert made_for is not None
    assert made_for.spec == spec
