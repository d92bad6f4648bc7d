"""Performance mode: playing goes on, editing is locked, and quitting takes two presses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.performance_mode import PLAYED, is_played
from app.shortcuts import SHORTCUTS
from engine.api import OutputState
from tests.gui.fake_engine import FakeEngine

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def locked(window: MainWindow) -> Iterator[MainWindow]:
    QTest.keyClick(window, Qt.Key.Key_F10)
    yield window
    if window.performance.is_on:
        window.performance.toggle()


def test_the_lock_says_that_it_is_on_by_word_and_goes_by_key_or_click(window: MainWindow) -> None:
    lock = window.top_bar.lock
    assert lock.text().endswith("Lock")
    QTest.keyClick(window, Qt.Key.Key_F10)
    assert (lock.isChecked(), lock.text().strip("\u2002")) == (True, "Locked")
    QTest.mouseClick(lock, Qt.MouseButton.LeftButton)
    assert not window.performance.is_on
    assert window.look_panel.editors["prompt"].isEnabled()


def test_faders_and_panic_play_on_while_it_is_locked(
    locked: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(locked, Qt.Key.Key_K)
    assert engine.called("set_output")[-1] == (OutputState.BLACKOUT,)
    before = engine.params.strength
    QTest.keyClick(locked, Qt.Key.Key_BracketRight)
    assert engine.params.strength > before
    fader = locked.look_panel.rows["strength"].control
    QTest.keyClick(fader, Qt.Key.Key_Home)
    assert engine.params.strength == 0.0
    assert all(pad.isEnabled() for pad in locked.pads.pads if pad.text())


def test_what_edits_or_ends_the_show_only_says_how_to_unlock(
    locked: MainWindow, engine: FakeEngine
) -> None:
    focused = QApplication.focusWidget()
    for key in (Qt.Key.Key_F5, Qt.Key.Key_Slash, Qt.Key.Key_S, Qt.Key.Key_M, Qt.Key.Key_F11):
        locked.stage.notices.dismiss()
        QTest.keyClick(locked, key)
        assert locked.stage.notices.text.text() == "Locked for the show: F10 unlocks."
        assert QApplication.focusWidget() is focused
        assert QApplication.activePopupWidget() is None
    assert engine.called("stop") == []
    assert locked.feed.window is None


def test_the_mouse_edits_nothing_either(locked: MainWindow, engine: FakeEngine) -> None:
    assert not locked.look_panel.editors["prompt"].isEnabled()
    for button in (locked.panic_row.run, locked.panic_row.output_screen, locked.top_bar.source):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert engine.called("stop") == []
    assert locked.feed.window is None
    locked.pads.menu_wanted.emit(0, QPoint(5, 5))
    assert not locked.pad_menu.isEnabled()
    locked.pad_menu.close()


def test_the_output_screen_can_not_be_closed_by_accident(
    window: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(window, Qt.Key.Key_F11)
    feed = window.feed.window
    assert feed is not None
    window.performance.toggle()
    QTest.mouseDClick(feed, Qt.MouseButton.LeftButton)
    assert feed.isVisible()
    window.performance.toggle()
    QTest.mouseDClick(feed, Qt.MouseButton.LeftButton)
    assert window.feed.window is None


def test_quitting_takes_a_second_press_and_no_box_is_opened(
    qtbot: QtBot, locked: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(locked, Qt.Key.Key_Q, CTRL)
    assert locked.isVisible()
    assert QApplication.activeModalWidget() is None
    assert "once more within 3 s" in locked.stage.notices.text.text()
    QTest.keyClick(locked, Qt.Key.Key_Q, CTRL)
    assert not locked.isVisible()
    assert engine.called("stop")


def test_a_second_press_that_comes_too_late_is_a_first_one_again(
    qtbot: QtBot, locked: MainWindow
) -> None:
    quitting = locked.performance._quitting
    quitting.setInterval(1)
    locked.close()
    qtbot.waitUntil(lambda: not quitting.isActive())
    locked.close()
    assert locked.isVisible()


def test_everything_that_plays_is_left_alone_and_every_name_is_real() -> None:
    actions = {shortcut.action for shortcut in SHORTCUTS}
    assert actions >= PLAYED
    played = {shortcut.action for shortcut in SHORTCUTS if is_played(shortcut.action)}
    assert {"pad_0", "pad_15", "freeze", "blackout", "tap", "record"} <= played
    assert not played & {"prompt", "store", "learn", "run", "source", "model", "virtual_camera"}
