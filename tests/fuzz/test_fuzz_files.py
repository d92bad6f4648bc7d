"""Presets, sets and mappings from strangers: what can be read is, what can't is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from engine.control.mapping import Mapping
from engine.control.mapping_files import dump_mappings, load_mappings
from engine.errors import PresetError, SetError
from engine.params import PARAMETERS, StreamParams
from engine.presets import PRESETS_FOLDER, Preset, load_preset
from engine.renderer import RenderSpec
from engine.set_files import dump_set, load_set, salvage
from engine.sets import shipped_set
from tests.fuzz.harness import VALUES, check_sentence, fuzzed, mutations

PRESETS = [path.read_bytes() for path in sorted(PRESETS_FOLDER.rglob("*.toml"))]
RICH = b"""version = 1
name = "Neon"
model = "stabilityai/sd-turbo"
prompt = "neon city::0.7 | blueprint::0.3"
[params]
strength = 0.6
num_inference_steps = 2
[[loras]]
path = "glow.safetensors"
scale = 0.5
[[modulation]]
parameter = "strength"
amount = 0.3
signal = { kind = "lfo", shape = "triangle", beats = 4.0 }
"""
SET = dump_set(shipped_set("house").with_bank(1, shipped_set("house").bank(1)))[:6000]
NAMES = st.sampled_from(["/etc/x", "..\\x", "//h/s", "NUL", "a/b", "house", "", "x\x00", "C:x"])
FIELDS = st.sampled_from(list(Preset.model_fields)) | st.text(max_size=8)
CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "version": st.just(1) | VALUES,
        "params": st.dictionaries(st.sampled_from(list(PARAMETERS)) | st.text(), VALUES) | VALUES,
        "loras": st.lists(st.fixed_dictionaries({"path": NAMES}) | VALUES, max_size=4) | VALUES,
        "model": NAMES | VALUES,
        "prompt": st.text() | VALUES,
        "modulation": st.lists(VALUES, max_size=3),
    },
)


def check_preset(path: Path) -> None:
    try:
        preset, problems = load_preset(path)
    except PresetError as error:
        check_sentence(error)
        return
    assert all(problem.startswith(f"{path.name}: ") for problem in problems)
    assert isinstance(preset.apply(StreamParams()), StreamParams)
    spec = preset.apply_to_spec(RenderSpec(), path.parent)
    assert not Path(spec.model).is_absolute() or Path(spec.model).is_relative_to(path.parent)


@fuzzed
@given(content=st.binary(max_size=300) | mutations([*PRESETS, RICH]))
def test_preset_bytes(inbox: Path, content: bytes) -> None:
    (inbox / "look.toml").write_bytes(content)
    check_preset(inbox / "look.toml")


@fuzzed
@given(content=CONTENT, more=st.dictionaries(FIELDS, VALUES, max_size=3))
def test_preset_values(inbox: Path, content: dict[str, Any], more: dict[str, Any]) -> None:
    """Not through TOML, which can't say all of this: what a parser may give one day."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.presets._read_toml", lambda path: {**more, **content})
        check_preset(inbox / "look.toml")


@fuzzed
@given(content=st.binary(max_size=300) | mutations([SET]))
def test_set_bytes(inbox: Path, content: bytes) -> None:
    path = inbox / "show.toml"
    path.write_bytes(content)
    try:
        live_set, problems = load_set(path)
    except SetError as error:
        check_sentence(error)
        return
    assert all(problem.startswith(path.name) for problem in problems)
    assert salvage(tomli.loads(dump_set(live_set).decode()))[1] == []


SET_CONTENT = st.fixed_dictionaries(
    {},
    optional={
        "source": NAMES.map("file:{}".format) | VALUES,
        "sinks": st.lists(NAMES | VALUES, max_size=3) | VALUES,
        "render": st.fixed_dictionaries({"model": NAMES}, optional={"vae": NAMES}) | VALUES,
        "banks": st.lists(
            st.fixed_dictionaries(
                {"pads": st.lists(st.fixed_dictionaries({"number": VALUES, "look": CONTENT}))}
            )
            | VALUES,
            max_size=2,
        ),
        "cues": st.lists(st.fixed_dictionaries({"look": CONTENT}) | VALUES, max_size=2),
        "mappings": st.lists(VALUES, max_size=3) | VALUES,
    },
)


@fuzzed
@given(content=SET_CONTENT)
def test_set_values(content: dict[str, Any]) -> None:
    live_set, problems = salvage(content)
    assert all("was left out: " in problem for problem in problems)
    dump_set(live_set)


CONTROLS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["note", "cc", "cc14", "encoder", "key", "osc"]) | VALUES},
    optional=dict.fromkeys(("device", "channel", "number", "key", "address"), VALUES),
)
MAPPINGS = st.lists(
    st.fixed_dictionaries(
        {"control": CONTROLS | VALUES, "target": st.sampled_from([*PARAMETERS, "pad/1"]) | VALUES},
        optional={n: VALUES for n in Mapping.model_fields if n not in ("control", "target")},
    )
    | VALUES,
    max_size=3,
)


@fuzzed
@given(content=MAPPINGS | VALUES)
def test_mapping_values(content: object) -> None:
    mappings, problems = load_mappings(content)
    assert all("left out" in problem for problem in problems)
    assert load_mappings(dump_mappings(mappings)) == (mappings, [])


DEEP = [
    f"a = {'[' * 5000}",
    f"params = {'{a=' * 5000}",
    f"a{'.a' * 5000} = 1",
    f"params{'.a' * 900} = 1",
    f"mappings = [{{{'a.' * 900}b = 1}}]",
]


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_files_nested_without_end(inbox: Path, text: str) -> None:
    (inbox / "deep.toml").write_text(text)
    check_preset(inbox / "deep.toml")
    try:
        load_set(inbox / "deep.toml")
    except SetError as error:
        check_sentence(error)
