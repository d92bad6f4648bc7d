"""The cue list as a performer uses it: made, ordered, named, played, gone back, undone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.cue_list import CURRENT, NEXT, TAG, CueList, cue_line
from app.cue_panel import EMPTY, END, HELD, CuePanel, left_text
from app.main_window import MainWindow
from engine.api import Cue, Preset, TimeUnit, Transition, TransitionKind
from tests.gui.fake_engine import FakeEngine

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(window: MainWindow) -> CuePanel:
    """Open, empty."""
    QTest.keyClick(window, Qt.Key.Key_F4)
    assert window.cue_panel.isVisible()
    return window.cue_panel


@pytest.fixture
def three_cues(window: MainWindow, panel: CuePanel) -> CueList:
    """The looks of the three pads, added from the menu."""
    panel.pads.aboutToShow.emit()
    for action in panel.pads.actions()[:3]:
        panel.list.setCurrentRow(panel.list.count() - 1)
        action.trigger()
    return panel.list


def names(window: MainWindow) -> list[str]:
    """The running order as the set has it."""
    return [cue.look.name for cue in window.deck_link.live_set.cues]


def on_air(window: MainWindow) -> str:
    look = window.deck_link.look_on_air()
    return look.name if look else ""


def tags(cues: CueList) -> list[str]:
    return [cues.item(row).data(TAG) for row in range(cues.count())]


def test_an_empty_list_says_what_to_do(panel: CuePanel) -> None:
    assert panel.next.text() == EMPTY
    assert not panel.go.isEnabled()


def test_looks_of_pads_are_added_in_their_order(window: MainWindow, three_cues: CueList) -> None:
    assert names(window) == ["Night", "Ink", "Wash"]
    assert [three_cues.item(row).text() for row in range(3)] == ["Night", "Ink", "Wash"]


def test_the_look_on_air_is_added_behind_the_chosen_cue_as_it_is_set_now(
    window: MainWindow, three_cues: CueList, panel: CuePanel
) -> None:
    window.link.update({"prompt": "deep sea, coral light", "strength": 0.7})
    three_cues.setCurrentRow(0)
    QTest.mouseClick(panel.add_look, LEFT)
    assert names(window) == ["Night", "Deep sea coral", "Ink", "Wash"]
    assert window.deck_link.live_set.cues[1].look.params["strength"] == 0.7
    assert three_cues.number == 2


def test_a_new_cue_comes_by_the_transition_of_the_strip(
    window: MainWindow, panel: CuePanel
) -> None:
    window.deck_strip.transition.duration.setValue(3.0)
    QTest.mouseClick(panel.add_look, LEFT)
    assert window.deck_link.live_set.cues[0].transition == Transition(duration=3.0)


def test_c_goes_on_and_shift_c_goes_back(window: MainWindow, three_cues: CueList) -> None:
    seen = []
    for shift in (False, False, False, True):
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(window, Qt.Key.Key_C, modifier)
        seen.append(on_air(window))
    assert seen == ["Night", "Ink", "Wash", "Ink"]


def test_the_list_says_by_words_which_cue_went_and_which_is_next(
    window: MainWindow, three_cues: CueList, panel: CuePanel
) -> None:
    assert (tags(three_cues), panel.next.text()) == ([NEXT, "", ""], "Next: 1  Night")
    QTest.mouseClick(panel.go, LEFT)
    assert (tags(three_cues), panel.next.text()) == ([CURRENT, NEXT, ""], "Next: 2  Ink")
    panel.go.click()
    panel.go.click()
    assert (tags(three_cues), panel.next.text()) == (["", "", CURRENT], END)
    assert not panel.go.isEnabled()
    QTest.mouseClick(panel.back, LEFT)
    assert on_air(window) == "Ink"


def test_enter_plays_the_chosen_cue_wherever_the_list_stands(
    window: MainWindow, three_cues: CueList
) -> None:
    three_cues.setCurrentRow(2)
    QTest.keyClick(three_cues, Qt.Key.Key_Return)
    assert (on_air(window), window.deck_link.state.cue) == ("Wash", 3)
    three_cues.setCurrentRow(0)
    QTest.mouseClick(window.cue_panel.editor.go, LEFT)
    assert on_air(window) == "Night"


def test_cues_are_moved_by_keys_and_buttons_and_the_place_is_kept(
    window: MainWindow, three_cues: CueList
) -> None:
    window.deck_link.go_cue(1)
    three_cues.setCurrentRow(0)
    QTest.keyClick(three_cues, Qt.Key.Key_Down, CONTROL)
    assert names(window) == ["Ink", "Night", "Wash"]
    assert three_cues.number == 2
    assert window.deck_link.state.cue == 2
    QTest.mouseClick(window.cue_panel.editor.up, LEFT)
    assert names(window) == ["Night", "Ink", "Wash"]


def test_a_cue_that_was_dragged_is_moved_in_the_set(
    qtbot: QtBot, window: MainWindow, three_cues: CueList
) -> None:
    root = three_cues.rootIndex()
    three_cues.model().moveRow(root, 0, root, 3)  # what a drop below the last one does
    qtbot.waitUntil(lambda: names(window) == ["Ink", "Wash", "Night"])
    three_cues.model().moveRow(root, 2, root, 0)
    qtbot.waitUntil(lambda: names(window) == ["Night", "Ink", "Wash"])


def test_delete_takes_the_chosen_cue_out_and_undo_brings_it_back(
    window: MainWindow, three_cues: CueList
) -> None:
    three_cues.setCurrentRow(1)
    QTest.keyClick(three_cues, Qt.Key.Key_Delete)
    assert names(window) == ["Night", "Wash"]
    window.deck_link.undo()
    assert names(window) == ["Night", "Ink", "Wash"]
    assert three_cues.count() == 3


def test_f2_renames_the_chosen_cue(window: MainWindow, three_cues: CueList) -> None:
    three_cues.setCurrentRow(1)
    QTest.keyClick(three_cues, Qt.Key.Key_F2)
    editor = window.cue_panel.editor
    assert editor.name.hasFocus()
    QTest.keyClicks(editor.name, "Second verse")
    QTest.keyClick(editor.name, Qt.Key.Key_Return)
    assert names(window) == ["Night", "Second verse", "Wash"]


def test_nothing_follows_by_itself_until_that_is_asked_for(
    window: MainWindow, three_cues: CueList, panel: CuePanel, engine: FakeEngine
) -> None:
    three_cues.setCurrentRow(0)
    assert not panel.editor.follows.isChecked()
    panel.editor.follow.setEnabled(True)
    panel.editor.follows.click()
    panel.editor.follow.setValue(12.0)
    assert window.deck_link.live_set.cues[0].follow == 12.0
    window.deck_link.go_cue(1)
    assert panel.countdown.text() == "by itself in 0:12"
    engine.clock.advance(9.0)
    window.deck_link.pull()
    assert panel.countdown.text() == "by itself in 3.0 s"
    panel.show_held(True)
    assert panel.countdown.text() == HELD
    engine.clock.advance(3.0)
    engine.live.read(engine.clock.now_s())  # what the model does at every tick
    window.deck_link.pull()
    assert (on_air(window), panel.countdown.text()) == ("Ink", "waits for GO")


def test_how_a_cue_comes_is_edited_and_told_in_its_line(
    window: MainWindow, three_cues: CueList, panel: CuePanel
) -> None:
    three_cues.setCurrentRow(2)
    QTest.keyClick(panel.editor.transition.kind, Qt.Key.Key_End)
    panel.editor.transition.duration.setValue(2.0)
    cue = window.deck_link.live_set.cues[2]
    assert cue.transition.kind is TransitionKind.LUMA_WIPE
    assert cue_line(cue) == "luma wipe 2 s"
    assert window.deck_link.live_set.transition == Transition()


def test_in_performance_mode_cues_are_played_and_not_edited(
    window: MainWindow, three_cues: CueList, panel: CuePanel
) -> None:
    QTest.keyClick(window, Qt.Key.Key_F10)
    three_cues.setCurrentRow(1)
    QTest.keyClick(three_cues, Qt.Key.Key_Delete)
    QTest.keyClick(three_cues, Qt.Key.Key_Down, CONTROL)
    assert names(window) == ["Night", "Ink", "Wash"]
    assert not panel.editor.isEnabled()
    QTest.keyClick(window, Qt.Key.Key_C)
    assert on_air(window) == "Night"
    QTest.keyClick(window, Qt.Key.Key_F10)
    QTest.keyClick(three_cues, Qt.Key.Key_Delete)
    assert names(window) == ["Night", "Wash"]


@pytest.mark.parametrize(
    ("left", "unit", "text"),
    [
        (95.2, TimeUnit.SECONDS, "1:35"),
        (9.94, TimeUnit.SECONDS, "9.9 s"),
        (7.6, TimeUnit.BEATS, "8 beats"),
    ],
)
def test_a_countdown_is_short(left: float, unit: TimeUnit, text: str) -> None:
    assert left_text(left, unit) == text


def test_a_cue_says_what_follows_on_it() -> None:
    cue = Cue(look=Preset(name="Ink"), follow=8.0, follow_unit=TimeUnit.BEATS)
    assert cue_line(cue) == "cut · next after 8 beats"
