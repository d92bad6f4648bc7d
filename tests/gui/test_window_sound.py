"""Sound and beat as a performer has them: choose an input, read the meters, tap."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine.api import AudioDevice, AudioError, AudioState, BeatLeader, Sound
from tests.gui.fake_engine import FakeEngine


def choose(window: MainWindow, label: str) -> None:
    actions = {action.text(): action for action in window.sound_menu.actions()}
    actions[label].trigger()


def test_four_taps_by_key_and_button_set_the_tempo(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    panel = window.sound_panel
    for _ in range(2):
        QTest.keyClick(window, Qt.Key.Key_T)
        engine.clock.advance(0.5)
        QTest.mouseClick(panel.tap, Qt.MouseButton.LeftButton)
        engine.clock.advance(0.5)
    qtbot.waitUntil(lambda: panel.trust.text() == "bpm · tapped")
    assert float(panel.bpm.text()) == pytest.approx(120, abs=0.1)


def test_the_beat_is_nudged_by_keys(window: MainWindow, engine: FakeEngine) -> None:
    before = engine.hearing.now().position
    QTest.keyClick(window, Qt.Key.Key_Period)
    assert engine.hearing.now().position == pytest.approx(before + 0.05)
    QTest.keyClick(window, Qt.Key.Key_Comma)
    assert engine.hearing.now().position == pytest.approx(before)


def test_a_sound_file_is_listened_to_and_remembered(
    window: MainWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    window.sound_menu._on_file_chosen(str(tmp_path / "beat.wav"))
    assert window.link.show.audio == f"file:{tmp_path / 'beat.wav'}"
    assert "beat.wav" in window.sound_panel.input.text()
    assert window._present_settings().audio == window.link.show.audio
    choose(window, "Nothing")
    assert window.link.show.audio == ""


def test_what_is_heard_moves_the_meters_and_says_when_it_is_too_loud(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine
) -> None:
    bands = (0.9, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0)
    loud = Sound(1.0, bands, state=AudioState.LISTENING, is_clipped=True)
    engine.hearing.sound.value = loud
    panel = window.sound_panel
    qtbot.waitUntil(lambda: panel.meter.sound is loud)
    assert panel.state.text() == "▲ too loud: turn the input down"


def test_where_there_is_no_sound_one_calm_sentence_says_so(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = window.sound_panel
    qtbot.waitUntil(lambda: panel.state.text().startswith("○ silent"))
    engine.hearing.sound.value = Sound(state=AudioState.LOST, message="The mixer is gone.")
    qtbot.waitUntil(lambda: panel.state.text() == "▲ The mixer is gone.")

    def no_system() -> None:
        raise AudioError("There is no sound system on this machine.")

    monkeypatch.setattr("app.sound_menu.list_devices", no_system)
    window.sound_menu.aboutToShow.emit()
    note = "There is no sound system on this machine."
    qtbot.waitUntil(lambda: [a.text() for a in window.sound_menu.devices.actions()] == [note])


def test_an_input_is_offered_by_name(
    qtbot: QtBot, window: MainWindow, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = AudioDevice(3, "Mixer", "ALSA", 2, 48_000.0, False)
    monkeypatch.setattr("app.sound_menu.list_devices", lambda: [device])
    window.sound_menu.aboutToShow.emit()
    menu = window.sound_menu.devices
    qtbot.waitUntil(lambda: [a.text() for a in menu.actions()] == ["Mixer   ALSA"])
    menu.actions()[0].trigger()
    assert window.link.show.audio == "Mixer"


def test_who_tells_the_beat_is_chosen_in_the_same_menu(
    window: MainWindow, engine: FakeEngine
) -> None:
    choose(window, "Taps only")
    assert engine.hearing.beat.choice is BeatLeader.TAP
