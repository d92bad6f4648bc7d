"""The output screen: on any of several displays, which come and go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.clean_feed import WAITING
from app.displays import list_displays
from app.main_window import MainWindow
from app.scaling import Scaling, placement
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine, picture

Plug = Callable[..., None]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> Plug:
    """Leaves only the displays of these names, and tells as the system does."""
    all_screens = QGuiApplication.screens
    present = {screen.name() for screen in all_screens()}
    monkeypatch.setattr(
        QGuiApplication, "screens", lambda: [s for s in all_screens() if s.name() in present]
    )

    def _plug(*names: str) -> None:
        changed = present ^ set(names)
        for each in [screen for screen in all_screens() if screen.name() in changed]:
            signal = qapp.screenRemoved if each.name() in present else qapp.screenAdded
            present.symmetric_difference_update([each.name()])
            signal.emit(each)

    return _plug


def shown_on(window: MainWindow) -> str:
    """The name of the display that shows the output; "" for none."""
    feed = window.feed.window
    return feed.screen().name() if feed is not None and feed.isVisible() else ""


def screen(name: str) -> QScreen:
    return next(each for each in QGuiApplication.screens() if each.name() == name)


def choose(window: MainWindow, text: str) -> None:
    """In the menu of the output screen."""
    window.screen_menu.aboutToShow.emit()
    next(a for a in window.screen_menu.actions() if text in a.text()).trigger()


@pytest.fixture
def desk(window: MainWindow) -> MainWindow:
    """The window, on the desk's display."""
    window.setScreen(screen("Desk"))
    window.move(0, 0)
    assert window.screen().name() == "Desk"
    return window


def test_f11_fills_a_display_that_the_window_is_not_on(qtbot: QtBot, desk: MainWindow) -> None:
    QTest.keyClick(desk, Qt.Key.Key_F11)
    assert shown_on(desk) == "Beamer"
    feed = desk.feed.window
    assert feed is not None
    assert feed.geometry() == screen("Beamer").geometry()
    assert desk.panic_row.output_screen.isChecked()
    QTest.keyClick(desk, Qt.Key.Key_F11)
    assert shown_on(desk) == ""
    assert not desk.panic_row.output_screen.isChecked()


def test_the_menu_lists_displays_by_number_name_and_size(desk: MainWindow) -> None:
    desk.screen_menu.aboutToShow.emit()
    labels = [action.text() for action in desk.screen_menu.actions()][1:4]
    assert labels == [
        "1   Beamer   1280×800",
        "2   Desk   1920×1080   (this window)",
        "3   Wall   3840×2160",
    ]
    choose(desk, "Wall")
    assert shown_on(desk) == "Wall"


def test_a_number_stands_on_every_display_and_goes_by_itself(
    qtbot: QtBot, desk: MainWindow
) -> None:
    QTest.keyClick(desk, Qt.Key.Key_F11, Qt.KeyboardModifier.ControlModifier)
    cards = desk.screen_menu.identify.cards
    assert [card.screen().name() for card in cards] == ["Beamer", "Desk", "Wall"]
    assert [card.display.number for card in cards] == [1, 2, 3]
    desk.screen_menu.identify._timer.setInterval(1)
    qtbot.waitUntil(lambda: desk.screen_menu.identify.cards == [])


def test_an_unplugged_display_hands_the_output_on_and_gets_it_back(
    qtbot: QtBot, desk: MainWindow, plug: Plug
) -> None:
    choose(desk, "Wall")
    plug("Beamer", "Desk")
    qtbot.waitUntil(lambda: shown_on(desk) == "Beamer")
    assert "plays on Beamer" in desk.stage.notices.text.text()
    plug("Beamer", "Desk", "Wall")
    qtbot.waitUntil(lambda: shown_on(desk) == "Wall")
    assert not desk.stage.notices.isVisible()


def test_the_last_display_to_go_takes_the_output_with_it_until_it_returns(
    qtbot: QtBot, desk: MainWindow, plug: Plug
) -> None:
    choose(desk, "Wall")
    plug("Desk")
    qtbot.waitUntil(lambda: shown_on(desk) == "")
    assert desk.stage.notices.text.text() == WAITING
    assert not desk.panic_row.output_screen.isChecked()
    plug("Desk", "Wall")
    qtbot.waitUntil(lambda: shown_on(desk) == "Wall")
    assert not desk.stage.notices.isVisible()


def test_an_output_screen_that_was_closed_stays_closed_when_displays_return(
    qtbot: QtBot, desk: MainWindow, plug: Plug
) -> None:
    choose(desk, "Wall")
    plug("Desk")
    qtbot.waitUntil(lambda: shown_on(desk) == "")
    QTest.keyClick(desk, Qt.Key.Key_F11)
    with qtbot.assertNotEmitted(desk.feed.shown_changed, wait=20):
        plug("Desk", "Wall")
    assert shown_on(desk) == ""


def test_the_output_screen_comes_back_at_the_next_start(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    window.feed.open(next(d.key for d in list_displays() if d.name == "Wall"))
    choose(window, "Fill")
    choose(window, "Square")
    window.close()
    window = open_app(FakeEngine())
    assert shown_on(window) == "Wall"
    feed = window.feed.window
    assert feed is not None
    assert (feed.scaling, feed.is_smooth) == (Scaling.FILL, False)


def test_the_picture_fills_the_display_as_chosen(
    qtbot: QtBot, desk: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(desk, Qt.Key.Key_F11)
    feed = desk.feed.window
    assert feed is not None
    assert feed.cursor().shape() is Qt.CursorShape.BlankCursor
    engine.output = picture(200)
    qtbot.waitUntil(lambda: feed.frame is engine.output)
    assert feed.grab().toImage().pixelColor(2, 2).red() < 10  # a bar
    choose(desk, "Stretch")
    assert feed.grab().toImage().pixelColor(2, 2).red() == 200


PICTURE = QSize(256, 256)


@pytest.mark.parametrize(
    ("view", "scaling", "part", "place"),
    [
        ((1920, 1080), Scaling.FIT, (0, 0, 256, 256), (420, 0, 1080, 1080)),
        ((1920, 1080), Scaling.FILL, (0, 56, 256, 144), (0, 0, 1920, 1080)),
        ((1920, 1080), Scaling.STRETCH, (0, 0, 256, 256), (0, 0, 1920, 1080)),
        ((1920, 1080), Scaling.ACTUAL, (0, 0, 256, 256), (832, 412, 256, 256)),
        ((100, 300), Scaling.ACTUAL, (78, 0, 100, 256), (0, 22, 100, 256)),
        ((3840, 1), Scaling.FILL, (0, 127, 256, 1), (0, 0, 3840, 1)),
    ],
)
def test_a_picture_lies_in_a_view_as_its_scaling_says(
    view: tuple[int, int], scaling: Scaling, part: tuple[int, ...], place: tuple[int, ...]
) -> None:
    assert placement(PICTURE, QSize(*view), scaling) == (QRect(*part), QRect(*place))
