"""What is kept from one run to the next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.application import show_from
from app.engine_names import Section
from app.settings import Settings, load_settings, save_settings
from engine.api import FitMode, RenderSpec, ShowSpec
from tests.gui.conftest import OpenWindow
from tests.gui.fake_engine import FakeEngine


def test_the_show_goes_on_where_it_was(open_app: OpenWindow, engine: FakeEngine) -> None:
    window = open_app(engine)
    window.looks.fire(1)
    window.link.update({"strength": 0.81})
    window.link.set_source("pattern")
    window.link.set_fit(FitMode.STRETCH)
    window.close()
    again = FakeEngine()
    window = open_app(again)
    (show,) = again.called("start")[0]
    assert isinstance(show, ShowSpec)
    assert (show.source, show.fit) == ("pattern", FitMode.STRETCH)
    assert (again.params.prompt, again.params.strength) == ("ink look", 0.81)
    assert window.pads.pads[1].isChecked()
    assert window.look_panel.changed.isVisible()


def test_the_window_comes_back_as_it_stood(open_app: OpenWindow, engine: FakeEngine) -> None:
    window = open_app(engine)
    window.panels["pads_panel"].hide()
    window.resize(1200, 741)
    window.close()
    window = open_app(FakeEngine())
    assert window.pads.isHidden()
    assert window.height() == 741


def test_side_panels_and_sections_come_back_open_as_they_were_left(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    sections = window.look_panel.sections
    assert window.cue_panel.isHidden()
    assert window.controls_panel.isHidden()
    assert not any(section.head.isChecked() for section in sections.values())
    QTest.mouseClick(sections[Section.FEEDBACK].head, Qt.MouseButton.LeftButton)
    window.actions_by_name.table()["cue_panel"]()
    window.close()
    window = open_app(FakeEngine())
    assert window.cue_panel.isVisible()
    assert window.controls_panel.isHidden()
    assert window.look_panel.rows["feedback"].isVisible()
    assert window.look_panel.opened_sections() == ["feedback"]
    window.actions_by_name.table()["cue_panel"]()
    QTest.mouseClick(window.look_panel.sections[Section.FEEDBACK].head, Qt.MouseButton.LeftButton)
    window.close()
    window = open_app(FakeEngine())
    assert window.cue_panel.isHidden()
    assert window.look_panel.opened_sections() == []


def test_both_side_panels_come_back_in_a_wide_window(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    window.resize(1800, 900)
    for name in ("cue_panel", "controls_panel"):
        window.actions_by_name.table()[name]()
    window.close()
    window = open_app(FakeEngine())
    assert window.cue_panel.isVisible()
    assert window.controls_panel.isVisible()


def test_stored_sections_that_are_none_are_passed_over(
    open_app: OpenWindow, engine: FakeEngine, settings_file: Path
) -> None:
    stored = json.loads(settings_file.read_text())
    settings_file.write_text(json.dumps(stored | {"open_sections": ["gone", 7, "picture"]}))
    assert open_app(engine).look_panel.opened_sections() == ["picture"]


def test_a_command_line_show_is_played_instead_of_the_stored_one(
    open_app: OpenWindow, engine: FakeEngine, settings_file: Path
) -> None:
    save_settings(replace(Settings(), source="pattern", set_file="ink.toml"), settings_file)
    wanted = ShowSpec(source="demo", render=RenderSpec(model="identity"))
    open_app(engine, wanted)
    (show,) = engine.called("start")[0]
    assert isinstance(show, ShowSpec)
    assert (show.source, show.render.model) == ("demo", "identity")


def test_a_recording_is_not_taken_up_again(
    open_app: OpenWindow, engine: FakeEngine, tmp_path: Path
) -> None:
    window = open_app(engine)
    window.outputs.recordings_folder = tmp_path
    window.outputs.toggle_recording()
    window.outputs.toggle_virtual_camera()
    window.close()
    again = FakeEngine()
    open_app(again)
    assert again.called("start")[0][0].sinks == ("vcam",)  # type: ignore[attr-defined]


def test_settings_survive_a_round_trip(tmp_path: Path) -> None:
    settings = replace(
        Settings(), source="webcam:Bühne", params={"strength": 0.3}, hidden_panels=["pads_panel"]
    )
    save_settings(settings, tmp_path / "deep" / "window.json")
    assert load_settings(tmp_path / "deep" / "window.json") == settings
    assert not list((tmp_path / "deep").glob("*.new"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', "\x00"])
def test_unreadable_settings_mean_a_first_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(text)
    assert load_settings(path) == Settings()


def test_a_broken_field_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    path.write_text(json.dumps({"version": 1, "source": "pattern", "width_px": "wide", "x": 1}))
    assert load_settings(path) == replace(Settings(), source="pattern")


def test_a_stored_parameter_that_is_not_allowed_any_more_is_left_out() -> None:
    stored = {"strength": 0.4, "guidance_scale": 1e9, "gone": 1}
    show = show_from(replace(Settings(), params=stored, fit="diagonal"))
    assert show.params.strength == 0.4
    assert show.explicit == {"strength"}
    assert show.fit is FitMode.CROP


@pytest.mark.parametrize("size_px", [(-8, 256), (0, 0), (257, 256), (8192, 8192)])
def test_a_stored_size_that_nothing_can_paint_becomes_the_first_one(
    size_px: tuple[int, int],
) -> None:
    width_px, height_px = size_px
    render = show_from(replace(Settings(), width_px=width_px, height_px=height_px)).render
    assert (render.width_px, render.height_px) == (256, 256)


def test_a_look_kept_on_a_pad_is_there_next_time_and_the_shipped_one_can_come_back(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    window.looks.fire(1)
    window.link.update({"strength": 0.11, "similarity_threshold": 0.6})
    QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert window.look_panel.changed.isHidden()
    window.close()
    again = FakeEngine()
    window = open_app(again)
    window.looks.fire(0)
    window.looks.fire(1)
    assert again.params.strength == 0.11
    window.look_edits.restore(1)
    window.looks.fire(1)
    assert again.params.strength == 0.5


def test_a_look_is_kept_on_a_free_pad_under_its_own_words_and_renamed(
    open_app: OpenWindow, engine: FakeEngine
) -> None:
    window = open_app(engine)
    window.link.update({"prompt": "golden rain, slow"})
    window.pad_menu.open_for(9, window.pos())
    store = next(a for a in window.pad_menu.actions() if a.text().startswith("Store"))
    store.trigger()
    assert (window.looks.playing, window.looks.playing_name) == (9, "Golden rain slow")
    window.look_edits.rename(window.looks.playing, "Rain")
    assert "Rain" in [pad.text() for pad in window.pads.pads]
    window.pad_menu.close()
