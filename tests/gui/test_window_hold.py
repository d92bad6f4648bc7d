"""A rate to hold: chosen by key or click, shown beside the figures, kept for the next start."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from app.hold_lamp import HoldLamp
from app.main_window import MainWindow
from engine.api import Holding
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine
from tests.gui.hands import click, press, told


def choice(window: MainWindow, label: str) -> QAction:
    return next(a for a in window.hold_menu.actions() if a.text() == label)


def shown(lamp: HoldLamp) -> tuple[str, str]:
    return lamp.value.text(), lamp.words.text()


@pytest.mark.parametrize(
    ("holding", "value", "words"),
    [
        (Holding(), "○ off", "hold"),
        (Holding(30.0), "● 30", "hold"),
        (Holding(30.0, judged_s=2.0), "● 30", "held"),
        (Holding(30.0, "3 of 4 steps", judged_s=2.0), "▼ 30", "3 of 4 steps"),
        (Holding(24.0, "1 of 4 steps, 192×192", judged_s=2.0), "▼ 24", "192×192"),
        (Holding(30.0, "1 of 4 steps", is_held=False, judged_s=2.0), "▲ 30", "not held"),
    ],
)
def test_the_lamp_says_what_is_painted_less_by_shape_and_word(
    window: MainWindow,
    engine: FakeEngine,
    qtbot: QtBot,
    holding: Holding,
    value: str,
    words: str,
) -> None:
    engine.say(holding=holding)
    lamp = window.top_bar.hud.hold_lamp
    qtbot.waitUntil(lambda: shown(lamp) == (value, words))
    assert (holding.lowered or "nothing") in lamp.toolTip()
    assert lamp.accessibleName().endswith(words)


def test_while_a_rate_is_held_the_lamp_is_there_and_the_steps_stay_as_set(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.link.set_value("num_inference_steps", 4)
    window.resize(window.minimumSize())
    engine.say(holding=Holding(30.0, "3 of 4 steps", judged_s=2.0))
    qtbot.waitUntil(lambda: window.top_bar.hud.hold_lamp.isVisible())
    steps = window.look_panel.rows["num_inference_steps"]
    assert steps.buttons.checkedId() == 4  # type: ignore[attr-defined]
    assert window.minimumSizeHint().width() <= window.minimumWidth()


def test_a_rate_is_chosen_by_key_and_kept_for_the_next_start(
    open_app: OpenWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window = open_app(engine)
    press(window, Qt.Key.Key_H)
    qtbot.waitUntil(window.hold_menu.isVisible)
    choice(window, "30").trigger()
    window.hold_menu.close()
    assert engine.called("hold_fps") == [(30.0,)]
    assert choice(window, "30").isChecked()
    window.close()
    again = FakeEngine()
    window = open_app(again)
    assert again.called("start")[0][0].target_fps_hz == 30.0  # type: ignore[attr-defined]
    assert choice(window, "30").isChecked()


def test_a_click_on_the_lamp_opens_the_menu_and_off_is_one_of_the_choices(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    window.link.hold_fps(30.0)
    click(window.top_bar.hud.hold_lamp)
    qtbot.waitUntil(window.hold_menu.isVisible)
    choice(window, "Off: everything is painted as set").trigger()
    window.hold_menu.close()
    assert engine.called("hold_fps") == [(30.0,), (0.0,)]


def test_the_menu_of_accelerators_leads_to_it_too(window: MainWindow) -> None:
    window.accelerator_menu.refresh()
    assert window.hold_menu.menuAction() in window.accelerator_menu.actions()


def test_without_a_show_the_lamp_says_what_is_wanted_and_nothing_more(
    window: MainWindow, engine: FakeEngine, qtbot: QtBot
) -> None:
    lamp = window.top_bar.hud.hold_lamp
    engine.say(holding=Holding(30.0, "3 of 4 steps", judged_s=2.0))
    qtbot.waitUntil(lambda: shown(lamp) == ("▼ 30", "3 of 4 steps"))
    window.link.stop()
    qtbot.waitUntil(lambda: shown(lamp) == ("● 30", "hold"))
    window.link.hold_fps(24.0)
    assert shown(lamp) == ("● 24", "hold")


def test_in_performance_mode_it_is_locked(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F10)
    press(window, Qt.Key.Key_H)
    assert not window.hold_menu.isVisible()
    assert "Locked for the show" in told(window)
    assert not window.hold_menu.isEnabled()
