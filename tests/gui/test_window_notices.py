"""What goes wrong is told in a bar, with what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.api import (
    EventKind,
    RenderSpec,
    Severity,
    SinkState,
)
from engine.recovery import Lighter
from tests.gui.fake_engine import FakeEngine
from tests.gui.hands import click, press


def test_what_went_wrong_is_told_in_a_bar_until_it_is_dismissed(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.tell("The disk is full: free some space, then record again.")
    bar = window.stage.notices
    qtbot.waitUntil(bar.isVisible)
    assert bar.text.text() == "The disk is full: free some space, then record again."
    click(bar.dismiss_button)
    assert bar.isHidden()


def test_a_source_that_is_back_takes_its_notice_away(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    bar = window.stage.notices
    engine.tell("The camera is gone.", EventKind.SOURCE_FAILED, Severity.ERROR)
    qtbot.waitUntil(bar.isVisible)
    engine.tell("The camera plays.", EventKind.SOURCE_OPENED, Severity.INFO)
    qtbot.waitUntil(bar.isHidden)


def test_escape_dismisses_notices_one_by_one(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.tell("First.")
    engine.tell("Second.")
    bar = window.stage.notices
    qtbot.waitUntil(bar.isVisible)
    assert (bar.text.text(), bar.more.text()) == ("Second.", "+1")
    press(window, Qt.Key.Key_Escape)
    assert (bar.text.text(), bar.more.text()) == ("First.", "")
    press(window, Qt.Key.Key_Escape)
    assert bar.isHidden()


def test_a_refused_command_changes_nothing_and_is_told(
    window: MainWindow, engine: FakeEngine
) -> None:
    engine.refusal = '"nonsense" is not a source'
    window.link.set_source("nonsense")
    assert window.link.show.source == "demo"
    assert window.stage.notices.text.text() == '"nonsense" is not a source'


def test_a_loss_waits_in_the_bar_until_it_is_back(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    notices = window.stage.notices
    engine.tell("The model hung; it is made anew.", EventKind.RENDERER_LOST, Severity.ERROR)
    qtbot.waitUntil(lambda: notices.text.text() == "The model hung; it is made anew.")
    engine.tell("The model paints again.", EventKind.RENDERER_BACK, Severity.INFO)
    qtbot.waitUntil(notices.isHidden)


def test_a_smaller_size_is_offered_and_taken_with_one_click(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    spec = RenderSpec("house", 192, 192)
    engine.say(proposal=Lighter(spec, 1))
    engine.tell("The memory ran out; 192×192 would fit.", EventKind.DEGRADE_PROPOSED)
    notices = window.stage.notices
    qtbot.waitUntil(lambda: not notices.accept_button.isHidden())
    click(notices.accept_button)
    assert engine.called("load") == [(spec,)]
    assert notices.isHidden()


def test_a_sink_that_is_tried_again_stays_on_and_says_why(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    click(window.panic_row.virtual_camera)
    gone = SinkState("vcam", "virtual camera", False, "It went away.", is_retried=True)
    engine.say(sinks=(gone,))
    qtbot.waitUntil(lambda: "It went away." in window.input_panel.sinks.text())
    assert window.panic_row.virtual_camera.isChecked()
