"""Learning on the real engine: click a control, move the hardware, play."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from pythonosc.udp_client import SimpleUDPClient

from app.controls_panel import ControlsPanel
from app.main_window import MainWindow
from engine.api import IDENTITY_MODEL, Engine, RenderSpec, ShowSpec
from engine.control.desk import ControlMakers
from engine.control.gamepad_system import PadCame, PadMoved
from tests.gui.conftest import OpenWindow
from tests.gui.hands import click, told
from tests.support.control import FakeMidi
from tests.support.gamepad import FakeGamepads

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="pattern", render=RenderSpec(IDENTITY_MODEL, 64, 64))
BOX = "Box"


@pytest.fixture
def midi() -> FakeMidi:
    return FakeMidi(BOX)


@pytest.fixture
def playing(open_app: OpenWindow, midi: FakeMidi) -> MainWindow:
    window = open_app(Engine(control_makers=ControlMakers(lambda: midi)), SHOW)
    QTest.keyClick(window, Qt.Key.Key_F9)
    return window


def learn_fader(qtbot: QtBot, window: MainWindow, midi: FakeMidi) -> ControlsPanel:
    """MIDI on, Learn, a click on the strength, four moves of a fader."""
    panel = window.controls_panel
    panel.midi.click()
    qtbot.waitUntil(lambda: BOX in midi.listeners, timeout=PATIENCE_MS)
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert panel.learn.isChecked()
    strength = window.look_panel.rows["strength"].control
    before = window.link.params.strength
    click(strength)
    assert window.link.params.strength == before
    assert panel.hint.text() == "Strength: now move the hardware or press a key. Esc ends it."
    for value in (10, 30, 50, 64):
        midi.move(BOX, "control_change", channel=0, control=7, value=value)
    qtbot.waitUntil(lambda: panel.list.count() == 1, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not panel.learn.isChecked(), timeout=PATIENCE_MS)  # looked at later
    return panel


def test_a_fader_is_learned_by_a_click_and_plays(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi
) -> None:
    panel = learn_fader(qtbot, playing, midi)
    assert panel.list.item(0).text() == "Box cc 7 → Strength"
    for value in (127, 64, 0):  # takes over as it comes by
        midi.move(BOX, "control_change", channel=0, control=7, value=value)
    qtbot.waitUntil(lambda: playing.link.params.strength == 0.0, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "strength" in panel.monitor.text().lower(), timeout=PATIENCE_MS)


def test_range_and_direction_are_edited_and_a_mapping_is_deleted(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi
) -> None:
    panel = learn_fader(qtbot, playing, midi)
    panel.list.setCurrentRow(0)
    panel.editor.low.setValue(0.2)
    panel.editor.low.editingFinished.emit()
    panel.editor.inverted.click()
    assert playing.controls.mappings[0].ends == (1.0, 0.2)
    assert playing.link.engine.controls.mappings == playing.controls.mappings
    click(panel.editor.delete)
    assert playing.link.engine.controls.mappings == ()
    qtbot.waitUntil(lambda: panel.list.count() == 0, timeout=PATIENCE_MS)


def test_osc_is_switched_on_and_any_address_learned_for_a_pad(
    qtbot: QtBot, playing: MainWindow
) -> None:
    panel = playing.controls_panel
    playing.controls.set_osc(0)
    qtbot.waitUntil(lambda: "● osc 127.0.0.1:" in panel.states.text(), timeout=PATIENCE_MS)
    port = int(panel.states.text().rsplit(":", 1)[1])
    panel.learn.click()
    click(playing.pads.pads[0])
    with SimpleUDPClient("127.0.0.1", port) as client:
        client.send_message("/button", 1.0)
    qtbot.waitUntil(lambda: panel.list.count() == 1, timeout=PATIENCE_MS)
    assert panel.list.item(0).text() == "osc /button → Pad 1"


def test_a_stick_is_learned_moves_on_what_it_plays_and_can_be_told_to_follow(
    qtbot: QtBot, open_app: OpenWindow
) -> None:
    pad = FakeGamepads(PadCame(3, "Test Pad"))
    window = open_app(Engine(control_makers=ControlMakers(gamepads=lambda wants: pad)), SHOW)
    QTest.keyClick(window, Qt.Key.Key_F9)
    panel = window.controls_panel
    panel.gamepads.click()
    qtbot.waitUntil(lambda: "● gamepad 1: Test Pad" in panel.states.text(), timeout=PATIENCE_MS)
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    click(window.look_panel.rows["strength"].control)
    pad.happen(PadMoved(3, "lefty", -1.0))
    pad.happen(PadMoved(3, "lefty", 0.0))
    qtbot.waitUntil(lambda: panel.list.count() == 1, timeout=PATIENCE_MS)
    assert panel.list.item(0).text() == "gamepad 1 lefty → Strength"
    pad.happen(PadMoved(3, "lefty", -1.0))
    qtbot.waitUntil(lambda: window.link.params.strength == 0.0, timeout=PATIENCE_MS)
    panel.list.setCurrentRow(0)
    assert panel.editor.mode.currentText() == "moves on"
    assert not panel.editor.curve.isEnabled()
    panel.editor.mode.setFocus()
    QTest.keyClick(panel.editor.mode, Qt.Key.Key_Home)
    assert panel.editor.mode.currentText() == "follows"
    for place in (-0.99, 1.0):  # from where it stands
        pad.happen(PadMoved(3, "lefty", place))
    qtbot.waitUntil(lambda: window.link.params.strength == 1.0, timeout=PATIENCE_MS)


def test_only_what_has_a_way_to_move_on_can_be_told_to(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi
) -> None:
    panel = learn_fader(qtbot, playing, midi)
    panel.list.setCurrentRow(0)
    panel.editor.mode.setFocus()
    QTest.keyClick(panel.editor.mode, Qt.Key.Key_End)
    assert panel.editor.mode.currentText() == "while held"


def test_mappings_and_ports_are_there_again_after_the_window_was_closed(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi, settings_file: Path, open_app: OpenWindow
) -> None:
    learn_fader(qtbot, playing, midi)
    playing.close()
    stored = json.loads(settings_file.read_text(encoding="utf-8"))
    assert stored["has_midi"]
    assert stored["mappings"][0]["target"] == "strength"
    again = open_app(Engine(control_makers=ControlMakers(lambda: midi)), SHOW)
    assert again.link.engine.controls.mappings == playing.controls.mappings


def test_hiding_the_panel_ends_learning(playing: MainWindow) -> None:
    QTest.keyClick(playing, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(playing, Qt.Key.Key_F9)
    assert not playing.controls_panel.learn.isChecked()
    click(playing.panic_row.stop_modulation)
    assert playing.panic_row.stop_modulation.isChecked()


def test_a_controller_plays_the_performers_own_look_and_its_pad_is_shown(
    qtbot: QtBot, playing: MainWindow
) -> None:
    playing.looks.fire(0)
    playing.link.update({"prompt": "my own words"})
    playing.look_edits.store(0)
    playing.link.update({"prompt": "something else"})
    playing.link.engine.performance.trigger_pad(1)
    qtbot.waitUntil(lambda: playing.link.params.prompt == "my own words", timeout=PATIENCE_MS)
    assert playing.pads.pads[0].isChecked()


def test_the_warning_of_a_controller_that_is_away_goes_with_its_return(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi
) -> None:
    midi.plug("Other")
    click(playing.controls_panel.midi)
    qtbot.waitUntil(lambda: {BOX, "Other"} <= set(midi.listeners), timeout=PATIENCE_MS)
    notices = playing.stage.notices
    for port in (BOX, "Other"):
        midi.unplug(port)
        qtbot.waitUntil(lambda port=port: port in told(playing), timeout=PATIENCE_MS)
    assert "Other is away" in told(playing)
    midi.plug("Other")
    qtbot.waitUntil(lambda: "Box is away" in told(playing), timeout=PATIENCE_MS)
    assert notices.isVisible()  # of the one that is still away
    midi.plug(BOX)
    qtbot.waitUntil(notices.isHidden, timeout=PATIENCE_MS)
