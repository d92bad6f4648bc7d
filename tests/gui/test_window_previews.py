"""Looks off air on decks and pads: what is wished for, and what is shown and said of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.deck_face import ON_AIR, PREVIEW, STILL, UNSEEN
from app.look_pictures import deck_key, pad_key
from app.main_window import MainWindow
from app.settings import load_settings
from engine.api import Preview
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine, picture

SHIFT = Qt.KeyboardModifier.ShiftModifier


def lay_out_two_looks(window: MainWindow) -> None:
    """Night on deck A, Ink on deck B and on air."""
    window.deck_link.set_crossfade(1.0)
    for number in (1, 2):
        window.deck_link.trigger_pad(number)
        window.link.engine.clock.advance(10.0)  # type: ignore[attr-defined]
    window.deck_link.pull()


def key_of_pad(window: MainWindow, index: int) -> str:
    pad = window.looks.pads[index]
    assert pad is not None
    return pad_key(pad.look)


def wished(engine: FakeEngine) -> dict[str, str]:
    """The words of every look that is wished for, by its key."""
    return {wish.key: wish.params.prompt for wish in engine.wishes}


def level_of(pixmap: QPixmap) -> int:
    return pixmap.toImage().pixelColor(5, 5).red()


def row_of(window: MainWindow) -> QAction:
    return next(row for row in window.main_menu.actions() if row.objectName() == "previews")


def test_the_deck_off_air_and_the_pads_that_do_not_play_are_wished_for(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window)
    expected = {
        deck_key(False, "Night"): "night look",
        key_of_pad(window, 0): "night look",
        key_of_pad(window, 2): "wash look",
    }
    qtbot.waitUntil(lambda: wished(engine) == expected)
    window.link.update({"seed": 77})
    qtbot.waitUntil(lambda: engine.wishes[-1].params.seed == 77)  # as it would play from here
    assert engine.wishes[0].params.seed != 77
    assert engine.wishes[0].weight > engine.wishes[1].weight


def test_between_the_decks_both_are_wished_for(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window)
    window.deck_link.set_crossfade(0.4)
    both = {deck_key(False, "Night"), deck_key(True, "Ink")}
    qtbot.waitUntil(lambda: both <= set(wished(engine)))


def test_pads_that_nobody_sees_are_not_painted(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window)
    QTest.keyClick(window, Qt.Key.Key_F7)
    qtbot.waitUntil(lambda: list(wished(engine)) == [deck_key(False, "Night")])


def test_a_preview_is_shown_on_its_deck_and_said_to_be_one(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window)
    strip = window.deck_strip
    assert (strip.a.status, strip.b.status) == (UNSEEN, ON_AIR)
    engine.preview = Preview(deck_key(False, "Night"), picture(90))
    qtbot.waitUntil(lambda: strip.a.status == PREVIEW)
    assert level_of(strip.a.picture) == 90
    assert strip.a.accessibleName() == "Deck A: Night, preview"
    assert "preview" in strip.a.toolTip()


def test_a_preview_is_shown_on_its_pad_before_that_was_ever_played(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    shown: dict[int, int] = {}
    window.look_pictures.pad_pictured.connect(
        lambda index, pixmap: shown.update({index: level_of(pixmap)})
    )
    engine.preview = Preview(key_of_pad(window, 2), picture(60))
    qtbot.waitUntil(lambda: shown.get(2) == 60)
    window.look_edits.swap(2, 9)
    assert shown[9] == 60


def test_a_look_that_comes_to_a_deck_brings_the_picture_of_its_pad(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window)
    engine.preview = Preview(key_of_pad(window, 2), picture(60))
    with qtbot.waitSignal(window.look_pictures.pad_pictured):
        pass
    window.deck_link.trigger_pad(3)
    assert window.deck_strip.a.name == "Wash"
    assert level_of(window.deck_strip.a.picture) == 60


def test_previews_are_turned_off_and_on_in_the_menu_and_that_is_kept(
    qtbot: QtBot, open_app: OpenWindow, engine: FakeEngine, settings_file: Path
) -> None:
    window = open_app(engine)
    lay_out_two_looks(window)
    engine.preview = Preview(deck_key(False, "Night"), picture(90))
    qtbot.waitUntil(lambda: window.deck_strip.a.status == PREVIEW)
    assert row_of(window).isChecked()
    assert "3 %" in row_of(window).toolTip()
    row_of(window).trigger()
    assert not row_of(window).isChecked()
    assert engine.wishes == ()
    assert window.deck_strip.a.status == STILL
    window.close()
    assert load_settings(settings_file).has_previews is False
    window = open_app(FakeEngine())
    assert not row_of(window).isChecked()
    QTest.keyClick(window, Qt.Key.Key_F7, SHIFT)
    assert row_of(window).isChecked()


def test_a_locked_window_keeps_them_as_they_are(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F10)
    row_of(window).trigger()
    assert row_of(window).isChecked()
    assert window.previews.is_on


def test_without_a_show_nothing_is_wished_for(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        window.link.stop()
    engine.wishes = ()
    window.previews.toggle()
    window.previews.toggle()
    assert engine.wishes == ()
