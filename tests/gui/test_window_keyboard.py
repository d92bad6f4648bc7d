"""Everything by keyboard: pads, parameters, focus, and the sheet that lists it all."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.shortcuts import SHORTCUTS
from engine.api import GuidanceMode
from tests.gui.fake_engine import FakeEngine


def test_digit_keys_play_the_pads(window: MainWindow, engine: FakeEngine) -> None:
    QTest.keyClick(window, Qt.Key.Key_2)
    assert engine.params.prompt == "ink look"
    assert [pad.isChecked() for pad in window.pads.pads[:3]] == [False, True, False]
    assert window.look_panel.title.text() == "Ink"


def test_a_pads_look_is_shown_on_the_controls(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_3)
    assert window.look_panel.editors["prompt"].edit.toPlainText() == "wash look"
    assert window.look_panel.rows["strength"].field.text() == "0.50"  # type: ignore[attr-defined]


def test_free_pads_do_nothing(window: MainWindow, engine: FakeEngine) -> None:
    QTest.keyClick(window, Qt.Key.Key_8)
    QTest.keyClick(window, Qt.Key.Key_8, Qt.KeyboardModifier.ShiftModifier)
    assert engine.params.prompt == "night look"
    assert window.stage.notices.isHidden()


def test_a_click_plays_a_pad(window: MainWindow, engine: FakeEngine) -> None:
    QTest.mouseClick(window.pads.pads[1], Qt.MouseButton.LeftButton)
    assert engine.params.prompt == "ink look"


def test_a_moved_slider_marks_the_look_as_changed_and_other_words_end_it(
    window: MainWindow,
) -> None:
    window.link.update({"strength": 0.8})
    assert window.look_panel.changed.isVisible()
    window.link.update({"prompt": "something new"})
    assert not any(pad.isChecked() for pad in window.pads.pads)
    assert window.look_panel.title.text() == "Look"


def test_next_and_previous_go_around_the_pads(window: MainWindow) -> None:
    names = []
    for key in (Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_P):
        QTest.keyClick(window, key)
        names.append(window.looks.playing_name)
    assert names == ["Ink", "Wash", "Night", "Wash"]


def test_brackets_nudge_the_strength(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_BracketRight)
    assert window.link.params.strength == pytest.approx(0.55)


def test_g_walks_through_the_guidance_modes(window: MainWindow) -> None:
    seen = set()
    for _ in GuidanceMode:
        QTest.keyClick(window, Qt.Key.Key_G)
        seen.add(str(window.link.params.guidance_mode))
    assert seen == set(GuidanceMode)


def test_slash_goes_to_the_prompt_and_escape_comes_back(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_Slash)
    editor = window.look_panel.editors["prompt"].edit
    assert QApplication.focusWidget() is editor
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert not editor.hasFocus()


def test_after_enter_the_digit_keys_play_pads_again(window: MainWindow, engine: FakeEngine) -> None:
    QTest.keyClick(window, Qt.Key.Key_Slash)
    editor = window.look_panel.editors["prompt"].edit
    QTest.keyClicks(editor, "rain")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_2)
    assert window.looks.playing_name == "Ink"


def test_s_opens_the_sources(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(window.source_menu.isVisible)
    window.source_menu.close()


def test_panels_hide_and_come_back_by_key(window: MainWindow) -> None:
    for key, panel in zip(
        (Qt.Key.Key_F6, Qt.Key.Key_F7, Qt.Key.Key_F8), list(window.panels.values())[:3], strict=True
    ):
        QTest.keyClick(window, key)
        assert panel.isHidden()
        QTest.keyClick(window, key)
        assert panel.isVisible()


def test_the_sheet_lists_every_key_and_finds_by_words(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert window.sheet.isVisible()
    assert len(window.sheet.found) == len(SHORTCUTS)
    QTest.keyClicks(window.sheet.search, "black")
    assert window.sheet.found == ["Blackout; again for live"]
    QTest.keyClick(window.sheet.search, Qt.Key.Key_Escape)
    assert window.sheet.isHidden()


def test_no_key_is_given_twice() -> None:
    keys = [QKeySequence(key).toString() for shortcut in SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))


def test_every_key_has_an_action_and_every_action_a_key(window: MainWindow) -> None:
    actions = set(window.actions_by_name.table())
    assert actions == {shortcut.action for shortcut in SHORTCUTS}


def test_tab_reaches_every_control_that_can_be_used(window: MainWindow) -> None:
    reached: list[QWidget] = []
    window.stage.setFocus()
    for _ in range(400):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused in reached:
            break
        reached.append(focused)
    wanted = {
        widget
        for kind in (QAbstractButton, QPlainTextEdit)
        for widget in window.findChildren(kind)
        if widget.isVisible() and widget.isEnabled() and not isinstance(widget.parent(), QMenu)
        and not _is_reached_by_arrows(widget)
    }  # fmt: skip
    assert wanted <= set(reached)


def _is_reached_by_arrows(widget: QWidget) -> bool:
    """Of an exclusive group, Tab reaches the chosen one; the arrows reach the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    return group is not None and group.exclusive() and not widget.isChecked()  # type: ignore[attr-defined]


def test_arrows_walk_over_the_pads(window: MainWindow) -> None:
    window.pads.pads[0].setFocus()
    QTest.keyClick(window.pads.pads[0], Qt.Key.Key_Right)
    assert window.pads.pads[1].hasFocus()
