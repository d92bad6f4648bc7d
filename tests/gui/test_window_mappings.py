"""What is learned is edited in the window, plays as it is drawn, and belongs to the set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from pythonosc.udp_client import SimpleUDPClient

from app.main_window import MainWindow
from app.mapping_editor import MappingEditor
from app.mapping_wording import FIELDS
from engine.api import (
    IDENTITY_MODEL,
    ControlMapping,
    Engine,
    OutputState,
    RenderSpec,
    ShowSpec,
    load_mappings,
    load_set,
)
from tests.gui.conftest import OpenWindow
from tests.gui.hands import click, press, told

PATIENCE_MS = 30_000  # real threads on a machine that may be busy
SHOW = ShowSpec(source="pattern", render=RenderSpec(IDENTITY_MODEL, 64, 64))
CTRL = Qt.KeyboardModifier.ControlModifier
Send = Callable[[str, float], None]


@pytest.fixture
def playing(open_app: OpenWindow) -> MainWindow:
    window = open_app(Engine(), SHOW)
    press(window, Qt.Key.Key_F9)
    return window


@pytest.fixture
def send(qtbot: QtBot, playing: MainWindow) -> Iterator[Send]:
    """The hardware: whatever it sends arrives by OSC on this machine."""
    panel = playing.controls_panel
    playing.controls.set_osc(0)
    qtbot.waitUntil(lambda: "● osc 127.0.0.1:" in panel.states.text(), timeout=PATIENCE_MS)
    with SimpleUDPClient("127.0.0.1", int(panel.states.text().rsplit(":", 1)[1])) as client:
        yield client.send_message


def learn(qtbot: QtBot, window: MainWindow, widget: QWidget, send: Send) -> MappingEditor:
    """Learn, a click on the control, the hardware moves."""
    panel = window.controls_panel
    press(window, Qt.Key.Key_M, CTRL)
    click(widget)
    assert window.controls_panel.target.currentText() in window.controls_panel.hint.text()
    send("/hardware", 0.3)
    qtbot.waitUntil(lambda: not panel.learn.isChecked(), timeout=PATIENCE_MS)
    return panel.editor


def learn_strength(qtbot: QtBot, window: MainWindow, send: Send) -> MappingEditor:
    return learn(qtbot, window, window.look_panel.rows["strength"].control, send)


def wait_for_strength(qtbot: QtBot, window: MainWindow, strength: float) -> None:
    qtbot.waitUntil(
        lambda: window.link.params.strength == pytest.approx(strength), timeout=PATIENCE_MS
    )


def type_over(field: QWidget, text: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_curve_is_chosen_with_the_keyboard_and_the_parameter_follows_it(
    qtbot: QtBot, playing: MainWindow, send: Send
) -> None:
    editor = learn_strength(qtbot, playing, send)
    assert editor.isVisible()  # learned, it can be edited at once
    send("/hardware", 0.5)
    wait_for_strength(qtbot, playing, 0.5)
    editor.curve.setFocus()
    QTest.keyClick(editor.curve, Qt.Key.Key_Down)
    assert editor.curve.currentText() == "fine start"
    send("/hardware", 0.5)
    wait_for_strength(qtbot, playing, 0.25)
    slider = playing.look_panel.rows["strength"].control
    qtbot.waitUntil(lambda: slider.value() == slider.maximum() // 4, timeout=PATIENCE_MS)


def test_the_drawn_curve_shows_the_control_and_the_slider_where_they_stand(
    qtbot: QtBot, playing: MainWindow, send: Send
) -> None:
    editor = learn_strength(qtbot, playing, send)
    send("/hardware", 0.5)
    qtbot.waitUntil(lambda: editor.graph.dot == (0.5, 0.5), timeout=PATIENCE_MS)
    editor.curve.setFocus()
    QTest.keyClick(editor.curve, Qt.Key.Key_Down)
    assert editor.graph.dot == (0.5, 0.25)  # where the control is leads somewhere else now
    playing.link.update({"strength": 0.8})
    qtbot.waitUntil(lambda: editor.graph.level == pytest.approx(0.8), timeout=PATIENCE_MS)
    assert editor.graph.dot == (0.5, 0.25)


def test_a_threshold_says_how_far_a_switch_must_be_pressed(
    qtbot: QtBot, playing: MainWindow, send: Send
) -> None:
    freeze = playing.panic_row.panic[OutputState.FREEZE]
    editor = learn(qtbot, playing, freeze, send)
    assert not editor.curve.isEnabled()
    assert "two ends" in editor.curve.toolTip()
    type_over(editor.threshold, "80")
    assert playing.controls.mappings[0].threshold == 0.8
    send("/hardware", 0.75)
    qtbot.waitUntil(lambda: editor.graph.dot == (0.75, 0.0), timeout=PATIENCE_MS)
    assert playing.link.engine.output is OutputState.LIVE
    send("/hardware", 0.875)
    qtbot.waitUntil(freeze.isChecked, timeout=PATIENCE_MS)


def test_what_makes_no_difference_is_grey_and_says_why(
    qtbot: QtBot, playing: MainWindow, send: Send
) -> None:
    editor = learn_strength(qtbot, playing, send)
    assert (editor.mode.isEnabled(), editor.curve.isEnabled()) == (True, True)
    assert not editor.threshold.isEnabled()
    assert "follows" in editor.threshold.toolTip()
    editor.mode.setFocus()
    QTest.keyClick(editor.mode, Qt.Key.Key_Down)
    assert (editor.curve.isEnabled(), editor.threshold.isEnabled()) == (False, True)
    editor = learn(qtbot, playing, playing.pads.pads[0], send)
    assert not editor.mode.isEnabled()
    assert "every press" in editor.mode.toolTip()


def test_what_is_learned_and_edited_marks_the_set_and_is_undone(
    qtbot: QtBot, playing: MainWindow, send: Send, tmp_path: Path
) -> None:
    playing.deck_link.save_set(tmp_path / "mine.toml")
    assert not playing.isWindowModified()
    editor = learn_strength(qtbot, playing, send)
    assert playing.isWindowModified()
    playing.deck_link.save_set()
    assert not playing.isWindowModified()
    editor.curve.setFocus()
    QTest.keyClick(editor.curve, Qt.Key.Key_End)
    assert playing.isWindowModified()
    playing.stage.setFocus()
    press(playing, Qt.Key.Key_Z, CTRL)
    assert told(playing) == "Undone: mapping of Strength."
    assert editor.curve.currentText() == "straight"
    assert not playing.isWindowModified()
    press(playing, Qt.Key.Key_Z, CTRL)
    assert playing.link.engine.controls.mappings == ()
    assert playing.controls_panel.list.count() == 0
    assert not editor.isVisible()
    press(playing, Qt.Key.Key_Y, CTRL)
    press(playing, Qt.Key.Key_Y, CTRL)
    press(playing, Qt.Key.Key_S, CTRL)
    (mapping,) = load_mappings(load_set(tmp_path / "mine.toml")[0].mappings)[0]
    assert mapping == playing.link.engine.controls.mappings[0]
    assert mapping.curve == "s_curve"


def test_fields_are_gone_through_with_the_keyboard_while_the_set_follows(
    qtbot: QtBot, playing: MainWindow, send: Send
) -> None:
    editor = learn_strength(qtbot, playing, send)
    editor.low.setFocus()
    QTest.keyClick(editor.low, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(editor.low, "0.2")
    QTest.keyClick(editor.low, Qt.Key.Key_Tab)
    assert playing.controls.mappings[0].ends == (0.2, 1.0)
    QTest.keyClick(editor.high, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(editor.high, "0.6")
    send("/hardware", 1.0)  # it plays, and the panel is told, while this is being typed
    wait_for_strength(qtbot, playing, 1.0)
    assert QApplication.focusWidget() is editor.high
    assert editor.high.value() == 0.6 or editor.high.text() == "0.6"
    QTest.keyClick(editor.high, Qt.Key.Key_Return)
    assert playing.controls.mappings[0].ends == (0.2, 0.6)
    send("/hardware", 1.0)
    wait_for_strength(qtbot, playing, 0.6)


def test_mappings_cannot_be_edited_while_the_window_is_locked_for_the_show(
    qtbot: QtBot, playing: MainWindow, send: Send
) -> None:
    editor = learn_strength(qtbot, playing, send)
    press(playing, Qt.Key.Key_F10)
    assert not editor.isEnabled()
    assert not playing.controls_panel.learn.isEnabled()
    send("/hardware", 0.5)  # it plays on, and is seen to
    qtbot.waitUntil(lambda: editor.graph.dot == (0.5, 0.5), timeout=PATIENCE_MS)
    assert editor.graph.isVisible()
    press(playing, Qt.Key.Key_F10)
    assert editor.isEnabled()
    assert not editor.threshold.isEnabled()


def test_takeover_and_speed_and_light_are_there_where_they_apply(
    qtbot: QtBot, playing: MainWindow
) -> None:
    editor = show_kinds(playing, "cc", "encoder", "note", "program")
    seen = []
    for row in range(4):
        playing.controls_panel.list.setCurrentRow(row)
        seen.append([w.isVisible() for w in (editor.takeover, editor.speed, editor.light)])
        labels = (editor.takeover_label.isVisible(), editor.speed_label.isVisible())
        assert labels == tuple(seen[-1][:2])
    cc, encoder, note, program = seen
    assert cc == [True, False, True]
    assert encoder == [False, True, True]
    assert note == [False, False, True]  # a switch: nothing to pick up
    assert program == [False, False, False]


def test_takeover_speed_and_light_are_edited_by_hand_saved_and_undone(
    qtbot: QtBot, playing: MainWindow, tmp_path: Path
) -> None:
    editor = show_kinds(playing, "cc", "encoder")
    playing.deck_link.save_set(tmp_path / "mine.toml")
    panel = playing.controls_panel
    panel.list.setCurrentRow(0)
    editor.takeover.setFocus()
    QTest.keyClick(editor.takeover, Qt.Key.Key_End)
    assert editor.takeover.currentText() == "pick up"
    click(editor.light)
    panel.list.setCurrentRow(1)
    type_over(editor.speed, "2.5")
    fader, knob = playing.link.engine.controls.mappings
    assert (fader.takeover, fader.has_feedback) == ("pick_up", False)
    assert (knob.speed, knob.has_feedback) == (2.5, True)
    press(playing, Qt.Key.Key_S, CTRL)
    assert load_mappings(load_set(tmp_path / "mine.toml")[0].mappings)[0] == (fader, knob)
    playing.stage.setFocus()
    for _ in range(3):
        press(playing, Qt.Key.Key_Z, CTRL)
    fader, knob = playing.link.engine.controls.mappings
    assert (fader.takeover, fader.has_feedback, knob.speed) == ("jump", True, 1.0)
    panel.list.setCurrentRow(0)
    assert editor.takeover.currentText() == "jump"
    assert editor.light.isChecked()


def test_an_edit_leaves_the_digits_alone_that_its_fields_do_not_show(playing: MainWindow) -> None:
    traits = {"speed": 0.123456, "threshold": 0.805, "minimum": 0.12345, "maximum": 0.98765}
    editor = show_kinds(playing, "cc", **traits)
    playing.controls_panel.list.setCurrentRow(0)
    click(editor.light)
    (mapping,) = playing.controls.mappings
    assert not mapping.has_feedback
    assert {name: getattr(mapping, name) for name in traits} == pytest.approx(traits, abs=1e-12)


def test_every_part_of_a_mapping_is_worded_once_and_told_of_in_the_guide() -> None:
    fields = set(ControlMapping.model_fields) - {"version", "control", "target"}
    assert set(FIELDS) == fields
    guide = (Path(__file__).parents[2] / "docs" / "performer.md").read_text(encoding="utf-8")
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    for name, wording in FIELDS.items():
        assert any(f"`{name}`" in row and f"*{wording.label}*" in row for row in rows), name


def show_kinds(window: MainWindow, *kinds: str, **traits: object) -> MappingEditor:
    """One mapping of each kind of MIDI control, as if a set had brought them."""
    targets = {"note": "panic/freeze", "program": "pad/1"}
    entries = [
        {
            "control": {"kind": kind, "number": number},
            "target": targets.get(kind, "strength"),
            **traits,
        }
        for number, kind in enumerate(kinds)
    ]
    window.link.engine.performance.change_mappings(lambda _: load_mappings(entries)[0])
    window.deck_link.pull()
    return window.controls_panel.editor
