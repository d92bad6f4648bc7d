"""Presets and sets damaged in every field that their models have: the rest is opened, by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from engine.api import (
    PARAMETERS,
    Cue,
    Pad,
    PadBank,
    Preset,
    PresetError,
    PresetLora,
    Set,
    Transition,
    load_preset,
)
from engine.atomic_file import backup_of
from engine.modulation import Route
from engine.presets import PROMPT_NAMES
from engine.set_files import load_set, save_set
from engine.sets import Place, SetRender
from tests.faults.harness import check_sentence

Steps = tuple[str | int, ...]
RUBBISH = {"damaged": {"beyond": ["all", "reading"]}}  # of no field's type
FREE = {"mappings"}  # tables that only the control mapping reads
LOOK = Preset(
    name="Neon",
    colour="#ff0000",
    key="1",
    prompt="neon lights",
    negative="grey",
    model="house",
    loras=(PresetLora(path="glow", scale=0.5),),
    params={
        name: parameter.default
        for name, parameter in PARAMETERS.items()
        if name not in PROMPT_NAMES
    },
    modulation=(Route.model_validate({"parameter": "strength", "signal": {"kind": "level"}}),),
)
WHOLE = Set(
    name="Friday",
    source="demo",
    sinks=("null",),
    render=SetRender(loras=(PresetLora(path="glow"),)),
    transition=Transition(duration=2.0),
    place=Place(a=LOOK),
    banks=(PadBank(pads=(Pad(number=1, look=LOOK, transition=Transition()),)),),
    cues=(Cue(look=LOOK, follow=2.0),),
    mappings=({"target": "strength"},),
)


def places(content: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Every field of it, however deep."""
    fields = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in fields:
        yield (*steps, key)
        if isinstance(value, (dict, list)) and key not in FREE:
            yield from places(value, (*steps, key))


def damaged(content: Any, steps: Steps) -> Any:
    """A copy with rubbish in one place."""
    if not steps:
        return RUBBISH
    copy: Any = dict(content) if isinstance(content, dict) else list(content)
    copy[steps[0]] = damaged(content[steps[0]], steps[1:])
    return copy


def without(content: dict[str, Any], field: str | int) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in (field, "version")}


def plain(model: Any) -> Any:
    return model.model_dump(mode="json", exclude_none=True)


@pytest.mark.fault("preset damaged in any field")
def test_of_a_preset_damaged_in_any_field_the_others_are_read(tmp_path: Path) -> None:
    content, path = plain(LOOK), tmp_path / "look.toml"
    assert {steps[0] for steps in places(content)} == set(Preset.model_fields)
    for steps in places(content):
        path.write_text(tomli_w.dumps(damaged(content, steps)), encoding="utf-8")
        look, problems = load_preset(path)
        assert problems, steps
        for problem in problems:
            check_sentence(problem)
        assert without(plain(look), steps[0]) == without(content, steps[0]), steps


@pytest.mark.fault("set damaged in any field")
def test_of_a_set_damaged_in_any_field_the_others_are_read(tmp_path: Path) -> None:
    content, path = plain(WHOLE), tmp_path / "show.toml"
    assert {steps[0] for steps in places(content)} == set(Set.model_fields)
    all_places = [steps for steps in places(content) if steps[-1] not in FREE or len(steps) == 1]
    for steps in all_places:
        path.write_text(tomli_w.dumps(damaged(content, steps)), encoding="utf-8")
        live_set, problems = load_set(path)
        assert problems, steps
        for problem in problems:
            check_sentence(problem)
        assert without(plain(live_set), steps[0]) == without(content, steps[0]), steps


@pytest.mark.fault("set beyond reading")
def test_a_set_beyond_reading_gives_way_to_the_copy_before(tmp_path: Path) -> None:
    path = tmp_path / "show.toml"
    save_set(path, WHOLE)
    save_set(path, Set(name="Later"))
    path.write_bytes(path.read_bytes()[:-3] + b"\xff\x00")
    live_set, problems = load_set(path)
    assert live_set == WHOLE
    assert "The copy before it was opened." in problems[0]
    assert backup_of(path).exists()


@pytest.mark.fault("preset beyond reading")
@pytest.mark.parametrize("content", [b"\xff\xfe", b'name = "half', b"= = ="])
def test_a_preset_beyond_reading_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "look.toml"
    path.write_bytes(content)
    with pytest.raises(PresetError, match="is not a readable TOML file") as caught:
        load_preset(path)
    check_sentence(str(caught.value))
