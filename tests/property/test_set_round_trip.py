"""Sets as files: what is saved loads back, whatever is in it; what is broken never stops a set."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tomli
from hypothesis import given
from hypothesis import strategies as st

from engine.set_files import dump_set, load_set, salvage, save_set
from engine.sets import Set
from tests.support.looks import PLAIN, SETS, quick


@quick
@given(live_set=SETS)
def test_what_was_saved_loads_back_exactly(live_set: Set) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "show.toml"
        save_set(path, live_set)
        assert load_set(path) == (live_set, [])


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A set's file with some of its values replaced by anything."""
    content = tomli.loads(dump_set(draw(SETS)).decode())
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = content
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            key = draw(st.sampled_from(keys))
            deeper = isinstance(holder[key], (dict, list)) and bool(holder[key])
            if deeper and draw(st.booleans()):
                holder = holder[key]
                continue
            holder[key] = draw(PLAIN)
            break
    return content


@quick
@given(content=damaged())
def test_a_damaged_set_loads_without_its_damaged_parts(content: dict[str, Any]) -> None:
    live_set, _ = salvage(content)
    assert salvage(tomli.loads(dump_set(live_set).decode())) == (live_set, [])
