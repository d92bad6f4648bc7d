"""The 8-bit decoder in the menu of accelerators."""

from __future__ import annotations

from app.engine_names import Precision, RenderSpec
from app.main_window import MainWindow


def test_eight_bits_are_off_until_they_are_chosen_in_the_menu_of_accelerators(
    window: MainWindow,
) -> None:
    wanted: list[RenderSpec] = []
    window.accelerator_menu.spec_chosen.connect(wanted.append)
    window.accelerator_menu.refresh()
    (entry,) = (a for a in window.accelerator_menu.actions() if a.text() == "8-bit decoder")
    assert not entry.isChecked()
    entry.trigger()
    assert [spec.precision for spec in wanted] == [Precision.EIGHT_BIT]
