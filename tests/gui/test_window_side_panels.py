"""Nothing of the window goes out of reach when a panel is opened at the side of a small screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.look_panel import PANEL_PX
from app.main_window import MainWindow
from app.scroll_column import ScrollColumn
from app.settings import Settings, save_settings
from app.theme import scaled
from engine.api import Cue, Preset, load_mappings
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine
from tests.gui.hands import press

CTRL = Qt.KeyboardModifier.ControlModifier
SMALL = QRect(0, 0, 1280, 720)
SIDES = {"cue_panel": Qt.Key.Key_F4, "controls_panel": Qt.Key.Key_F9}
OTHERS = {
    "input_panel": Qt.Key.Key_F6, "pads_panel": Qt.Key.Key_F7, "look_panel": Qt.Key.Key_F8,
}  # fmt: skip
NAME = "A set with a name that is as long as names of sets are in the small hours"
MAPPING = {"control": {"kind": "cc", "number": 7, "device": "A controller"}, "target": "seed"}
TEXT_KEYS = {80: Qt.Key.Key_Minus, 90: Qt.Key.Key_Minus, 110: Qt.Key.Key_Plus}

pytestmark = pytest.mark.usefixtures("usual_text")


@pytest.fixture
def small(open_app: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """On a screen of 1280×720, with a long name, several banks, a cue and a mapping."""
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: SMALL)
    engine = FakeEngine()
    window = open_app(engine)
    live_set = engine.performance.live_set.model_copy(update={"name": NAME})
    live_set = live_set.with_cue(1, Cue(look=Preset(name="A long name of a cue", prompt="words")))
    for _ in range(4):
        live_set = live_set.with_bank(len(live_set.banks) + 1, live_set.banks[0])
    engine.performance.edit(live_set)
    engine.performance.change_mappings(lambda _: load_mappings([MAPPING])[0])
    window.deck_link.pull()
    window.resize(SMALL.size())
    return window


def set_text(window: MainWindow, percent: int) -> None:
    """With the keys."""
    press(window, Qt.Key.Key_0, CTRL)
    for _ in range(abs(percent - 100) // 10):
        press(window, TEXT_KEYS[percent], CTRL)
    assert window.text_scale.percent == percent


def settle(window: MainWindow) -> None:
    for _ in range(3):
        QApplication.processEvents()
    assert window.size().boundedTo(SMALL.size()) == window.size()


def squeezed(window: MainWindow) -> list[str]:
    """Parts that are narrower or lower than what they hold needs; those that scroll may be low."""
    parts = (
        window.top_bar, window.input_panel, window.deck_strip, window.bank_bar, window.pads,
        window.cue_panel, window.controls_panel, window.look_panel, window.panic_row,
        *window.bank_bar.quantise.buttons(), *window.findChildren(ScrollColumn),
    )  # fmt: skip
    return [
        f"{type(part).__name__} {part.size()} needs {part.minimumSizeHint()}"
        for part in parts
        if part.isVisible()
        and part.minimumSizeHint().boundedTo(part.size()) != part.minimumSizeHint()
    ]


def sticking_out(window: MainWindow) -> list[str]:
    """Visible buttons whose right edge is beyond the window's or the column that scrolls them."""
    columns = window.findChildren(ScrollColumn)
    out: list[str] = []
    for button in window.findChildren(QPushButton):
        if not button.isVisible():
            continue
        column = next((each for each in columns if each.isAncestorOf(button)), None)
        frame: QWidget = window if column is None else column.viewport()
        if button.mapTo(frame, QPoint(button.width(), 0)).x() > frame.width():
            out.append(button.text())
    return out


@pytest.mark.parametrize("side", SIDES)
def test_every_combination_of_panels_has_room_at_every_size_of_text_that_a_small_screen_has(
    small: MainWindow, side: str
) -> None:
    press(small, SIDES[side])
    small.controls_panel.list.setCurrentRow(0)
    small.cue_panel.list.setCurrentRow(0)
    for percent in (80, 90, 100, 110):
        set_text(small, percent)
        for hidden in (None, *OTHERS):
            if hidden is not None:
                press(small, OTHERS[hidden])
            settle(small)
            assert (squeezed(small), sticking_out(small)) == ([], []), (percent, hidden)
            if hidden is not None:
                press(small, OTHERS[hidden])
        assert small.text_scale.percent == percent  # nothing has jumped


@pytest.mark.parametrize("percent", [100, 110])
def test_a_side_panel_that_is_opened_later_finds_room(small: MainWindow, percent: int) -> None:
    set_text(small, percent)
    small.resize(small.minimumSize())
    for key in SIDES.values():
        press(small, key)
        settle(small)
        assert (squeezed(small), sticking_out(small)) == ([], [])
    assert small.text_scale.percent == percent


def test_the_look_panel_makes_room_for_a_side_panel_and_takes_it_back(small: MainWindow) -> None:
    set_text(small, 110)
    settle(small)
    assert small.look_panel.width() == scaled(PANEL_PX)
    press(small, Qt.Key.Key_F9)
    settle(small)
    assert small.look_panel.width() < scaled(PANEL_PX)
    press(small, Qt.Key.Key_F9)
    settle(small)
    assert small.look_panel.width() == scaled(PANEL_PX)


def test_when_pads_play_is_whole_beside_a_long_name_and_many_banks(small: MainWindow) -> None:
    press(small, Qt.Key.Key_F9)
    settle(small)
    for button in small.bank_bar.quantise.buttons():
        assert button.width() >= button.sizeHint().width()
    QTest.mouseClick(small.bank_bar.quantise.buttons()[2], Qt.MouseButton.LeftButton)
    assert small.deck_link.quantise == "bar"


def test_what_lies_below_in_the_controllers_is_scrolled_to(small: MainWindow) -> None:
    set_text(small, 110)
    press(small, Qt.Key.Key_F9)
    panel = small.controls_panel
    panel.list.setCurrentRow(0)
    settle(small)
    column = panel.findChild(ScrollColumn)
    column.verticalScrollBar().setValue(column.verticalScrollBar().maximum())
    lowest = panel.monitor.mapTo(column.viewport(), QPoint(0, panel.monitor.height())).y()
    assert lowest <= column.viewport().height()


def test_a_window_that_was_wide_comes_back_on_a_small_screen_with_one_side_panel(
    open_app: OpenWindow, monkeypatch: pytest.MonkeyPatch, settings_file: object
) -> None:
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: SMALL)
    save_settings(Settings(is_welcomed=True, hidden_panels=[]), settings_file)  # type: ignore[arg-type]
    window = open_app(FakeEngine())
    assert [name for name in SIDES if window.panels[name].isVisible()] == ["cue_panel"]
    assert window.text_scale.percent == 100
