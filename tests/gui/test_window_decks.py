"""Both decks and the crossfader: by key, by mouse, and following whoever else moves them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.crossfader import Crossfader
from app.deck_face import ON_AIR, STILL, UNSEEN
from app.main_window import MainWindow
from engine.api import Ease, TimeUnit, Transition, TransitionKind
from tests.gui.fake_engine import FakeEngine, picture

CUT = Transition()
FOUR_SECONDS = Transition(duration=4.0, ease=Ease.LINEAR)
LEFT = Qt.MouseButton.LeftButton


def position(window: MainWindow) -> float:
    """Where the engine has the crossfader."""
    return window.deck_link.state.crossfade


def lay_out_two_looks(window: MainWindow, transition: Transition = CUT) -> None:
    """Night on deck A, Ink on deck B and on air."""
    decks = window.deck_link
    decks.edit(decks.live_set.model_copy(update={"transition": transition}))
    decks.set_crossfade(1.0)
    for number in (1, 2):
        decks.trigger_pad(number)
        window.link.engine.clock.advance(10.0)  # type: ignore[attr-defined]
    decks.pull()


def press_at(fader: Crossfader, place: float, *, twice: bool = False) -> None:
    act = QTest.mouseDClick if twice else QTest.mouseClick
    start, end = fader.travel_px
    where = QPoint(round(start + place * (end - start)), fader.height() // 2)
    act(fader, LEFT, Qt.KeyboardModifier.NoModifier, where)


def test_keys_move_the_crossfader_step_by_step(window: MainWindow) -> None:
    for _ in range(3):
        QTest.keyClick(window, Qt.Key.Key_E)
    QTest.keyClick(window, Qt.Key.Key_Q)
    assert position(window) == pytest.approx(0.2)
    assert window.deck_strip.crossfader.position == pytest.approx(0.2)


def test_the_crossfader_stops_at_its_ends(window: MainWindow) -> None:
    for _ in range(12):
        QTest.keyClick(window, Qt.Key.Key_E)
    assert position(window) == 1.0


def test_w_swings_over_in_the_time_of_the_transition_and_is_seen_to_move(
    window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window, FOUR_SECONDS)
    strip = window.deck_strip
    QTest.keyClick(window, Qt.Key.Key_W)
    engine.clock.advance(1.0)
    window.deck_link.pull()
    assert strip.crossfader.position == pytest.approx(0.75)
    assert (strip.a.status, strip.b.status) == ("◐ 25 %", "◐ 75 %")
    engine.clock.advance(3.0)
    window.deck_link.pull()
    assert strip.a.status == ON_AIR
    QTest.mouseClick(strip.swing, LEFT)
    engine.clock.advance(4.0)
    assert position(window) == 1.0


def test_a_transition_on_the_picture_is_seen_to_move_too(
    window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window, FOUR_SECONDS.model_copy(update={"kind": TransitionKind.DISSOLVE}))
    QTest.keyClick(window, Qt.Key.Key_W)
    engine.clock.advance(1.0)
    window.deck_link.pull()
    assert position(window) == 0.0  # the look has changed, the picture is on its way
    assert window.deck_strip.crossfader.position == pytest.approx(0.75)


def test_a_double_click_takes_the_crossfader_to_the_nearest_end_or_the_middle(
    window: MainWindow,
) -> None:
    fader = window.deck_strip.crossfader
    press_at(fader, 0.3)
    assert position(window) == pytest.approx(0.3, abs=0.02)
    for place, rest in ((0.4, 0.5), (0.9, 1.0), (0.1, 0.0)):
        press_at(fader, place, twice=True)
        assert position(window) == rest


def test_both_looks_are_named_and_the_one_on_air_is_told_by_a_word(window: MainWindow) -> None:
    lay_out_two_looks(window)
    strip = window.deck_strip
    assert (strip.a.name, strip.b.name) == ("Night", "Ink")
    assert (strip.a.status, strip.b.status) == (UNSEEN, ON_AIR)
    assert strip.b.accessibleName() == "Deck B: Ink, on air"
    window.deck_link.set_crossfade(0.0)
    assert strip.a.status == ON_AIR


def test_a_deck_that_is_not_on_air_shows_its_last_picture_and_says_so(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    lay_out_two_looks(window)
    strip = window.deck_strip

    def is_kept() -> bool:
        engine.output = picture(200)
        return not strip.b.picture.isNull()

    qtbot.waitUntil(is_kept)
    window.deck_link.set_crossfade(0.0)
    assert strip.b.status == STILL
    assert strip.b.picture.toImage().pixelColor(5, 5).red() == 200
    window.deck_link.trigger_pad(3)  # a look that has not been seen comes to deck B
    assert (strip.b.name, strip.b.picture.isNull()) == ("Wash", True)
    window.deck_link.trigger_pad(2)  # one that has been seen comes to deck A
    assert (strip.a.name, strip.a.picture.isNull()) == ("Ink", False)


def test_what_the_strip_says_of_the_next_transition_is_in_the_set_and_can_be_undone(
    window: MainWindow,
) -> None:
    editor = window.deck_strip.transition
    QTest.keyClick(editor.kind, Qt.Key.Key_Down)
    editor.duration.setFocus()
    editor.duration.selectAll()
    QTest.keyClicks(editor.duration, "8")
    QTest.keyClick(editor.duration, Qt.Key.Key_Return)
    QTest.keyClick(editor.unit, Qt.Key.Key_Down)
    wanted = Transition(kind=TransitionKind.DISSOLVE, duration=8.0, unit=TimeUnit.BEATS)
    assert window.deck_link.live_set.transition == wanted
    window.deck_link.undo()
    assert window.deck_link.live_set.transition.unit is TimeUnit.SECONDS
    assert editor.unit.currentText() == "sec"


def test_without_a_show_there_is_nothing_to_fade(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.link.running_changed):
        window.link.stop()
    QTest.keyClick(window, Qt.Key.Key_E)
    assert not window.deck_strip.crossfader.isEnabled()
    assert not window.stage.notices.isVisible()
