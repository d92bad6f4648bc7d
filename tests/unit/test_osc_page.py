from __future__ import annotations

import pytest

from docs.generate_osc import PAGE, argument, osc_page
from engine.control.target import TARGETS


def test_the_committed_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == osc_page(), "run python -m docs.generate_osc"


@pytest.mark.parametrize("address", [a for a in TARGETS if not a.startswith("pad/")])
def test_every_address_is_on_the_page(address):
    assert f"`/reverie/{address}`" in osc_page()


def test_arguments_are_said_as_a_person_would_send_them():
    assert argument(TARGETS["strength"]) == "0 to 1"
    assert argument(TARGETS["add_noise"]) == "1 or 0"
    assert argument(TARGETS["tempo/nudge"]) == "-1 to 1 beats"
    assert argument(TARGETS["cue/next"]) == "none, or 1; 0 is ignored"
