"""A pad whose look moves by itself."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.main_window import MainWindow
from engine.modulation import Lfo, Route
from tests.gui.fake_engine import FakeEngine

WOBBLE = (Route(parameter="strength", signal=Lfo()),)


@pytest.fixture
def _ink_wobbles(window: MainWindow) -> None:
    pad = window.looks.pads[1]
    assert pad is not None
    look = pad.look.model_copy(update={"modulation": WOBBLE})
    window.look_edits.replace(pad.model_copy(update={"look": look}))


@pytest.mark.usefixtures("_ink_wobbles")
def test_a_pad_brings_what_moves_it_and_the_next_one_takes_it_away(
    window: MainWindow, engine: FakeEngine
) -> None:
    QTest.keyClick(window, Qt.Key.Key_2)
    assert engine.modulation == window.link.show.modulation == WOBBLE
    QTest.keyClick(window, Qt.Key.Key_3)
    assert engine.modulation == window.link.show.modulation == ()
