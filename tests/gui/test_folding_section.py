"""The folded sections of the look panel: out of the way, and yet nothing in them is hidden."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine_names import PARAMETERS, Section, StreamParams
from app.folding_section import FoldingSection
from app.look_panel import FOLDED, LookPanel


@pytest.fixture
def panel(qtbot: QtBot) -> LookPanel:
    panel = LookPanel()
    qtbot.addWidget(panel)
    panel.show_params(StreamParams())
    panel.show()
    return panel


def summary(section: FoldingSection) -> str:
    return section.head.summary.text()


def test_every_effect_is_in_the_section_that_the_table_names(panel: LookPanel) -> None:
    for section in FOLDED:
        inside = {row.parameter.name for row in panel.rows.values()
                  if panel.sections[section].isAncestorOf(row)}  # fmt: skip
        assert inside == {name for name, p in PARAMETERS.items() if p.section is section}


def test_sections_are_closed_until_a_touch_opens_them(panel: LookPanel) -> None:
    section, row = panel.sections[Section.FEEDBACK], panel.rows["feedback"]
    assert not row.isVisible()
    QTest.mouseClick(section.head, Qt.MouseButton.LeftButton)
    assert row.isVisible()
    QTest.mouseClick(section.head, Qt.MouseButton.LeftButton)
    assert not row.isVisible()


def test_keys_open_and_close_a_section(panel: LookPanel) -> None:
    head, row = panel.sections[Section.INPUT].head, panel.rows["mirror"]
    head.setFocus()
    for key, is_open in [
        (Qt.Key.Key_Right, True), (Qt.Key.Key_Right, True), (Qt.Key.Key_Left, False),
        (Qt.Key.Key_Return, True), (Qt.Key.Key_Space, False),
    ]:  # fmt: skip
        QTest.keyClick(head, key)
        assert row.isVisible() is is_open


def test_a_closed_section_names_what_is_in_use(panel: LookPanel) -> None:
    assert {summary(section) for section in panel.sections.values()} == {"off"}
    panel.show_params(StreamParams(mirror="vertical", zoom=2.0, key_hue_deg=10.0, contrast=1.2))
    assert summary(panel.sections[Section.INPUT]) == "Mirror, Zoom"  # no key, so no hue of it
    assert summary(panel.sections[Section.FEEDBACK]) == "off"
    assert summary(panel.sections[Section.PICTURE]) == "Contrast"
    assert panel.sections[Section.INPUT].head.accessibleDescription() == "Mirror, Zoom"


def test_a_slider_in_a_section_is_edited_like_any_other(panel: LookPanel, qtbot: QtBot) -> None:
    panel.sections[Section.PICTURE].head.setChecked(True)
    with qtbot.waitSignal(panel.value_edited) as edited:
        QTest.keyClick(panel.rows["hue_deg"].fader, Qt.Key.Key_Right)  # type: ignore[attr-defined]
    assert edited.args == ["hue_deg", 1.0]
