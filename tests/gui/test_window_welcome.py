"""The first-run screen, and the files that played last."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine_names import ModelChoice
from app.main_window import MainWindow
from app.welcome import model_finding
from engine.api import CameraInfo, EventKind, RenderInfo, Severity
from engine.sources.cameras import NO_CAMERA_FIX
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import INFO, FakeEngine
from tests.gui.hands import click

SHIFT = Qt.KeyboardModifier.ShiftModifier
NO_VIRTUAL_CAMERA = (False, "A virtual camera can't be opened (no device): load it.", "load it")


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No camera and no virtual camera, unless a test says otherwise."""
    monkeypatch.setattr("app.welcome.list_webcams", list)
    monkeypatch.setattr("app.welcome.virtual_camera_advice", lambda device: NO_VIRTUAL_CAMERA)


def test_it_is_shown_at_the_first_start_only_and_later_from_the_menu(
    open_app: OpenWindow, engine: FakeEngine, settings_file: Path
) -> None:
    settings_file.unlink()
    window = open_app(engine)
    assert window.welcome.isVisible()
    assert engine.is_running  # the show plays behind it
    assert QApplication.activeModalWidget() is None
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.welcome.isHidden()
    window.close()
    window = open_app(FakeEngine())
    assert window.welcome.isHidden()
    next(row for row in window.main_menu.actions() if row.objectName() == "welcome").trigger()
    assert window.welcome.isVisible()


def test_what_is_missing_comes_with_the_doctors_advice_and_pads_still_play(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1, SHIFT)
    camera, model, virtual_camera = window.welcome.steps
    qtbot.waitUntil(lambda: camera.sentence.text() == "▲ No camera found")
    assert camera.advice.text().lower() == NO_CAMERA_FIX.lower()
    qtbot.waitUntil(lambda: virtual_camera.advice.text() == "Load it")
    assert virtual_camera.sentence.text() == "▲ A virtual camera can't be opened (no device)"
    qtbot.waitUntil(lambda: model.sentence.text() == "● House model plays on CPU.")
    click(camera.skip)
    assert camera.sentence.text() == "○ Skipped."
    click(model.use)
    assert (model.sentence.text(), engine.called("load")) == ("✓ It stays.", [])
    click(window.welcome.done)
    assert window.welcome.isHidden()


def test_a_camera_and_a_virtual_camera_that_are_there_are_used_by_one_press_each(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.welcome.list_webcams", lambda: [CameraInfo(2, "Stage cam")])
    monkeypatch.setattr("app.welcome.virtual_camera_advice", lambda device: (True, "Ready.", ""))
    window.welcome.open_screen()
    camera, _, virtual_camera = window.welcome.steps
    qtbot.waitUntil(lambda: camera.use.text() == "Use Stage cam")
    click(camera.use)
    assert engine.called("set_source") == [("webcam:2",)]
    qtbot.waitUntil(lambda: virtual_camera.use.text() == "Turn it on")
    click(virtual_camera.use)
    assert engine.called("add_sink") == [("vcam",)]
    assert virtual_camera.sentence.text().startswith("✓ It is on")


def test_a_camera_that_is_plugged_in_meanwhile_is_found_by_looking_again(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.welcome.open_screen()
    camera = window.welcome.camera
    qtbot.waitUntil(lambda: camera.use.text() == "Look again")
    monkeypatch.setattr("app.welcome.list_webcams", lambda: [CameraInfo(0, "C920")])
    click(camera.use)
    qtbot.waitUntil(lambda: camera.use.text() == "Use C920")


def test_a_graphics_card_is_offered_a_larger_model_with_what_it_needs() -> None:
    turbo = ModelChoice("sd-turbo", "SD-Turbo", "2.6 GB to download")
    on_gpu = RenderInfo("House model", "sd", "eager", "cuda:0", 64, 64, 0.1, {})
    assert model_finding(on_gpu, turbo).use == "Load SD-Turbo"
    assert "2.6 GB" in model_finding(on_gpu, turbo).advice
    assert model_finding(INFO, None).use == "Keep it"


def test_files_that_played_are_offered_again_the_newest_first(
    qtbot: QtBot, open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    for uri in ("file:/clips/a.mp4", "image:/walls/b.png", "demo"):
        window.link.set_source(uri)
        engine.tell("It plays.", EventKind.SOURCE_OPENED, Severity.INFO)
        with qtbot.waitSignal(window.link.stats_arrived):
            pass
    window.close()
    again = FakeEngine()
    window = open_app(again)
    window.source_menu.aboutToShow.emit()
    rows = window.source_menu.recent_files.actions()
    assert [row.text() for row in rows] == ["b.png", "a.mp4"]
    rows[1].trigger()
    assert again.called("set_source") == [("file:/clips/a.mp4",)]
