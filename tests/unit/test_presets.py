from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.enums import GuidanceMode
from engine.errors import PresetError
from engine.modulation import Lfo, Onset, Route, Shape
from engine.params import StreamParams
from engine.presets import (
    PRESETS_FOLDER,
    Bank,
    Preset,
    PresetLora,
    find_presets,
    load_preset,
    resolve_preset,
    save_preset,
)
from engine.renderer import LoraSpec, RenderSpec

WHOLE = """
version = 1
name = "Neon"
colour = "#7a5cc2"
key = "3"
prompt = "neon city::0.7 | blueprint::0.3"
negative = "grey"
model = "stabilityai/sd-turbo"

[params]
strength = 0.6
num_inference_steps = 2
guidance_mode = "full"
add_noise = false

[[loras]]
path = "glow.safetensors"
scale = 0.5
"""


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, name: str = "look.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_whole_preset_loads_without_problems(write):
    preset, problems = load_preset(write(WHOLE))
    assert problems == []
    assert preset.name == "Neon"
    assert preset.loras == (PresetLora(path="glow.safetensors", scale=0.5),)
    assert preset.params == {
        "strength": 0.6,
        "num_inference_steps": 2,
        "guidance_mode": "full",
        "add_noise": False,
    }


MODULATED = """
[[modulation]]
parameter = "strength"
amount = 0.3
signal = { kind = "lfo", shape = "triangle", beats = 4.0 }

[[modulation]]
parameter = "seed_blend"
release_s = 0.3
signal = { kind = "onset" }
"""


def test_a_preset_carries_what_moves_it(write, tmp_path: Path):
    preset, problems = load_preset(write(MODULATED))
    assert problems == []
    assert preset.modulation == (
        Route(parameter="strength", amount=0.3, signal=Lfo(shape=Shape.TRIANGLE, beats=4.0)),
        Route(parameter="seed_blend", release_s=0.3, signal=Onset()),
    )
    save_preset(tmp_path / "again.toml", preset)
    assert load_preset(tmp_path / "again.toml") == (preset, [])


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("parameter = 'strenght'\nsignal = {kind = 'level'}", "there is no parameter strenght"),
        ("parameter = 'num_inference_steps'\nsignal = {kind = 'level'}", "holds the output"),
        (
            "parameter = 'strength'\nsignal = {kind = 'wobble'}",
            "'wobble' found using 'kind' does not",
        ),
        ("parameter = 'strength'\namount = nan\nsignal = {kind = 'level'}", "finite number"),
        ("parameter = 'strength'\nspeed = 3\nsignal = {kind = 'level'}", "no such field"),
    ],
)
def test_a_broken_modulation_is_named_and_the_others_move(write, broken: str, named: str):
    preset, problems = load_preset(write(f"{MODULATED}\n[[modulation]]\n{broken}"))
    assert len(preset.modulation) == 2
    assert problems[0].startswith("look.toml: modulation 3 was left out: ")
    assert named in problems[0]


def test_applying_sets_the_named_values_and_keeps_the_others(write):
    before = StreamParams(seed=77, prompt="old", strength=0.1)
    after = load_preset(write(WHOLE))[0].apply(before)
    assert after.seed == 77
    assert after.prompt == "neon city::0.7 | blueprint::0.3"
    assert after.negative_prompt == "grey"
    assert after.strength == 0.6
    assert after.guidance_mode is GuidanceMode.FULL


def test_a_preset_with_a_model_says_what_must_be_loaded(write, tmp_path: Path):
    spec = load_preset(write(WHOLE))[0].apply_to_spec(RenderSpec(), tmp_path)
    assert spec == RenderSpec(
        model="stabilityai/sd-turbo", loras=(LoraSpec("glow.safetensors", 0.5),)
    )


