"""Modulation as a performer has it: marks that move on the sliders, and a small editor."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.fader import Fader
from app.main_window import MainWindow
from app.modulation_choices import SOURCES, SPEEDS
from app.modulation_editor import ModulationEditor
from app.parameter_rows import LabeledSlider
from engine.api import Route, StreamParams
from engine.modulation import BeatPhase, Lfo, Onset, Shape
from tests.gui.fake_engine import FakeEngine


def fader(window: MainWindow, name: str) -> Fader:
    row = window.look_panel.rows[name]
    assert isinstance(row, LabeledSlider)
    return row.fader


def open_editor(window: MainWindow, name: str = "strength") -> ModulationEditor:
    widget = fader(window, name)
    middle = widget.rect().center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(widget, QContextMenuEvent(reason, middle, widget.mapToGlobal(middle)))
    return window.modulation_editor


def choose(editor: ModulationEditor, label: str) -> None:
    editor.source.setCurrentText(label)
    editor.source.activated.emit(editor.source.currentIndex())


def test_a_right_click_gives_a_slider_something_that_moves_it(
    window: MainWindow, engine: FakeEngine
) -> None:
    editor = open_editor(window)
    assert editor.isVisible()
    assert editor.title.text() == "Strength moves by itself"
    choose(editor, "Triangle")
    (route,) = engine.modulation
    assert (route.parameter, route.signal) == ("strength", Lfo(shape=Shape.TRIANGLE, beats=4.0))
    editor.amount.setFocus()
    QTest.keyClick(editor.amount, Qt.Key.Key_Home)
    assert engine.modulation[0].amount == -1.0
    editor.smoothing.setFocus()
    QTest.keyClick(editor.smoothing, Qt.Key.Key_PageUp)
    assert engine.modulation[0].release_s == pytest.approx(0.1)
    editor.close()


def test_speed_is_chosen_in_beats_or_seconds_and_only_where_there_is_one(
    window: MainWindow, engine: FakeEngine
) -> None:
    editor = open_editor(window)
    choose(editor, "Wander")
    editor.speed.setCurrentText("10 s")
    editor.speed.activated.emit(editor.speed.currentIndex())
    assert engine.modulation[0].signal.rate_hz == pytest.approx(0.1)  # type: ignore[union-attr]
    choose(editor, "Sound: attacks")
    assert engine.modulation[0].signal == Onset()
    assert not editor.speed.isEnabled()
    choose(editor, "Beat")
    assert engine.modulation[0].signal == BeatPhase(beats=4.0)
    editor.close()


def test_every_source_and_speed_can_be_chosen_and_is_shown_again(
    window: MainWindow, engine: FakeEngine
) -> None:
    editor = open_editor(window)
    for label, _ in SOURCES:
        choose(editor, label)
        assert editor.source.currentText() == label
    choose(editor, "Sine")
    for number, (label, _) in enumerate(SPEEDS):
        editor.speed.activated.emit(number)
        assert editor.speed.currentText() == label
    editor.close()


def test_off_leaves_the_other_sliders_moving(window: MainWindow, engine: FakeEngine) -> None:
    other = Route(parameter="dry_wet", signal=Lfo())
    window.link.set_modulation((other, Route(parameter="strength", signal=Lfo())))
    editor = open_editor(window)
    QTest.mouseClick(editor.off, Qt.MouseButton.LeftButton)
    assert engine.modulation == (other,)
    assert editor.source.currentText() == "nothing"
    editor.close()


def test_the_effective_value_moves_as_a_mark_of_its_own(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    slider = fader(window, "strength")
    assert slider.moved is None
    window.link.set_modulation((Route(parameter="strength", signal=Lfo()),))
    engine.present_moved = StreamParams().with_changes({"strength": 0.8})
    qtbot.waitUntil(lambda: slider.moved == 0.8)
    window.link.set_modulation(())
    qtbot.waitUntil(lambda: slider.moved is None)


def test_the_editor_opens_by_key_for_the_slider_in_focus(window: MainWindow) -> None:
    fader(window, "dry_wet").setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_V)
    assert window.modulation_editor.isVisible()
    assert window.modulation_editor.title.text().startswith("Dry/wet")
    window.modulation_editor.close()


def test_what_cannot_move_says_why(window: MainWindow) -> None:
    row = window.look_panel.rows["num_inference_steps"]
    row.want_modulation(row.mapToGlobal(row.rect().center()))
    assert not window.modulation_editor.isVisible()
    assert "can't be modulated" in window.stage.notices.text.text()


def test_a_look_is_stored_with_what_moves_it(window: MainWindow, engine: FakeEngine) -> None:
    editor = open_editor(window)
    choose(editor, "Sine")
    editor.close()
    assert window.look_panel.changed.isVisible()
    window.look_edits.store_on_playing()
    assert window.looks.playing_pad is not None
    assert window.looks.playing_pad.look.modulation == engine.modulation
