"""A window on a fake engine, and a watch for what it leaves running."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.application import open_window
from app.main_window import MainWindow
from app.settings import Settings, save_settings
from app.theme import apply_text_scale, apply_theme
from engine.api import Preset, save_preset
from tests.gui.fake_engine import FakeEngine

OpenWindow = Callable[..., MainWindow]


@pytest.fixture(scope="session", autouse=True)
def _dressed(qapp: QApplication) -> None:
    apply_theme(qapp)


@pytest.fixture(autouse=True)
def _nothing_is_left_running(qapp: QApplication) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not left, f"threads left running: {left}"
    windows = qapp.topLevelWidgets()
    ticking = [t for w in windows for t in w.findChildren(QTimer) if t.isActive() and w.isVisible()]
    assert not ticking, f"timers left running: {ticking}"


@pytest.fixture(autouse=True)
def _own_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three looks for the house model, one for the others: not those that are shipped."""
    folder = tmp_path / "presets"
    monkeypatch.setattr("engine.presets.PRESETS_FOLDER", folder)
    monkeypatch.setattr(
        "engine.sets.own_presets_folder", lambda bank: tmp_path / "own" / bank.value
    )
    for bank, names in (("house", ("Night", "Ink", "Wash")), ("turbo", ("Lava",))):
        (folder / bank).mkdir(parents=True)
        for number, name in enumerate(names):
            preset = Preset(name=name, prompt=f"{name.lower()} look", params={"strength": 0.5})
            save_preset(folder / bank / f"{number}-{name}.toml", preset)


@pytest.fixture(autouse=True)
def _own_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own session is taken up, and none is written over."""
    for module in ("engine.session", "engine.engine"):
        monkeypatch.setattr(f"{module}.sessions_folder", lambda: tmp_path / "session")


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """Of somebody who has closed the first-run screen; all else is as at the first start."""
    path = tmp_path / "window.json"
    save_settings(Settings(is_welcomed=True), path)
    return path


@pytest.fixture
def open_app(qtbot: QtBot, settings_file: Path) -> Iterator[OpenWindow]:
    """Opens the window as a user would find it; closes it after the test."""
    opened: list[MainWindow] = []

    def _open(engine: FakeEngine, show: object = None) -> MainWindow:
        window = open_window(engine, show, settings_file)  # type: ignore[arg-type]
        opened.append(window)
        qtbot.addWidget(window)
        qtbot.waitUntil(window.isActiveWindow)
        return window

    yield _open
    for window in opened:
        window.close()


@pytest.fixture
def window(open_app: OpenWindow, engine: FakeEngine) -> MainWindow:
    return open_app(engine)


@pytest.fixture
def usual_text(qapp: QApplication) -> Iterator[None]:
    """The text is as large as ever afterwards, for the tests to come."""
    yield
    apply_text_scale(qapp, 1.0)
