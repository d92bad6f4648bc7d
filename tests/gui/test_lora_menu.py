"""The LoRAs in the model menu: what each entry asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.engine_names import LoraSpec, RenderSpec, list_models
from app.lora_menu import OTHER_WEIGHT, add_loras, with_lora
from app.model_menu import MORE_MODELS, ModelMenu

INK, GLOW = LoraSpec("/loras/ink.safetensors", 0.5), LoraSpec("owner/glow", 1.0)


class Link:
    """The one thing that the menu asks of the engine."""

    class show:
        render = RenderSpec("sd-turbo", 512, 512, loras=(INK, GLOW))


def entries(menu: QMenu) -> dict[str, QAction]:
    return {action.text(): action for action in menu.actions() if action.text()}


def submenu(menu: QMenu, title: str) -> dict[str, QAction]:
    found = entries(menu)[title].menu()
    assert isinstance(found, QMenu)
    return entries(found)


@pytest.fixture
def menu(qtbot: QtBot) -> QMenu:
    menu = QMenu()
    qtbot.addWidget(menu)
    add_loras(menu, (INK, GLOW), lambda lora: None)
    return menu


def test_every_lora_is_listed_with_its_weight(menu: QMenu) -> None:
    assert list(entries(menu)) == ["ink · 0.5", "glow · 1"]
    weights = submenu(menu, "ink · 0.5")
    first, *_, last, another, take_out = weights
    assert (first, last, another, take_out) == ("0", "2", OTHER_WEIGHT, "Take out")
    assert [text for text, action in weights.items() if action.isChecked()] == ["0.5"]


def test_a_weight_changes_one_lora_and_leaves_the_others(menu: QMenu) -> None:
    chosen = submenu(menu, "ink · 0.5")["1.5"].data()
    assert chosen == {"loras": (LoraSpec(INK.path, 1.5), GLOW)}


def test_taken_out_the_others_stay_in_their_order(menu: QMenu) -> None:
    assert submenu(menu, "ink · 0.5")["Take out"].data() == {"loras": (GLOW,)}


def test_a_lora_is_added_once_at_full_weight() -> None:
    added = with_lora((INK,), "new.safetensors")
    assert added == (INK, LoraSpec("new.safetensors", 1.0))
    assert with_lora(added, INK.path) == added


def test_the_menu_stays_short_enough_for_a_small_screen(qtbot: QtBot) -> None:
    link: Any = Link()
    menu = ModelMenu(link)
    qtbot.addWidget(menu)
    menu._known = list_models()
    menu._fill()
    assert menu.sizeHint().height() < 600
    more = submenu(menu, MORE_MODELS)
    assert more["SDXL with DMD2"].data() == {"model": "sdxl-dmd2"}
    assert "no commercial use" in more["SDXL with DMD2"].toolTip()
    assert submenu(menu, "Size · 512×512")["512×512"].isChecked()


def test_the_model_menu_asks_for_the_present_model_with_the_new_list(qtbot: QtBot) -> None:
    link: Any = Link()
    menu = ModelMenu(link)
    qtbot.addWidget(menu)
    menu._fill()
    wanted = submenu(menu, "glow · 1")["0.25"]
    with qtbot.waitSignal(menu.spec_chosen) as chosen:
        wanted.trigger()
    expected = RenderSpec("sd-turbo", 512, 512, loras=(INK, LoraSpec("owner/glow", 0.25)))
    assert chosen.args == [expected]


@pytest.fixture
def menu_of_window(qtbot: QtBot) -> Iterator[ModelMenu]:
    link: Any = Link()
    window = QWidget()
    qtbot.addWidget(window)
    menu = ModelMenu(link, window)
    menu._fill()
    yield menu
    window.close()


def dialog_of(menu: ModelMenu) -> QInputDialog:
    (dialog,) = menu.parentWidget().findChildren(QInputDialog)
    return dialog


def test_any_weight_from_0_to_2_can_be_typed(qtbot: QtBot, menu_of_window: ModelMenu) -> None:
    submenu(menu_of_window, "ink · 0.5")[OTHER_WEIGHT].trigger()
    dialog = dialog_of(menu_of_window)
    assert (dialog.doubleMinimum(), dialog.doubleMaximum(), dialog.doubleValue()) == (0, 2, 0.5)
    dialog.setDoubleValue(0.83)
    with qtbot.waitSignal(menu_of_window.spec_chosen) as chosen:
        dialog.accept()
    assert chosen.args[0].loras == (LoraSpec(INK.path, 0.83), GLOW)


def test_a_weight_typed_for_a_lora_that_has_gone_changes_nothing(
    qtbot: QtBot, menu_of_window: ModelMenu, monkeypatch: pytest.MonkeyPatch
) -> None:
    submenu(menu_of_window, "ink · 0.5")[OTHER_WEIGHT].trigger()
    monkeypatch.setattr(Link.show, "render", RenderSpec("sd-turbo", 512, 512, loras=(GLOW,)))
    with qtbot.assertNotEmitted(menu_of_window.spec_chosen):
        dialog_of(menu_of_window).accept()


def test_a_lora_of_the_hub_is_added_by_its_name(qtbot: QtBot, menu_of_window: ModelMenu) -> None:
    entries(menu_of_window)["Add a LoRA from the hub …"].trigger()
    dialog = dialog_of(menu_of_window)
    dialog.setTextValue(" owner/loras/ink.safetensors ")
    with qtbot.waitSignal(menu_of_window.spec_chosen) as chosen:
        dialog.accept()
    assert chosen.args[0].loras == (INK, GLOW, LoraSpec("owner/loras/ink.safetensors"))


def test_another_model_brings_its_own_size_and_leaves_the_loras_of_the_first(qtbot: QtBot) -> None:
    link: Any = Link()
    menu = ModelMenu(link)
    qtbot.addWidget(menu)
    menu._known = list_models()
    menu._fill()
    house = next(action for action in menu.actions() if action.data() == {"model": "house"})
    with qtbot.waitSignal(menu.spec_chosen) as chosen:
        house.trigger()
    assert chosen.args == [RenderSpec("house", 256, 256)]
