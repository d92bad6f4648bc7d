from __future__ import annotations

import pytest

from docs.generate_controls import PAGE, controls_page, inert_reasons, values
from engine.params import PARAMETERS


def test_the_committed_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == controls_page(), "run python -m docs.generate_controls"


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=PARAMETERS)
def test_every_control_is_on_the_page(parameter):
    page = controls_page()
    assert f"`{parameter.name}`" in page
    assert parameter.help in page


def test_ranges_are_said_as_a_person_would_type_them():
    assert values(PARAMETERS["strength"]) == "0 to 1"
    assert values(PARAMETERS["num_inference_steps"]) == "whole numbers 1 to 8"
    assert values(PARAMETERS["add_noise"]) == "`on`, `off`"
    assert values(PARAMETERS["guidance_scale"]).endswith(", finer near the start")


def test_a_control_that_can_be_inert_says_when():
    assert inert_reasons(PARAMETERS["add_noise"]) == ["one step never adds noise again"]
    assert inert_reasons(PARAMETERS["strength"]) == []
