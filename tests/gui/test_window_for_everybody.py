"""States without colour, tooltips on everything, and room for it on small and large screens."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QScreen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollBar,
    QTabBar,
    QWidget,
)

from app.main_window import MainWindow
from engine.api import PARAMETERS

# What deuteranopes, protanopes and tritanopes see of linear RGB, at full severity.
# Source: Machado, Oliveira, Fernandes 2009, "A physiologically-based model for simulation of
# color vision deficiency", table 1.
Matrix = tuple[tuple[float, float, float], ...]
SEEN_BY: dict[str, Matrix] = {
    "deuteranope": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "protanope": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "tritanope": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
INTERACTIVE = (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QPlainTextEdit)


def brightness(widget: QWidget, matrix: Matrix) -> np.ndarray:
    """The brightness (relative luminance, 0-1) of what somebody sees of a widget."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8)
    rows = flat.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    rgb = rows.reshape(image.height(), image.width(), 3) / 255.0
    perceived = np.clip((rgb**2.2) @ np.array(matrix).T, 0.0, 1.0)
    return perceived @ np.array([0.2126, 0.7152, 0.0722])


def test_what_is_on_differs_from_what_is_off_without_any_colour(window: MainWindow) -> None:
    row = window.panic_row
    buttons: list[QPushButton] = [*row.panic.values(), row.output_screen, row.virtual_camera]
    for button in [*buttons, row.record, row.stop_modulation]:
        for eyes, matrix in SEEN_BY.items():
            off, on = (seen(button, is_on, matrix) for is_on in (False, True))
            contrast = (np.maximum(off, on) + 0.05) / (np.minimum(off, on) + 0.05)
            strong = np.count_nonzero(contrast > 3.0)  # what WCAG 2.2 asks of a state, 1.4.11
            assert strong > 200, (button.text(), eyes, strong)


def seen(button: QPushButton, is_on: bool, matrix: Matrix) -> np.ndarray:
    """How bright it looks, on or off."""
    button.setChecked(is_on)
    return brightness(button, matrix)


def test_every_control_says_what_it_does(window: MainWindow) -> None:
    silent = [
        f"{type(widget).__name__} {widget.accessibleName() or widget.objectName()!r}"
        for widget in window.findChildren(QWidget)
        if isinstance(widget, INTERACTIVE) and not isinstance(widget, QScrollBar)
        if not says_what(widget, window)
    ]
    assert silent == []


def says_what(widget: QWidget | None, window: MainWindow) -> bool:
    """A tooltip of its own or of what it is a part of; words on a button in plain sight count."""
    if isinstance(widget, QAbstractButton) and widget.text().strip("\u2002 …▾"):
        return True
    if widget is not None and isinstance(widget.parentWidget(), QTabBar):
        return True  # Qt's own arrows
    while widget is not None and widget is not window:
        if widget.toolTip():
            return True
        widget = widget.parentWidget()
    return False


def test_tooltips_of_parameters_come_from_the_table(window: MainWindow) -> None:
    panel = window.look_panel
    for name, control in (panel.rows | panel.editors).items():
        assert PARAMETERS[name].help in control.toolTip(), name
    assert set(panel.rows) | set(panel.editors) == set(PARAMETERS)


def test_nothing_is_cut_off_on_a_small_or_a_large_screen(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, usual_text: None
) -> None:
    for width_px, height_px, percent in ((1280, 720, 100), (1280, 720, 110), (3840, 2160, 200)):
        screen = QRect(0, 0, width_px, height_px)
        monkeypatch.setattr(QScreen, "availableGeometry", lambda _, screen=screen: screen)
        window.text_scale.set_percent(percent)
        window.resize(width_px, height_px)
        QApplication.processEvents()
        assert window.size() == QSize(width_px, height_px)
        assert window.minimumSizeHint().boundedTo(window.size()) == window.minimumSizeHint()
        for part in (window.panic_row, window.top_bar):
            for button in part.findChildren(QAbstractButton):
                assert part.rect().contains(button.geometry()), button.text()
                assert button.width() >= button.minimumSizeHint().width(), button.text()
        assert window.text_scale.percent == percent


def test_the_keyboard_reaches_every_part(window: MainWindow) -> None:
    reached: list[QWidget | None] = [window.nextInFocusChain()]
    while (widget := reached[-1]) is not None and widget is not window:
        reached.append(widget.nextInFocusChain())
    tabbed = {each for each in reached if each and each.focusPolicy() & Qt.FocusPolicy.TabFocus}
    assert {window.top_bar.menu, window.top_bar.source, window.panic_row.record} <= tabbed
    assert {*window.pads.pads, window.look_panel.editors["prompt"].edit} <= tabbed
