"""The set in the window: its pads and banks edited as by hand, and every edit undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.pad import PAD_MIME
from app.set_wording import what_changed
from engine.api import (
    Cue,
    Pad,
    PadBank,
    Preset,
    Quantise,
    Set,
    Transition,
    save_preset,
)
from engine.sets import first_set
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine, picture
from tests.gui.friday import FRIDAY, LATE, RAIN, SNOW
from tests.gui.hands import names, press, told

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
SLOW = Transition(duration=1.0)


# ---- pads


def test_a_pad_waits_for_its_bar_and_says_so_in_words(
    window: MainWindow, engine: FakeEngine
) -> None:
    engine.clock.advance(0.3)
    window.bank_bar.quantise.button(list(Quantise).index(Quantise.BAR)).click()
    QTest.keyClick(window, Qt.Key.Key_2)
    pad = window.pads.pads[1]
    assert pad.is_waiting
    assert pad.accessibleName() == "Pad 2: Ink waits"
    assert window.looks.playing_name == "Night"
    engine.clock.advance(2.0)
    engine.live.read(engine.clock.now_s())
    window.deck_link.pull()
    assert (pad.is_waiting, pad.isChecked()) == (False, True)
    assert pad.accessibleName() == "Pad 2: Ink on air"


def test_ctrl_plays_otherwise_than_was_chosen(window: MainWindow, engine: FakeEngine) -> None:
    engine.clock.advance(0.3)
    QTest.mouseClick(window.pads.pads[1], LEFT, CTRL)
    assert window.pads.pads[1].is_waiting
    QTest.keyClick(window, Qt.Key.Key_O)
    assert window.deck_link.quantise is Quantise.BEAT
    press(window, Qt.Key.Key_3, CTRL)
    assert window.looks.playing_name == "Wash"


def test_whoever_fires_a_pad_its_mark_follows(window: MainWindow, engine: FakeEngine) -> None:
    engine.performance.trigger_pad(3)
    window.deck_link.pull()
    assert window.pads.pads[2].isChecked()
    assert window.look_panel.title.text() == "Wash"


def test_a_pad_keeps_a_picture_of_what_it_looked_like_wherever_it_goes(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    qtbot.waitUntil(lambda: window.link.info is not None)
    shown: list[int] = []
    window.look_pictures.pad_pictured.connect(lambda index, _picture: shown.append(index))

    def next_picture() -> bool:
        engine.output = picture(120)
        return bool(shown)

    qtbot.waitUntil(next_picture)
    assert shown == [0]
    window.look_edits.swap(0, 9)
    assert shown[-1] == 9


def test_pads_are_moved_by_dragging_and_by_shift_with_an_arrow(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setData(PAD_MIME, b"0")
    place = QPointF(window.pads.pads[2].geometry().center())
    window.pads.dropEvent(
        QDropEvent(place, Qt.DropAction.MoveAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    )
    assert names(window) == ["Wash", "Ink", "Night", ""]
    assert window.looks.playing == 2
    window.pads.pads[1].setFocus()
    QTest.keyClick(window.pads.pads[1], Qt.Key.Key_Right, SHIFT)
    assert names(window) == ["Wash", "Night", "Ink", ""]
    assert window.pads.pads[2].hasFocus()
    assert window.looks.playing_name == "Night"


def test_a_pad_is_renamed_coloured_and_given_a_transition_of_its_own(window: MainWindow) -> None:
    window.pad_menu.open_for(1, window.pos())
    window.pad_menu.edit_action.trigger()
    window.pad_menu.close()
    editor = window.pad_menu.editor
    editor.name.setText("Tusche")
    editor.name.editingFinished.emit()
    editor.colour.setCurrentIndex(editor.colour.findText("Vermilion"))
    editor.colour.activated.emit(editor.colour.currentIndex())
    editor.has_own.click()
    editor.transition.duration.setValue(2.0)
    editor.close()
    pad = window.looks.pads[1]
    assert pad is not None
    assert (pad.look.name, pad.look.colour) == ("Tusche", "#d55e00")
    assert pad.transition == Transition(duration=2.0)
    assert names(window)[1] == "Tusche"
    assert "2 s" in window.pads.pads[1].toolTip()


def test_a_cleared_pad_is_free_and_takes_the_present_look(window: MainWindow) -> None:
    window.look_edits.clear(1)
    assert names(window) == ["Night", "", "Wash", ""]
    window.link.update({"prompt": "golden rain, slow"})
    press(window, Qt.Key.Key_P, CTRL)
    assert names(window) == ["Night", "Golden rain slow", "Wash", ""]
    assert window.pads.pads[1].isChecked()
    window.look_edits.restore(1)
    assert names(window) == ["Night", "Ink", "Wash", ""]


def test_looks_stored_before_there_were_sets_are_on_the_pads(
    open_app: OpenWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    (tmp_path / "own" / "house").mkdir(parents=True)
    save_preset(tmp_path / "own" / "house" / "1-Ink.toml", Preset(name="My ink", prompt="mine"))
    save_preset(tmp_path / "own" / "house" / "4-own.toml", RAIN)
    first_set.cache_clear()
    window = open_app(engine)
    first_set.cache_clear()
    assert names(window) == ["Night", "My ink", "Wash", "Rain"]


def test_in_performance_mode_pads_play_and_stay_where_they_are(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F10)
    window.pads.pads[1].setFocus()
    QTest.keyClick(window.pads.pads[1], Qt.Key.Key_Right, SHIFT)
    press(window, Qt.Key.Key_P, CTRL)
    assert names(window) == ["Night", "Ink", "Wash", ""]
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    QTest.keyClick(window, Qt.Key.Key_3)
    assert window.looks.playing_name == "Wash"
    assert not window.bank_bar.set_button.isEnabled()
    assert not window.deck_link.can_undo
    window.performance.toggle()


# ---- banks


def test_banks_are_added_renamed_switched_and_removed(window: MainWindow) -> None:
    bar = window.bank_bar
    bar.add.click()
    assert [bar.banks.tabText(i) for i in range(bar.banks.count())] == ["Looks 1", "Bank 2"]
    assert names(window) == ["", "", "", ""]
    bar.bank_renamed.emit(2, "Late")
    assert bar.banks.tabText(1) == "Late"
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    assert names(window)[0] == "Night"
    bar.banks.setCurrentIndex(1)
    assert names(window)[0] == ""
    bar.bank_removed.emit(2)
    assert bar.banks.count() == 1
    bar.bank_removed.emit(1)
    assert "at least one bank" in told(window)


# ---- undo


def test_every_edit_is_undone_and_redone_and_named(window: MainWindow) -> None:
    window.look_edits.swap(0, 1)
    window.look_edits.clear(2)
    press(window, Qt.Key.Key_Z, CTRL)
    assert told(window) == "Undone: clearing of pad 3 “Wash”."
    press(window, Qt.Key.Key_Z, CTRL)
    assert told(window) == "Undone: order of pads 1 and 2."
    assert names(window) == ["Night", "Ink", "Wash", ""]
    press(window, Qt.Key.Key_Z, CTRL)
    assert told(window) == "There is nothing to undo"
    press(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert told(window) == "Done again: order of pads 1 and 2."
    assert names(window) == ["Ink", "Night", "Wash", ""]


@pytest.mark.parametrize(
    ("edited", "phrase"),
    [
        (FRIDAY.with_bank(3, PadBank(name="After")), "new bank “After”"),
        (FRIDAY.without_bank(2), "removal of bank “Late”"),
        (FRIDAY.with_bank(2, LATE.model_copy(update={"name": "Dawn"})), "name of bank “Dawn”"),
        (FRIDAY.with_cue(1, Cue(look=RAIN)), "new cue"),
        (FRIDAY.model_copy(update={"name": "Saturday"}), "name of the set"),
        (FRIDAY.model_copy(update={"transition": SLOW}), "transition between looks"),
        (
            FRIDAY.with_bank(1, FRIDAY.banks[0].with_pad(Pad(number=2, look=SNOW))),
            "new pad 2 “Snow”",
        ),
        (
            FRIDAY.with_bank(
                1,
                FRIDAY.banks[0].with_pad(
                    Pad(number=1, look=RAIN.model_copy(update={"colour": "#000000"}))
                ),
            ),
            "colour of pad 1 “Rain”",
        ),
    ],
)
def test_an_edit_has_a_name(edited: Set, phrase: str) -> None:
    assert what_changed(FRIDAY, edited) == phrase
