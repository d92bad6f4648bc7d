"""The set's file and its session: saved, opened, left, found again after a crash."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.main_window import MainWindow
from engine import session
from engine.api import (
    Quantise,
    ShowSpec,
    UnsavedSession,
)
from engine.set_files import load_set, save_set
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine
from tests.gui.friday import FRIDAY
from tests.gui.hands import names, press, told

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def friday(tmp_path: Path) -> Path:
    save_set(tmp_path / "friday.toml", FRIDAY)
    return tmp_path / "friday.toml"


def test_a_set_is_opened_edited_saved_and_the_title_says_so(
    window: MainWindow, friday: Path
) -> None:
    assert window.deck_link.open_set(friday)
    assert names(window) == ["Rain", "", "", "Snow"]
    assert window.windowTitle() == "Friday[*] – Reverie"
    assert not window.isWindowModified()
    window.look_edits.rename(0, "Drizzle")
    assert window.isWindowModified()
    assert "unsaved" in window.bank_bar.set_button.text()
    press(window, Qt.Key.Key_S, CTRL)
    assert not window.isWindowModified()
    stored, problems = load_set(friday)
    assert (stored.banks[0].pads[0].look.name, problems) == ("Drizzle", [])
    window.deck_link.undo()
    assert window.isWindowModified()


def test_a_set_saved_under_another_name_is_called_so(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "saturday.toml"
    assert window.deck_link.save_set(path)
    assert window.windowTitle() == "saturday[*] – Reverie"
    assert load_set(path)[0].name == "saturday"
    window.set_menu.aboutToShow.emit()
    assert [action.text() for action in window.set_menu.recent_menu.actions()] == ["saturday"]


def test_a_set_that_can_not_be_opened_changes_nothing(window: MainWindow, tmp_path: Path) -> None:
    assert not window.deck_link.open_set(tmp_path / "nowhere.toml")
    assert "can't be opened" in told(window)
    assert names(window)[0] == "Night"
    assert window.deck_link.path is None


def test_what_is_broken_in_a_set_is_told_and_the_rest_is_played(
    window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "odd.toml"
    path.write_text('version = 1\nname = "Odd"\nlights = 3\n[[banks]]\nname = "One"\n', "utf-8")
    assert window.deck_link.open_set(path)
    assert "lights was left out" in told(window)
    assert window.bank_bar.banks.tabText(0) == "One"


def test_a_set_left_unsaved_can_be_gone_back_to(window: MainWindow, friday: Path) -> None:
    window.look_edits.rename(0, "Dusk")
    window.deck_link.open_set(friday)
    assert told(window) == "“Shipped looks” was not saved."
    window.stage.notices.accept_button.click()
    assert names(window)[0] == "Dusk"
    assert window.isWindowModified()
    assert window.deck_link.path is None


def test_a_new_set_has_the_shipped_looks_and_what_plays_goes_on(
    window: MainWindow, engine: FakeEngine, friday: Path
) -> None:
    window.deck_link.open_set(friday)
    QTest.keyClick(window, Qt.Key.Key_1)
    press(window, Qt.Key.Key_N, CTRL)
    assert names(window)[0] == "Night"
    assert engine.params.prompt == "golden rain"
    assert not any(pad.isChecked() for pad in window.pads.pads)
    assert not window.isWindowModified()


# ---- closed and opened again


def test_the_set_is_there_again_with_its_file_its_mark_and_its_recent_files(
    open_app: OpenWindow, engine: FakeEngine, friday: Path
) -> None:
    window = open_app(engine)
    window.deck_link.open_set(friday)
    window.look_edits.rename(3, "Flakes")
    QTest.keyClick(window, Qt.Key.Key_4)
    window.bank_bar.quantise.button(1).click()
    window.close()
    again = FakeEngine()
    window = open_app(again)
    assert names(window) == ["Rain", "", "", "Flakes"]
    assert window.pads.pads[3].isChecked()
    assert again.params.prompt == "white snow"
    assert window.windowTitle() == "Friday[*] – Reverie"
    assert window.isWindowModified()
    assert window.deck_link.quantise is Quantise.BEAT
    assert window.set_menu.recent == [str(friday)]
    assert window.stage.notices.isHidden()


def left_by_a_crash(engine: FakeEngine) -> None:
    """Snow is on air, on deck B."""
    crashed = FakeEngine()
    crashed.start(ShowSpec(live_set=FRIDAY))
    crashed.performance.trigger_pad(4)
    crashed.end_session()
    path = session.sessions_folder() / session.SESSION_NAME
    engine.unsaved = UnsavedSession(path, datetime(2026, 2, 3, 4, 5))


def test_after_a_crash_the_window_is_where_it_was_and_says_so(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    left_by_a_crash(engine)
    window = open_app(engine)
    assert names(window) == ["Rain", "", "", "Snow"]
    assert engine.params.prompt == "white snow"
    assert window.pads.pads[3].isChecked()
    assert "as it stood on 03 February, 04:05" in told(window)
    button = window.stage.notices.accept_button
    assert button.text() == "Start fresh"
    button.click()
    assert names(window) == ["Night", "Ink", "Wash", ""]


def test_with_a_show_from_the_command_line_what_a_crash_left_is_only_offered(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    left_by_a_crash(engine)
    window = open_app(engine, ShowSpec(source="pattern"))
    assert names(window)[0] == "Night"
    assert told(window) == "There is an unsaved session from 03 February, 04:05."
    window.stage.notices.accept_button.click()
    assert names(window)[0] == "Rain"


def test_the_session_is_kept_while_the_window_is_open(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    assert engine.called("keep_session") == [(None,)]
    assert engine.called("end_session") == []
    window.close()
    assert engine.called("end_session") == [()]


def test_a_session_that_can_not_be_read_is_told_and_the_show_begins(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    folder = session.sessions_folder()
    folder.mkdir()
    (folder / session.SESSION_NAME).write_text("no [ toml")
    window = open_app(engine)
    assert "not a readable TOML file" in told(window)
    assert names(window)[0] == "Night"
