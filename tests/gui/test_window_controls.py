"""Acting on the controls as a performer would, and watching what the engine is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.parameter_rows import ChoiceRow, LabeledSlider, SeedRow, SegmentRow, ToggleRow
from engine.api import PARAMETERS, GuidanceMode
from tests.gui.fake_engine import INFO, FakeEngine


def last_update(engine: FakeEngine) -> object:
    return engine.called("update")[-1][0]


def type_over(field: QWidget, text: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, text)


def slider(window: MainWindow, name: str) -> LabeledSlider:
    row = window.look_panel.rows[name]
    assert isinstance(row, LabeledSlider)
    return row


def test_every_parameter_has_a_control(window: MainWindow) -> None:
    shown = set(window.look_panel.rows) | set(window.look_panel.editors)
    assert shown == set(PARAMETERS)


def test_every_control_says_what_it_costs(window: MainWindow) -> None:
    for name, row in window.look_panel.rows.items():
        assert row.cost.cost is PARAMETERS[name].cost
        assert str(PARAMETERS[name].cost).capitalize() in row.cost.toolTip()


def test_arrow_keys_step_a_slider_and_the_engine_receives_it(
    window: MainWindow, engine: FakeEngine
) -> None:
    fader = slider(window, "strength").fader
    before = window.link.params.strength
    QTest.keyClick(fader, Qt.Key.Key_Right)
    assert last_update(engine) == {"strength": pytest.approx(before + 0.01)}


def test_the_wheel_steps_a_slider(window: MainWindow, engine: FakeEngine) -> None:
    fader = slider(window, "strength").fader
    before = window.link.params.strength
    middle = QPoint(fader.width() // 2, fader.height() // 2)
    event = QWheelEvent(
        middle, fader.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(fader, event)
    assert last_update(engine) == {"strength": pytest.approx(before - 0.01)}


def test_dragging_a_slider_to_its_end_sets_the_largest_value(
    window: MainWindow, engine: FakeEngine
) -> None:
    fader = slider(window, "dry_wet").fader
    QTest.mousePress(fader, Qt.MouseButton.LeftButton, pos=QPoint(2, fader.height() // 2))
    assert last_update(engine) == {"dry_wet": 0.0}
    QTest.mouseMove(fader, QPoint(fader.width(), fader.height() // 2))
    QTest.mouseRelease(fader, Qt.MouseButton.LeftButton)


def test_a_double_click_resets_to_the_default(window: MainWindow, engine: FakeEngine) -> None:
    fader = slider(window, "strength").fader
    QTest.keyClick(fader, Qt.Key.Key_End)
    QTest.mouseDClick(fader, Qt.MouseButton.LeftButton)
    assert last_update(engine) == {"strength": PARAMETERS["strength"].default}


def test_a_typed_value_reaches_the_engine_and_the_slider(
    window: MainWindow, engine: FakeEngine
) -> None:
    row = slider(window, "guidance_scale")
    type_over(row.field, "2.5")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert last_update(engine) == {"guidance_scale": 2.5}
    travel = PARAMETERS["guidance_scale"].to_position(2.5)
    assert row.fader.value() == round(travel * row.fader.maximum())


def test_a_value_out_of_range_is_refused_in_a_sentence_and_the_old_one_stays(
    window: MainWindow, engine: FakeEngine
) -> None:
    row = slider(window, "guidance_scale")
    before, calls = row.field.text(), len(engine.called("update"))
    type_over(row.field, "99")
    QTest.keyClick(row.field, Qt.Key.Key_Return)
    assert "from 0 to 8" in window.stage.notices.text.text()
    assert row.field.text() == before
    assert len(engine.called("update")) == calls


def test_escape_gives_up_a_value_that_is_being_typed(window: MainWindow) -> None:
    row = slider(window, "guidance_scale")
    before = row.field.text()
    type_over(row.field, "7")
    QTest.keyClick(row.field, Qt.Key.Key_Escape)
    assert row.field.text() == before


def test_what_is_being_typed_is_not_overwritten_by_the_engine(window: MainWindow) -> None:
    row = slider(window, "guidance_scale")
    type_over(row.field, "2.")
    window.link.update({"guidance_scale": 4.0})
    assert row.field.text() == "2."


def test_steps_are_set_by_one_click(window: MainWindow, engine: FakeEngine) -> None:
    row = window.look_panel.rows["num_inference_steps"]
    assert isinstance(row, SegmentRow)
    QTest.mouseClick(row.buttons.button(4), Qt.MouseButton.LeftButton)
    assert last_update(engine) == {"num_inference_steps": 4}


def test_guidance_mode_is_chosen_from_a_list(window: MainWindow, engine: FakeEngine) -> None:
    row = window.look_panel.rows["guidance_mode"]
    assert isinstance(row, ChoiceRow)
    row.box.setFocus()
    QTest.keyClick(row.box, Qt.Key.Key_Home)
    assert last_update(engine) == {"guidance_mode": "none"}
    assert window.link.params.guidance_mode is GuidanceMode.NONE


def test_a_switch_tells_its_state_in_a_word(window: MainWindow, engine: FakeEngine) -> None:
    row = window.look_panel.rows["similarity_filter"]
    assert isinstance(row, ToggleRow)
    row.switch.click()
    assert last_update(engine) == {"similarity_filter": False}
    assert row.switch.text() == "off"


def test_the_dice_give_another_seed(window: MainWindow, engine: FakeEngine) -> None:
    row = window.look_panel.rows["seed"]
    assert isinstance(row, SeedRow)
    QTest.mouseClick(row.dice, Qt.MouseButton.LeftButton)
    (name,) = last_update(engine)  # type: ignore[misc]
    assert name == "seed"
    assert row.field.text() == str(window.link.params.seed)


def test_an_inert_control_says_why_and_comes_back(window: MainWindow) -> None:
    row = slider(window, "guidance_scale")
    window.link.update({"guidance_mode": "none"})
    assert row.is_inert
    assert row.reason.isVisible()
    assert row.reason.text() == "guidance is off"
    window.link.update({"guidance_mode": "self_negative"})
    assert not row.is_inert
    assert row.fader.isVisible()


def test_a_prompt_is_applied_on_enter_and_not_before(
    window: MainWindow, engine: FakeEngine
) -> None:
    editor = window.look_panel.editors["prompt"]
    type_over(editor.edit, "a starry night")
    assert all("starry" not in str(call) for call in engine.called("update"))
    assert "Enter applies" in editor.state.text()
    QTest.keyClick(editor.edit, Qt.Key.Key_Return)
    assert last_update(engine) == {"prompt": "a starry night"}
    assert editor.state.text() == ""


def test_escape_gives_up_a_prompt(window: MainWindow) -> None:
    editor = window.look_panel.editors["prompt"]
    before = editor.edit.toPlainText()
    type_over(editor.edit, "something else")
    QTest.keyClick(editor.edit, Qt.Key.Key_Escape)
    assert editor.edit.toPlainText() == before
    assert not editor.edit.hasFocus()


def test_words_that_a_small_model_does_not_know_are_named(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.link.info is INFO)
    editor = window.look_panel.editors["prompt"]
    window.link.update({"prompt": "a starry night with an astronaut::0.7 | ink::0.3"})
    assert editor.unknown_words == ["astronaut"]
    assert "not known: astronaut" in editor.state.text()


def test_digits_typed_into_a_prompt_are_text_and_not_pads(
    window: MainWindow, engine: FakeEngine
) -> None:
    editor = window.look_panel.editors["prompt"]
    calls = len(engine.called("update"))
    type_over(editor.edit, "ink 2")
    assert editor.edit.toPlainText() == "ink 2"
    assert len(engine.called("update")) == calls


def test_a_control_that_the_model_makes_no_use_of_says_why_until_another_one_does(
    window: MainWindow,
) -> None:
    row = slider(window, "token_merging")
    assert not row.is_inert
    window.look_panel.show_info(replace(INFO, inert={"token_merging": "it has no attention"}))
    window.look_panel.show_params(window.link.params)
    assert row.is_inert
    assert row.reason.text() == "it has no attention"
    window.look_panel.show_info(INFO)
    assert not row.is_inert
