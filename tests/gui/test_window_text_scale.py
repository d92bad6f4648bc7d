"""Larger and smaller text, by key, kept for the next start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.settings import Settings, load_settings, save_settings
from app.theme import text_scale
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine

CTRL = Qt.KeyboardModifier.ControlModifier
SMALL = QRect(0, 0, 1280, 720)


@pytest.fixture
def small_screen(monkeypatch: pytest.MonkeyPatch) -> QRect:
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: SMALL)
    return SMALL


pytestmark = pytest.mark.usefixtures("usual_text")


def heights(window: MainWindow) -> tuple[int, int, int]:
    row = window.look_panel.rows["strength"]
    return row.label.fontMetrics().height(), row.height(), window.panic_row.run.minimumHeight()


def test_text_and_what_holds_it_grow_and_shrink_by_key_and_go_back(window: MainWindow) -> None:
    usual = heights(window)
    QTest.keyClick(window, Qt.Key.Key_Plus, CTRL)
    larger = heights(window)
    assert all(new > old for new, old in zip(larger, usual, strict=True))
    QTest.keyClick(window, Qt.Key.Key_0, CTRL)
    assert heights(window) == usual
    QTest.keyClick(window, Qt.Key.Key_Minus, CTRL)
    assert heights(window)[0] < usual[0]


def test_the_size_of_the_text_is_kept(open_app: OpenWindow, engine: FakeEngine) -> None:
    window = open_app(engine)
    QTest.keyClick(window, Qt.Key.Key_Equal, CTRL)
    window.close()
    window = open_app(FakeEngine())
    assert window.text_scale.percent == 110
    assert text_scale() == pytest.approx(1.1)


def test_text_stays_at_the_largest_size_that_the_screen_has_room_for(
    small_screen: QRect, window: MainWindow
) -> None:
    QTest.keyClick(window, Qt.Key.Key_Plus, CTRL)
    assert window.text_scale.percent == 110
    QTest.keyClick(window, Qt.Key.Key_Plus, CTRL)
    assert window.text_scale.percent == 110
    assert is_within(window, small_screen)
    told = re.fullmatch(
        r"Text at 125 % needs (\d+)×(\d+); this screen has 1280×720, so it stays at 110 %\.",
        window.stage.notices.text.text(),
    )
    assert told
    assert int(told[1]) > 1280 or int(told[2]) > 720


def test_a_kept_size_is_shown_smaller_on_a_small_screen_and_stays_wanted(
    small_screen: QRect, open_app: OpenWindow, settings_file: Path
) -> None:
    save_settings(Settings(is_welcomed=True, text_percent=150), settings_file)
    window = open_app(FakeEngine())
    assert window.text_scale.percent == 110
    assert is_within(window, small_screen)
    assert window.stage.notices.text.text().endswith(
        "this screen has 1280×720, so it is shown at 110 %."
    )
    window.close()
    assert load_settings(settings_file).text_percent == 150


def test_text_follows_the_window_to_a_smaller_screen_and_back(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.text_scale.set_percent(125)
    assert window.text_scale.percent == 125
    handle = window.windowHandle()
    with monkeypatch.context() as moved:
        moved.setattr(QScreen, "availableGeometry", lambda _: SMALL)
        handle.screenChanged.emit(window.screen())
        assert window.text_scale.percent == 110
        assert is_within(window, SMALL)
    handle.screenChanged.emit(window.screen())
    assert window.text_scale.percent == 125


def is_within(window: MainWindow, screen: QRect) -> bool:
    QApplication.processEvents()
    needed = window.minimumSizeHint().expandedTo(window.minimumSize())
    return needed.boundedTo(screen.size()) == needed


def test_the_first_window_fits_a_small_screen(small_screen: QRect, open_app: OpenWindow) -> None:
    window = open_app(FakeEngine())
    assert window.width() <= small_screen.width()
    assert window.height() <= small_screen.height()
