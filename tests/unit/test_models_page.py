"""The page about models and the lists that are made of the catalogue."""

from __future__ import annotations

import pytest

from docs.generate_models import PAGE, models_table, page
from engine.catalogue import list_models
from engine.diffusion.known_models import CATALOGUE
from engine.params import StreamParams
from main import model_lines


def test_the_committed_table_is_up_to_date() -> None:
    text = PAGE.read_text("utf-8")
    assert models_table() in text, "run python -m docs.generate_models"
    assert page(text) == text


def test_the_list_says_what_each_model_costs_and_allows() -> None:
    lines = dict(zip(CATALOGUE, model_lines(), strict=True))
    assert "7.3 GB to download" in lines["sdxl-dmd2"]
    assert "no commercial use" in lines["sdxl-dmd2"]
    assert "download size unknown" in lines["sdxs"]
    assert "download" not in lines["house"]
    assert [choice.model for choice in list_models()] == list(CATALOGUE)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_the_defaults_of_a_known_model_are_values_of_live_parameters(entry) -> None:
    StreamParams().with_changes(entry.defaults)
