"""Running a show from the window: source, outputs, panic, model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine_link import EngineLink
from app.input_panel import source_line
from app.main_window import MainWindow
from app.output_window import OutputWindow
from engine.api import (
    CameraInfo,
    FitMode,
    OutputState,
    RenderSpec,
    ShowSpec,
    SinkState,
    SourceCondition,
    SourceInfo,
    SourceState,
)
from engine.renderer import RenderInfo
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import INFO, FakeEngine, picture
from tests.gui.hands import click, press


def test_the_first_start_plays_the_demo_in_the_first_look_at_once(
    window: MainWindow, engine: FakeEngine
) -> None:
    (show,) = engine.called("start")[0]
    assert isinstance(show, ShowSpec)
    assert (show.source, show.render.model) == ("demo", "house")
    assert engine.params.prompt == window.link.params.prompt == "night look"
    assert window.pads.pads[0].isChecked()


def test_new_pictures_are_painted_and_repeats_are_not(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.output = picture(200)
    with qtbot.waitSignal(window.link.output_arrived):
        pass
    shown = window.stage.output.grab().toImage().pixelColor(window.stage.output.rect().center())
    assert shown.red() == 200
    with qtbot.assertNotEmitted(window.link.output_arrived, wait=60):
        pass


def test_a_picture_keeps_its_proportions(window: MainWindow, engine: FakeEngine) -> None:
    view = window.stage.output
    view.show_frame(picture(10))
    assert (
        view.picture_rect().width()
        == view.picture_rect().height()
        == min(view.width(), view.height())
    )


def test_figures_are_shown_as_they_come(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.say(fps_unique_hz=41.3, latency_p50_ms=38.2, latency_p95_ms=51.9, is_skipping=True)
    hud = window.top_bar.hud
    qtbot.waitUntil(lambda: hud.values["unique"].text() == "41")
    assert hud.values["latency"].text() == "38 / 52"
    assert hud.skip_lamp.is_lit


def test_the_source_is_switched_while_the_show_runs(window: MainWindow, engine: FakeEngine) -> None:
    actions = {action.text(): action for action in window.source_menu.actions()}
    actions["Test pattern"].trigger()
    assert engine.called("set_source") == [("pattern",)]
    assert engine.called("stop") == []
    assert "Test pattern" in window.top_bar.source.text()


def test_cameras_are_offered_by_name(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.source_menu.list_webcams", lambda: [CameraInfo(2, "Stage cam")])
    window.source_menu.aboutToShow.emit()
    menu = window.source_menu.webcams
    qtbot.waitUntil(lambda: [action.text() for action in menu.actions()] == ["Stage cam"])
    menu.actions()[0].trigger()
    assert engine.called("set_source") == [("webcam:2",)]


def test_a_lost_source_is_told_with_its_fix(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    gone = SourceState("webcam:0", None, SourceCondition.LOST, "The camera is gone: plug it in.")
    engine.say(source=gone)
    panel = window.input_panel
    qtbot.waitUntil(lambda: "plug it in" in panel.source_format.text())
    assert panel.source_format.text().startswith("▲ lost: ")


def test_playing_frozen_and_lost_differ_by_word_and_by_shape() -> None:
    info = SourceInfo("webcam Stage", 64, 64, 30.0, "64×64 MJPG")
    lines = [
        source_line(
            SourceState("webcam", info, condition, "" if condition == "playing" else "Why.")
        )
        for condition in SourceCondition
    ]
    assert lines == [
        "◌ opening: Why.",
        "● playing: 64×64 MJPG",
        "◆ frozen: Why.",
        "▲ lost: Why.",
        "■ ended: Why.",
    ]


def test_how_the_input_fits_is_chosen_by_a_click(window: MainWindow, engine: FakeEngine) -> None:
    click(window.input_panel.fits.button(2))
    assert engine.called("set_fit") == [(FitMode.STRETCH,)]


@pytest.mark.parametrize(
    ("key", "state"),
    [
        (Qt.Key.Key_F, OutputState.FREEZE),
        (Qt.Key.Key_B, OutputState.BYPASS),
        (Qt.Key.Key_K, OutputState.BLACKOUT),
    ],
)
def test_a_panic_key_acts_and_the_same_key_takes_it_back(
    window: MainWindow, engine: FakeEngine, key: Qt.Key, state: OutputState
) -> None:
    press(window, key)
    assert engine.called("set_output")[-1] == (state,)
    assert window.panic_row.panic[state].isChecked()
    assert window.top_bar.lamp.word != "LIVE"
    press(window, key)
    assert engine.called("set_output")[-1] == (OutputState.LIVE,)
    assert window.top_bar.lamp.word == "LIVE"


def test_panic_buttons_act_on_a_click(window: MainWindow, engine: FakeEngine) -> None:
    button = window.panic_row.panic[OutputState.BLACKOUT]
    click(button)
    assert engine.called("set_output")[-1] == (OutputState.BLACKOUT,)
    assert button.isChecked()
    click(window.panic_row.panic[OutputState.FREEZE])
    assert not button.isChecked()


def test_buttons_for_hands_in_the_dark_are_large(window: MainWindow) -> None:
    row = window.panic_row
    panic = [*row.panic.values(), row.last_good, row.stop_modulation, row.reset]
    buttons = [*panic, *window.pads.pads]
    assert all(min(button.width(), button.height()) >= 44 for button in buttons)


def test_reset_brings_the_stored_look_back_live(window: MainWindow, engine: FakeEngine) -> None:
    window.link.update({"strength": 0.9})
    window.link.set_output(OutputState.BLACKOUT)
    click(window.look_panel.changed)
    assert window.link.params.strength == 0.5
    assert window.link.params.prompt == "night look"
    assert engine.called("set_output")[-1] == (OutputState.LIVE,)


def test_recording_runs_with_its_time_and_ends_with_the_files_name(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    window.outputs.recordings_folder = tmp_path
    click(window.panic_row.record)
    ((uri,),) = engine.called("add_sink")
    assert str(uri).startswith(f"record:{tmp_path}")
    assert window.panic_row.record.isChecked()
    qtbot.waitUntil(lambda: "00:0" in window.panic_row.record.text())
    press(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert engine.called("remove_sink") == [(uri,)]
    assert not window.panic_row.record.isChecked()
    assert window.stage.notices.text.text().startswith("Saved")


def test_a_virtual_camera_that_fails_says_why_and_goes_off(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    click(window.panic_row.virtual_camera)
    assert window.panic_row.virtual_camera.isChecked()
    engine.say(sinks=(SinkState("vcam", "virtual camera", False, "load v4l2loopback."),))
    qtbot.waitUntil(lambda: not window.panic_row.virtual_camera.isChecked())
    assert "load v4l2loopback." in window.input_panel.sinks.text()


def test_the_virtual_camera_takes_the_chosen_device_while_it_is_on(
    window: MainWindow, engine: FakeEngine
) -> None:
    click(window.panic_row.virtual_camera)
    window.outputs.set_virtual_camera_device("/dev/video20")
    assert engine.called("remove_sink") == [("vcam",)]
    assert engine.called("add_sink") == [("vcam",), ("vcam:/dev/video20",)]
    assert window.panic_row.virtual_camera.isChecked()


def test_output_settings_say_what_is_set(window: MainWindow, tmp_path: Path) -> None:
    window.outputs.set_recordings_folder(str(tmp_path))
    window.output_menu.aboutToShow.emit()
    texts = [action.text() for action in window.output_menu.actions()]
    assert str(tmp_path) in texts
    assert "automatic: the first free one" in texts


def test_the_show_stops_and_starts_again(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        click(window.panic_row.run)
    assert window.top_bar.lamp.word == "STOPPED"
    press(window, Qt.Key.Key_F5)
    assert len(engine.called("start")) == 2
    assert window.top_bar.lamp.word == "LIVE"


def test_controls_set_while_stopped_hold_for_the_next_start(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        click(window.panic_row.run)
    window.link.update({"strength": 0.33})
    window.link.set_source("pattern")
    click(window.panic_row.run)
    show = engine.called("start")[-1][0]
    assert isinstance(show, ShowSpec)
    assert (show.params.strength, show.source) == (0.33, "pattern")


def test_a_show_that_ends_by_itself_is_shown_as_stopped(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        engine.is_running = False
    assert window.top_bar.lamp.word == "STOPPED"


def test_loading_shows_what_is_done_and_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    window.model_menu.spec_chosen.emit(RenderSpec(model="stabilityai/sd-turbo"))
    bar = window.stage.loading
    qtbot.waitUntil(bar.isVisible)
    assert bar.text.text() == "Compiling the denoiser · 40 %"
    click(bar.cancel_button)
    assert engine.called("cancel_load")
    qtbot.waitUntil(bar.isHidden)


def test_another_model_brings_its_own_values_and_looks(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    qtbot.waitUntil(lambda: window.link.info is INFO)
    window.link.load(RenderSpec(model="stabilityai/sd-turbo"))
    info = RenderInfo("sd-turbo", "sd", "eager", "CPU", 512, 512, 3.0, {"guidance_mode": "none"})
    engine.finish_load(info)
    with qtbot.waitSignal(window.link.info_changed):
        pass
    assert window.link.show.render.model == "stabilityai/sd-turbo"
    assert engine.called("update")[-1] == ({"guidance_mode": "none"},)
    assert window.pads.pads[0].text() == "Lava"


def test_the_output_fills_a_screen_without_anything_else(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    press(window, Qt.Key.Key_F11)
    assert window.panic_row.output_screen.isChecked()
    (output,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, OutputWindow))
    qtbot.waitUntil(output.isVisible)
    assert output.size() == output.screen().size()
    engine.output = picture(90)
    qtbot.waitUntil(lambda: output.frame is engine.output)
    QTest.mouseDClick(output, Qt.MouseButton.LeftButton)
    assert not window.panic_row.output_screen.isChecked()


def test_closing_while_a_model_loads_joins_its_thread(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    window.link.load(RenderSpec(model="slow"))
    window.close()
    assert engine.called("stop")
    assert not engine.is_running


def test_closing_while_cameras_are_looked_for_waits_for_the_answer(
    open_app: OpenWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[object] = []
    monkeypatch.setattr("app.source_menu.list_webcams", lambda: answers.append(1) or [])
    window = open_app(engine)
    window.source_menu.aboutToShow.emit()
    window.close()
    assert answers == [1]


def test_pulling_a_frame_copies_no_pixels(link: EngineLink, engine: FakeEngine) -> None:
    engine.output = picture(7)
    seen: list[np.ndarray] = []
    link.output_arrived.connect(lambda frame: seen.append(frame.image))
    link._pull_pictures()
    assert seen[0] is engine.output.image


@pytest.fixture
def link(engine: FakeEngine, qtbot: QtBot) -> EngineLink:
    return EngineLink(engine, ShowSpec())  # type: ignore[arg-type]
