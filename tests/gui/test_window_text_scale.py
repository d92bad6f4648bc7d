"""Larger and smaller text, by key, kept for the next start."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.main_window import MainWindow
from app.text_scale import PERCENTS
from app.theme import apply_text_scale, text_scale
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def _usual_text_afterwards(qapp: object) -> object:
    yield
    apply_text_scale(qapp, 1.0)  # type: ignore[arg-type]


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


def test_text_that_the_screen_has_no_room_for_is_refused(window: MainWindow) -> None:
    for _ in PERCENTS:
        QTest.keyClick(window, Qt.Key.Key_Plus, CTRL)
    assert window.text_scale.percent < PERCENTS[-1]
    assert window.stage.notices.text.text() == "This screen has no room for larger text."
    room, needed = window.screen().availableSize(), window.minimumSizeHint()
    assert needed.width() <= room.width()
    assert needed.height() <= room.height()
