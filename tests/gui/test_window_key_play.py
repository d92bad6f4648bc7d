"""Keys that the window doesn't use itself are learned and play, as any hardware does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.api import IDENTITY_MODEL, Engine, OutputState, RenderSpec, ShowSpec, load_mappings
from tests.gui.conftest import OpenWindow
from tests.gui.hands import click, press, told

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="pattern", render=RenderSpec(IDENTITY_MODEL, 64, 64))
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def playing(open_app: OpenWindow) -> MainWindow:
    return open_app(Engine(), SHOW)


@pytest.fixture
def wait_until(qtbot: QtBot) -> Callable[[Callable[[], bool]], None]:
    return lambda happened: qtbot.waitUntil(happened, timeout=PATIENCE_MS)


WaitUntil = Callable[[Callable[[], bool]], None]


def hold_freeze_with_j(window: MainWindow) -> None:
    """As if a set had brought it."""
    mapping = {
        "control": {"kind": "key", "key": "J"},
        "target": "panic/freeze",
        "mode": "momentary",
    }
    window.link.engine.performance.change_mappings(lambda _: load_mappings([mapping])[0])
    window.deck_link.pull()


def test_a_key_is_learned_for_a_pad_and_plays_it(
    playing: MainWindow, wait_until: WaitUntil
) -> None:
    panel, performance = playing.controls_panel, playing.link.engine.performance
    playing.link.update({"prompt": "something else"})
    playing.look_panel.editors["prompt"].edit.setFocus()  # somebody has been writing
    playing.controls_panel.toggle_learning()
    click(playing.pads.pads[0])
    press(playing, Qt.Key.Key_I)
    wait_until(lambda: not panel.is_learning)
    assert panel.list.item(0).text() == "key I → Pad 1"
    assert playing.link.params.prompt == "something else"
    press(playing, Qt.Key.Key_I)
    look = performance.live_set.bank(1).pads[0].look
    wait_until(lambda: playing.link.params.prompt == look.prompt)
    wait_until(playing.pads.pads[0].isChecked)


def test_the_windows_own_keys_are_not_learned_and_do_nothing_while_one_is_waited_for(
    playing: MainWindow, wait_until: WaitUntil
) -> None:
    press(playing, Qt.Key.Key_M, CTRL)
    click(playing.look_panel.rows["strength"].control)
    press(playing, Qt.Key.Key_F)
    assert told(playing).startswith("F is the window's own key (Freeze the output")
    assert playing.link.engine.output is OutputState.LIVE
    assert playing.controls_panel.is_learning
    press(playing, Qt.Key.Key_4, Qt.KeyboardModifier.KeypadModifier)
    assert told(playing).startswith("4 is the window's own key (Play pad 4)")
    press(playing, Qt.Key.Key_Space)
    assert "moves about in the window" in told(playing)
    press(playing, Qt.Key.Key_J, CTRL)
    wait_until(lambda: not playing.controls_panel.is_learning)
    assert playing.controls_panel.list.item(0).text() == "key Ctrl+J → Strength"
    press(playing, Qt.Key.Key_F)
    wait_until(lambda: playing.link.engine.output is OutputState.FREEZE)


def test_what_is_typed_into_a_text_plays_nothing(playing: MainWindow) -> None:
    hold_freeze_with_j(playing)
    edit = playing.look_panel.editors["prompt"].edit
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, "jazz")
    assert edit.toPlainText() == "jazz"
    assert playing.link.engine.controls.monitor() == ()


def test_a_key_that_is_held_is_let_go_with_it_and_when_another_window_comes_in_front(
    playing: MainWindow, wait_until: WaitUntil
) -> None:
    hold_freeze_with_j(playing)
    press(playing, Qt.Key.Key_F10)  # playing goes on while the window is locked
    QTest.keyPress(playing, Qt.Key.Key_J)
    wait_until(lambda: playing.link.engine.output is OutputState.FREEZE)
    QTest.keyRelease(playing, Qt.Key.Key_J)
    wait_until(lambda: playing.link.engine.output is OutputState.LIVE)
    QTest.keyPress(playing, Qt.Key.Key_J)
    wait_until(lambda: playing.link.engine.output is OutputState.FREEZE)
    QApplication.sendEvent(playing, QEvent(QEvent.Type.WindowDeactivate))
    wait_until(lambda: playing.link.engine.output is OutputState.LIVE)
    press(playing, Qt.Key.Key_F10)