def test_a_preset_without_a_model_needs_nothing_loaded():
    assert Preset(name="Plain").apply_to_spec(RenderSpec(), Path()) == RenderSpec()


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("colour = 'red'", "colour"),
        ("negative = 3", "negative was left out"),
        ("flavour = 'sweet'", "flavour was left out: presets have no such field"),
        ("version = 2", "version was left out: this Reverie reads version 1, not 2"),
        ("name = 7", "name"),
        ("params = 3", "params was left out: params is a table"),
        ("[params]\nstrenght = 0.5", "strenght was left out: there is no parameter strenght"),
        ("[params]\nstrength = 7.0", "strength is a number from 0 to 1, not 7.0"),
        ("[params]\nstrength = nan", "strength is a number from 0 to 1, not nan"),
        ("[params]\nprompt = 'x'", "stands at the top"),
        ("[[loras]]\nscale = 1.0", "LoRA 1"),
        ("[[loras]]\npath = 'a'\nspeed = 1", "LoRA 1 was left out: presets have no such field"),
        ("loras = 'a'", "loras"),
    ],
)
def test_a_broken_field_is_named_and_the_rest_loads(write, broken: str, named: str):
    preset, problems = load_preset(write(f"prompt = 'kept'\n{broken}"))
    assert preset.prompt == "kept"
    assert len(problems) == 1
    assert problems[0].startswith("look.toml: ")
    assert named in problems[0]


def test_a_prompt_that_cannot_be_read_is_named_and_the_rest_applies(write):
    preset, problems = load_preset(write("prompt = 'neon::much'\n[params]\nstrength = 0.25"))
    assert "prompt was left out: prompt: the weight in 'neon::much'" in problems[0]
    assert preset.apply(StreamParams(prompt="old")).strength == 0.25


def test_good_parameters_survive_a_broken_neighbour(write):
    preset, _ = load_preset(write("[params]\nstrength = 'much'\nseed = 5\ndelta = 1"))
    assert preset.params == {"seed": 5, "delta": 1.0}


def test_a_preset_without_a_name_takes_that_of_its_file(write):
    assert load_preset(write("prompt = 'x'", "night sky.toml"))[0].name == "night sky"


@pytest.mark.parametrize("content", [b"= nothing", b"name = '\xff'"])
def test_an_unreadable_file_is_one_sentence(tmp_path: Path, content: bytes):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(PresetError, match=r"bad\.toml is not a readable TOML file"):
        load_preset(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    with pytest.raises(PresetError, match=r"gone\.toml can't be opened"):
        load_preset(tmp_path / "gone.toml")


def test_in_code_a_bad_value_is_refused_at_once():
    with pytest.raises(ValidationError, match="strength is a number from 0 to 1"):
        Preset(params={"strength": 2.0})


def test_saving_replaces_the_old_file_and_leaves_nothing_else(tmp_path: Path):
    path = tmp_path / "look.toml"
    save_preset(path, Preset(name="one"))
    save_preset(path, Preset(name="two"))
    assert load_preset(path)[0].name == "two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "look.toml"
    save_preset(path, Preset(name="old"))

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(PresetError, match="No space left on device"):
        save_preset(path, Preset(name="new"))
    assert load_preset(path)[0].name == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_saving_to_a_missing_folder_says_so(tmp_path: Path):
    with pytest.raises(PresetError, match="choose a folder"):
        save_preset(tmp_path / "nowhere" / "look.toml", Preset())


def test_a_preset_is_found_by_name_in_any_case():
    assert resolve_preset("oil PAINTING", Bank.TURBO).name == "01-oil-painting.toml"


def test_a_path_is_taken_as_it_is():
    assert resolve_preset("my/look.toml", Bank.TURBO) == Path("my/look.toml")


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(PresetError, match=r"no preset 'nope'.*Oil painting"):
        resolve_preset("nope", Bank.TURBO)


def test_each_model_gets_its_bank():
    assert Bank.of("house") is Bank.HOUSE
    assert Bank.of("stabilityai/sd-turbo") is Bank.TURBO


SHIPPED_BANKS = [bank for bank in Bank if find_presets(bank)]


@pytest.mark.parametrize("bank", SHIPPED_BANKS)
def test_a_shipped_bank_fills_sixteen_pads_that_can_be_told_apart(bank: Bank):
    loaded = [load_preset(path) for path in find_presets(bank)]
    presets = [preset for preset, _ in loaded]
    assert [problem for _, problems in loaded for problem in problems] == []
    assert len(presets) >= 16
    for names in (
        [p.name for p in presets],
        [p.colour for p in presets],
        [p.key for p in presets if p.key],
    ):
        assert len(set(names)) == len(names)
    assert all(preset.prompt for preset in presets)


def test_the_house_presets_use_only_words_that_the_house_model_knows():
    card = PRESETS_FOLDER.parent / "assets" / "models" / "house" / "reverie.json"
    known = set(json.loads(card.read_text("utf-8"))["known_words"])
    for path in find_presets(Bank.HOUSE):
        words = re.findall(r"[a-z0-9]+", load_preset(path)[0].prompt.lower())
        assert set(words) <= known, path.name
