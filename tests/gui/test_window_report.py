"""A report about a fault, saved from the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.gui.fake_engine import FakeEngine


@pytest.fixture(autouse=True)
def _documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.report_saver.reports_folder", lambda: tmp_path / "Documents")


def test_a_key_saves_a_report_and_tells_where_it_is(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    window.save()
    QTest.keyClick(window, Qt.Key.Key_F12)
    notices = window.stage.notices
    qtbot.waitUntil(lambda: "look through it" in notices.text.text())
    ((path, settings),) = engine.called("save_report")
    assert path.parent == tmp_path / "Documents"  # type: ignore[attr-defined]
    assert str(path) in notices.text.text()
    assert settings["source"] == "demo"  # type: ignore[index]


def test_a_warning_offers_to_save_a_report_and_a_notice_does_not(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    notices = window.stage.notices
    notices.warn("The model failed.")
    assert notices.report_button.isVisible()
    QTest.mouseClick(notices.report_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(engine.called("save_report")))
    notices.dismiss()
    notices.inform("The look was stored.")
    assert not notices.report_button.isVisible()


def test_a_report_that_cannot_be_written_is_told(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    engine.refusal = "The report could not be saved: choose another folder."
    window.report_saver.save()
    qtbot.waitUntil(lambda: window.stage.notices.text.text() == engine.refusal)
    assert window.stage.notices.report_button.isVisible()
