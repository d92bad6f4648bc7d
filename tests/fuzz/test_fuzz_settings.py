"""What the window remembers, damaged: it starts, with whatever can still be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.application import show_from
from app.settings import Settings, load_settings, save_settings, stored_settings
from engine.api import ShowSpec
from engine.params import PARAMETERS
from tests.fuzz.harness import VALUES, fuzzed, mutations

FIELDS = list(Settings.__dataclass_fields__)
WHOLE = json.dumps({"version": 1, "source": "demo", "width_px": 512, "params": {"strength": 0.4}})
TABLES = st.dictionaries(st.sampled_from(FIELDS), VALUES)
PARAMS = st.dictionaries(st.sampled_from(list(PARAMETERS)), VALUES)


def check_settings(path: Path) -> None:
    settings = load_settings(path)
    assert isinstance(show_from(settings), ShowSpec)
    save_settings(settings, path)
    assert load_settings(path) == settings


@fuzzed
@given(content=st.binary(max_size=200) | mutations([WHOLE.encode()]))
def test_settings_bytes(inbox: Path, content: bytes) -> None:
    (inbox / "window.json").write_bytes(content)
    check_settings(inbox / "window.json")


@fuzzed
@given(content=TABLES, params=PARAMS)
def test_settings_values(inbox: Path, content: dict[str, Any], params: dict[str, Any]) -> None:
    text = json.dumps({"version": 1, "params": params} | content)
    (inbox / "window.json").write_text(text, encoding="utf-8")
    check_settings(inbox / "window.json")


@pytest.mark.parametrize("depth", [900, 100_000])
def test_settings_nested_without_end(inbox: Path, depth: int) -> None:
    (inbox / "window.json").write_text('{"params": ' + "[" * depth + "]" * depth + "}")
    stored_settings(inbox / "window.json")
    assert load_settings(inbox / "window.json") == Settings()
