"""Learning ends by Escape, the lock or the end of the show; what is typed meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.shortcuts import SHORTCUTS
from engine.api import IDENTITY_MODEL, Engine, RenderSpec, ShowSpec
from engine.control.desk import ControlMakers
from tests.gui.conftest import OpenWindow
from tests.gui.hands import click, press, told
from tests.support.control import FakeMidi

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="pattern", render=RenderSpec(IDENTITY_MODEL, 64, 64), midi=("all",))
CTRL = Qt.KeyboardModifier.ControlModifier
BOX = "Box"
Hit = Callable[[int], None]


@pytest.fixture
def midi() -> FakeMidi:
    return FakeMidi(BOX)


@pytest.fixture
def playing(qtbot: QtBot, open_app: OpenWindow, midi: FakeMidi) -> MainWindow:
    window = open_app(Engine(control_makers=ControlMakers(lambda: midi)), SHOW)
    qtbot.waitUntil(lambda: BOX in midi.listeners, timeout=PATIENCE_MS)
    return window


@pytest.fixture
def hit(midi: FakeMidi) -> Hit:
    """A pad of the controller: one message is enough to learn it."""

    def _hit(note: int) -> None:
        midi.move(BOX, "note_on", note=note, velocity=100)
        midi.move(BOX, "note_on", note=note, velocity=0)

    return _hit


def arm(window: MainWindow, target: str = "strength") -> None:
    """Learn, and a click on a slider."""
    press(window, Qt.Key.Key_M, CTRL)
    click(window.look_panel.rows[target].control)


def learn(qtbot: QtBot, window: MainWindow, target: str, hit: Hit, note: int) -> None:
    arm(window, target)
    hit(note)
    qtbot.waitUntil(lambda: not window.controls_panel.is_learning, timeout=PATIENCE_MS)


def test_escape_ends_learning_and_the_next_click_plays_again(
    qtbot: QtBot, playing: MainWindow, hit: Hit
) -> None:
    arm(playing)
    panel = playing.controls_panel
    assert panel.hint.text().endswith("Esc ends it.")
    press(playing, Qt.Key.Key_Escape)
    assert not panel.is_learning
    assert not panel.hint.isVisible()
    assert playing.link.engine.controls.learning is None
    hit(36)
    qtbot.waitUntil(lambda: "note 36" in panel.monitor.text(), timeout=PATIENCE_MS)
    assert panel.list.count() == 0
    click(playing.panic_row.stop_modulation)
    assert playing.panic_row.stop_modulation.isChecked()


def test_escape_ends_learning_before_it_dismisses_a_notice(playing: MainWindow) -> None:
    playing.stage.notices.warn("Something.")
    press(playing, Qt.Key.Key_M, CTRL)
    press(playing, Qt.Key.Key_Escape)
    assert not playing.controls_panel.is_learning
    assert told(playing) == "Something."
    press(playing, Qt.Key.Key_Escape)
    assert not playing.stage.notices.isVisible()


def test_every_place_that_tells_of_learning_tells_how_it_ends(playing: MainWindow) -> None:
    panel = playing.controls_panel
    labels = {each.action: each.label for each in SHORTCUTS}
    press(playing, Qt.Key.Key_M, CTRL)
    told_of_it = (panel.learn.toolTip(), panel.target.toolTip(), panel.hint.text())
    assert all("Esc ends it" in text for text in (*told_of_it, labels["learn"]))
    assert "End Learn" in labels["dismiss"]
    press(playing, Qt.Key.Key_F1)
    playing.sheet.search.setText("learn")
    assert [labels["learn"], labels["dismiss"]] == playing.sheet.found
    press(playing, Qt.Key.Key_Escape)  # the sheet lies over all else
    assert panel.is_learning
    press(playing, Qt.Key.Key_Escape)
    assert not panel.is_learning


def test_the_lock_ends_learning_so_that_pads_and_panic_play(playing: MainWindow) -> None:
    press(playing, Qt.Key.Key_M, CTRL)
    press(playing, Qt.Key.Key_F10)
    assert not playing.controls_panel.is_learning
    click(playing.panic_row.stop_modulation)
    assert playing.panic_row.stop_modulation.isChecked()
    press(playing, Qt.Key.Key_F10)


def test_the_end_of_the_show_ends_learning(qtbot: QtBot, window: MainWindow) -> None:
    press(window, Qt.Key.Key_M, CTRL)
    assert window.controls_panel.is_learning
    with qtbot.waitSignal(window.link.running_changed):
        press(window, Qt.Key.Key_F5)
    assert not window.controls_panel.is_learning


def test_what_is_learned_once_more_ends_learning_and_stays_as_it_was_edited(
    qtbot: QtBot, playing: MainWindow, hit: Hit
) -> None:
    learn(qtbot, playing, "strength", hit, 36)
    editor = playing.controls_panel.editor
    click(editor.inverted)
    learn(qtbot, playing, "strength", hit, 36)
    assert playing.controls_panel.list.count() == 1
    assert playing.controls.mappings[0].is_inverted
    assert editor.inverted.isChecked()


def test_what_is_being_typed_is_kept_when_another_control_is_learned_meanwhile(
    qtbot: QtBot, playing: MainWindow, hit: Hit
) -> None:
    learn(qtbot, playing, "strength", hit, 36)
    panel = playing.controls_panel
    arm(playing, "seed_blend")
    panel.editor.high.setFocus()
    QTest.keyClick(panel.editor.high, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(panel.editor.high, "0.6")
    hit(37)  # the hardware moves before Enter is pressed
    qtbot.waitUntil(lambda: not panel.is_learning, timeout=PATIENCE_MS)
    first, second = playing.controls.mappings
    assert (first.target, first.ends) == ("strength", (0.0, 0.6))
    assert second.target == "seed_blend"
    assert panel.editor.mapping == second
    assert playing.link.engine.controls.mappings == (first, second)


def test_an_edit_before_the_window_has_heard_of_what_was_learned_keeps_both(
    playing: MainWindow, hit: Hit, qtbot: QtBot
) -> None:
    learn(qtbot, playing, "strength", hit, 36)
    desk = playing.link.engine.controls
    editor = playing.controls_panel.editor
    playing.deck_link.stop()  # from here on the window looks at nothing by itself
    playing.controls.stop()
    desk.learn("seed_blend")
    hit(37)
    qtbot.waitUntil(lambda: desk.learned is not None, timeout=PATIENCE_MS)
    assert len(playing.controls.mappings) == 1  # it hasn't
    click(editor.inverted)
    assert [(m.target, m.is_inverted) for m in playing.controls.mappings] == [
        ("strength", True), ("seed_blend", False)
    ]  # fmt: skip
    assert desk.mappings == playing.controls.mappings


def test_an_edit_of_what_was_learned_anew_meanwhile_says_so(
    playing: MainWindow, hit: Hit, qtbot: QtBot
) -> None:
    learn(qtbot, playing, "strength", hit, 36)
    desk = playing.link.engine.controls
    playing.deck_link.stop()
    playing.controls.stop()
    desk.learn("seed_blend")
    hit(36)
    qtbot.waitUntil(lambda: desk.learned is not None, timeout=PATIENCE_MS)
    click(playing.controls_panel.editor.inverted)
    assert "has been learned anew" in told(playing)
    assert [m.target for m in desk.mappings] == ["seed_blend"]
