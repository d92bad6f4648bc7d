"""Cues, crossfader and side panels on the real engine: learned, played, followed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.api import IDENTITY_MODEL, Engine, RenderSpec, ShowSpec
from engine.control.desk import ControlMakers
from tests.gui.conftest import OpenWindow
from tests.support.control import FakeMidi

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="pattern", render=RenderSpec(IDENTITY_MODEL, 64, 64), midi=("all",))
BOX = "Box"


@pytest.fixture
def midi() -> FakeMidi:
    return FakeMidi(BOX)


@pytest.fixture
def playing(qtbot: QtBot, open_app: OpenWindow, midi: FakeMidi) -> MainWindow:
    window = open_app(Engine(control_makers=ControlMakers(lambda: midi)), SHOW)
    qtbot.waitUntil(lambda: BOX in midi.listeners, timeout=PATIENCE_MS)
    window.resize(1700, 900)
    return window


def learn(window: MainWindow, widget: QWidget) -> None:
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_the_crossfader_is_learned_by_a_click_and_follows_the_hardware(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi
) -> None:
    learn(playing, playing.deck_strip.crossfader)
    for value in (0, 20, 40, 60):
        midi.move(BOX, "control_change", channel=0, control=3, value=value)
    qtbot.waitUntil(lambda: bool(playing.controls.mappings), timeout=PATIENCE_MS)
    assert playing.controls.mappings[0].target == "crossfade"
    for value in (0, 60, 127):
        midi.move(BOX, "control_change", channel=0, control=3, value=value)
    crossfader = playing.deck_strip.crossfader
    qtbot.waitUntil(lambda: crossfader.position == 1.0, timeout=PATIENCE_MS)


def test_go_is_learned_by_a_click_and_a_pedal_plays_the_next_cue(
    qtbot: QtBot, playing: MainWindow, midi: FakeMidi
) -> None:
    panel, decks = playing.cue_panel, playing.deck_link
    QTest.keyClick(playing, Qt.Key.Key_F4)
    panel.add_look.click()
    learn(playing, panel.go)
    assert decks.state.cue == 0  # learning doesn't play
    for value in (127, 0):
        midi.move(BOX, "control_change", channel=0, control=64, value=value)
    qtbot.waitUntil(lambda: bool(playing.controls.mappings), timeout=PATIENCE_MS)
    assert playing.controls.mappings[0].target == "cue/next"
    for value in (127, 0):
        midi.move(BOX, "control_change", channel=0, control=64, value=value)
    qtbot.waitUntil(lambda: decks.state.cue == 1, timeout=PATIENCE_MS)


def test_a_cue_that_follows_goes_by_itself_and_is_shown(qtbot: QtBot, playing: MainWindow) -> None:
    panel, decks = playing.cue_panel, playing.deck_link
    panel.add_look.click()
    playing.link.update({"prompt": "another look"})
    panel.add_look.click()
    first = decks.live_set.cues[0].model_copy(update={"follow": 0.2})
    decks.edit(decks.live_set.with_cue(1, first))
    QTest.keyClick(playing, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: playing.link.params.prompt == "another look", timeout=PATIENCE_MS)
    assert decks.state.cue == 2


def test_in_a_narrow_window_one_side_panel_stands_alone(playing: MainWindow) -> None:
    playing.resize(1280, 720)
    QTest.keyClick(playing, Qt.Key.Key_F4)
    QTest.keyClick(playing, Qt.Key.Key_F9)
    assert playing.cue_panel.isHidden()
    QTest.keyClick(playing, Qt.Key.Key_F4)
    assert playing.controls_panel.isHidden()
    playing.resize(1700, 900)
    QTest.keyClick(playing, Qt.Key.Key_F9)
    assert playing.cue_panel.isVisible()
