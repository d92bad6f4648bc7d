"""A whole set as a performer plays it: the window on the real engine, the model taken out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine import session
from engine.api import IDENTITY_MODEL, Engine, Pad, PadBank, Preset, RenderSpec, Set, ShowSpec
from engine.control.desk import ControlMakers
from engine.set_files import load_set, save_set
from tests.gui.conftest import OpenWindow
from tests.support.control import FakeMidi

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="pattern", render=RenderSpec(IDENTITY_MODEL, 64, 64))
BOX = "Box"
CTRL = Qt.KeyboardModifier.ControlModifier
RAIN = Preset(name="Rain", prompt="golden rain", params={"strength": 0.3})
SNOW = Preset(name="Snow", prompt="white snow", params={"strength": 0.9})
FRIDAY = Set(
    name="Friday",
    banks=(PadBank(name="Doors", pads=(Pad(number=1, look=RAIN), Pad(number=2, look=SNOW))),),
)
CRASH = """
import os, sys
from pathlib import Path
from engine import session
from engine.clock import MonotonicClock
from engine.set_files import load_set

live_set, _ = load_set(Path(sys.argv[2]))
kept = session.Session(Path(sys.argv[1]), lambda: live_set, MonotonicClock(), print)
kept.begin()
while not (Path(sys.argv[1]) / session.SESSION_NAME).exists():
    kept._stop.wait(0.05)
os._exit(1)
"""


@pytest.fixture
def midi() -> FakeMidi:
    return FakeMidi(BOX)


@pytest.fixture
def friday(tmp_path: Path) -> Path:
    save_set(tmp_path / "friday.toml", FRIDAY)
    return tmp_path / "friday.toml"


def engine_with(midi: FakeMidi) -> Engine:
    return Engine(control_makers=ControlMakers(lambda: midi))


def learn_the_crossfader(qtbot: QtBot, window: MainWindow, midi: FakeMidi) -> None:
    panel = window.controls_panel
    QTest.keyClick(window, Qt.Key.Key_F9)
    panel.midi.click()
    qtbot.waitUntil(lambda: BOX in midi.listeners, timeout=PATIENCE_MS)
    QTest.keyClick(window, Qt.Key.Key_M, CTRL)
    QTest.mouseClick(window.deck_strip.crossfader, Qt.MouseButton.LeftButton)
    for value in (10, 30, 50, 64):
        midi.move(BOX, "control_change", channel=0, control=7, value=value)
    qtbot.waitUntil(lambda: panel.list.count() == 1, timeout=PATIENCE_MS)


def test_a_whole_set_is_played_kept_and_played_again(
    qtbot: QtBot, open_app: OpenWindow, midi: FakeMidi, friday: Path, tmp_path: Path
) -> None:
    window = open_app(engine_with(midi), SHOW)
    qtbot.waitUntil(lambda: window.stage.output.frame is not None, timeout=PATIENCE_MS)
    window.deck_link.open_set(friday)
    learn_the_crossfader(qtbot, window, midi)

    QTest.keyClick(window, Qt.Key.Key_1)
    QTest.keyClick(window, Qt.Key.Key_2)
    assert (window.looks.playing_name, window.link.params.strength) == ("Snow", 0.9)
    ends = (0, 127) if window.deck_link.state.crossfade == 1.0 else (127, 0)
    for value in (ends[1], 64, ends[0]):  # takes over where the crossfader stands
        midi.move(BOX, "control_change", channel=0, control=7, value=value)
    qtbot.waitUntil(lambda: window.looks.playing_name == "Rain", timeout=PATIENCE_MS)
    assert window.pads.pads[0].isChecked()

    window.outputs.recordings_folder = tmp_path
    QTest.keyClick(window, Qt.Key.Key_R, CTRL)
    qtbot.waitUntil(lambda: "●" in window.input_panel.sinks.text(), timeout=PATIENCE_MS)
    QTest.keyClick(window, Qt.Key.Key_R, CTRL)
    window.link.update({"strength": 0.55})
    QTest.keyClick(window, Qt.Key.Key_P, CTRL)
    QTest.keyClick(window, Qt.Key.Key_S, CTRL)
    window.close()

    (recording,) = tmp_path.glob("*.mp4")
    assert recording.stat().st_size > 0
    stored, problems = load_set(friday)
    assert problems == []
    assert stored.banks[0].pads[0].look.params["strength"] == 0.55
    assert [mapping["target"] for mapping in stored.mappings] == ["crossfade"]
    assert stored.place is not None
    assert {stored.place.a.name, stored.place.b.name} == {"Rain", "Snow"}

    again = open_app(engine_with(midi))
    qtbot.waitUntil(lambda: again.looks.playing_name == "Rain", timeout=PATIENCE_MS)
    assert again.pads.pads[0].isChecked()
    assert again.link.params.strength == 0.55
    assert not again.isWindowModified()
    assert [mapping.target for mapping in again.controls.mappings] == ["crossfade"]


def test_another_set_brings_its_own_mappings_and_one_without_leaves_the_hardware_as_it_is(
    qtbot: QtBot, open_app: OpenWindow, midi: FakeMidi, friday: Path, tmp_path: Path
) -> None:
    window = open_app(engine_with(midi), SHOW)
    learn_the_crossfader(qtbot, window, midi)
    saved = tmp_path / "with-a-fader.toml"
    window.deck_link.save_set(saved)
    (learned,) = window.controls.mappings
    turned = learned.model_copy(update={"is_inverted": True})
    window.controls.replace(learned, turned)
    window.deck_link.save_set(tmp_path / "turned.toml")
    window.deck_link.open_set(saved)
    assert window.controls.mappings == window.link.engine.controls.mappings == (learned,)
    window.deck_link.open_set(tmp_path / "turned.toml")
    window.deck_link.open_set(friday)
    assert window.controls.mappings == window.link.engine.controls.mappings == (turned,)
    assert not window.isWindowModified()


def test_after_a_real_crash_the_window_takes_up_what_was_written_by_itself(
    qtbot: QtBot, open_app: OpenWindow, friday: Path
) -> None:
    """A program that dies with the session in its hands, then this window."""
    folder = session.sessions_folder()
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH, str(folder), str(friday)],
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert crashed.returncode == 1
    window = open_app(Engine())
    assert window.pads.pads[0].text() == "Rain"
    assert "did not end in order" in window.stage.notices.text.text()
    qtbot.waitUntil(lambda: window.link.is_running, timeout=PATIENCE_MS)
    window.stage.notices.accept_button.click()
    assert window.pads.pads[0].text() == "Night"
