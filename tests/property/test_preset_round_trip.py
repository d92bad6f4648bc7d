from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from engine.presets import Preset, PresetLora, load_preset, save_preset
from engine.prompts import parse_prompt
from tests.support.looks import NUMBERS

PARAMS = st.fixed_dictionaries({}, optional=NUMBERS)


def is_readable(prompt: str) -> bool:
    try:
        parse_prompt(prompt)
    except ValueError:
        return False
    return True


# What a preset may name; tests/unit/test_file_names.py has what it may not.
FILES = st.from_regex(r"[\w -]{3,8}x(/[\w.-]{4,8}x)?", fullmatch=True).filter(str.strip)
LORAS = st.builds(
    PresetLora,
    path=FILES,
    scale=st.floats(allow_nan=False, allow_infinity=False),
)
PRESETS = st.builds(
    Preset,
    name=st.text(min_size=1, max_size=40),
    colour=st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True),
    key=st.text(max_size=16),
    prompt=st.text().filter(is_readable),
    negative=st.text(),
    model=st.none() | FILES,
    loras=st.lists(LORAS, max_size=3).map(tuple),
    params=PARAMS,
)


@given(preset=PRESETS)
def test_what_was_saved_loads_back_exactly(preset: Preset):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "look.toml"
        save_preset(path, preset)
        assert load_preset(path) == (preset, [])
