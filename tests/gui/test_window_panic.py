"""The panic row's deeds behind the states: each at once, also while a model is loading."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.api import EventKind, OutputState, PanicName, RenderInfo, RenderSpec
from tests.gui.fake_engine import FakeEngine


def test_last_good_brings_the_look_before_back_and_marks_its_pad(
    window: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(window, Qt.Key.Key_2)
    QTest.mouseClick(window.panic_row.last_good, Qt.MouseButton.LeftButton)
    assert engine.called("panic") == [(PanicName.LAST_GOOD, True)]
    assert window.link.params.prompt == "night look"
    assert window.pads.pads[0].isChecked()
    QTest.keyClick(window, Qt.Key.Key_Backspace)
    assert window.looks.playing_name == "Ink"


def test_stop_modulation_stays_until_it_is_pressed_again(
    window: MainWindow, engine: FakeEngine
) -> None:
    button = window.panic_row.stop_modulation
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.isChecked()
    QTest.keyClick(window, Qt.Key.Key_X)
    assert not button.isChecked()
    assert engine.called("panic") == [
        (PanicName.STOP_MODULATION, True),
        (PanicName.STOP_MODULATION, False),
    ]


def test_what_a_controller_presses_is_shown(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.panic(PanicName.STOP_MODULATION)
    engine.set_output(OutputState.FREEZE)
    qtbot.waitUntil(window.panic_row.stop_modulation.isChecked)
    qtbot.waitUntil(window.panic_row.panic[OutputState.FREEZE].isChecked)
    assert window.top_bar.lamp.word == "FROZEN"


def test_reset_begins_the_stream_anew_also_while_a_model_is_loading(
    window: MainWindow, engine: FakeEngine
) -> None:
    window.link.load(RenderSpec(model="slow"))
    QTest.keyClick(window, Qt.Key.Key_R)
    assert engine.called("panic") == [(PanicName.RESET, True)]


def test_without_a_show_a_panic_key_says_so(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        window.link.stop()
    QTest.keyClick(window, Qt.Key.Key_R)
    assert engine.called("panic") == []
    assert window.stage.notices.text.text().startswith("No show is running")


def test_the_lamp_says_when_the_input_comes_through_by_itself(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lamp = window.top_bar.lamp
    engine.say(bypass_amount=0.4)
    qtbot.waitUntil(lambda: lamp.word == "AUTO BYPASS")
    engine.say(bypass_amount=0.0)
    qtbot.waitUntil(lambda: lamp.word == "LIVE")


def test_a_size_that_the_engine_has_chosen_is_the_shows_own(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.tell("192×192 from now on.", EventKind.DEGRADED)
    engine.playing_render = RenderSpec(width_px=192, height_px=192)
    engine.render_info = RenderInfo("House model", "sd", "eager", "CPU", 192, 192, 0.1, {})
    qtbot.waitUntil(lambda: window.link.show.render.width_px == 192)
    assert "192×192" in window.top_bar.model.text()
