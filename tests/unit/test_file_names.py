"""Which files a preset or a set may name."""

from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.file_names import check_inside, check_local, expanded, find_inside
from engine.presets import load_preset
from engine.renderer import LoraSpec, RenderSpec
from engine.set_files import salvage
from engine.sinks import make_sink
from engine.sources import make_source

INSIDE = ["ink.safetensors", "loras/ink.safetensors", "a\\b.safetensors", "house", "owner/model",
          "./x", "...", "com", "console.safetensors", "community/x", "a..b/c"]  # fmt: skip
OUTSIDE = ["/etc/passwd", "C:\\models\\x", "c:x", "~/x", "~anna/x", "../x", "a/../../x", "..",
           "a\\..\\x", "\\x"]  # fmt: skip
ELSEWHERE = ["\\\\host\\share\\x", "//host/share/x", "\\/host/x", "\\\\?\\C:\\x", "\\\\.\\COM1",
             "NUL", "con", "a/aux.safetensors", "COM1", "lpt9.txt", "nul .x", "com¹", "CONIN$",
             "a\x00b", "a\nb"]  # fmt: skip


@pytest.mark.parametrize("name", INSIDE)
def test_a_preset_may_name_what_is_in_its_folder(name: str) -> None:
    assert check_inside(name) == name


@pytest.mark.parametrize("name", [*OUTSIDE, *ELSEWHERE])
def test_a_preset_may_not_name_anything_else(name: str) -> None:
    with pytest.raises(ValueError, match=r"leads out|another machine|device|control"):
        check_inside(name)


@pytest.mark.parametrize("name", [*INSIDE, *OUTSIDE])
def test_a_set_may_name_any_place_on_this_machine(name: str) -> None:
    assert check_local(name) == name


@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_file_may_name_a_device_or_another_machine(name: str) -> None:
    with pytest.raises(ValueError, match=r"another machine|device|control"):
        check_local(name)


@given(name=st.text(st.sampled_from("./\\:~aC ")))
def test_a_name_that_passes_stays_inside_on_every_system(name: str) -> None:
    try:
        check_inside(name)
    except ValueError:
        return
    for kind, root in ((PureWindowsPath, "D:\\sets"), (Path, "/sets")):
        joined = kind(root) / name
        assert joined.parts[: len(kind(root).parts)] == kind(root).parts
        assert ".." not in joined.parts


def test_a_file_beside_the_preset_is_loaded_from_there(tmp_path: Path) -> None:
    (tmp_path / "ink.safetensors").touch()
    path = tmp_path / "look.toml"
    path.write_text("model = 'owner/model'\n[[loras]]\npath = 'ink.safetensors'\n")
    spec = load_preset(path)[0].apply_to_spec(RenderSpec(), tmp_path)
    assert spec.model == "owner/model"
    assert spec.loras == (LoraSpec(str(tmp_path / "ink.safetensors")),)


def test_what_leads_out_of_the_folder_is_left_out_by_name(tmp_path: Path) -> None:
    path = tmp_path / "look.toml"
    path.write_text("prompt = 'ink'\nmodel = '/etc'\n[[loras]]\npath = '../x.safetensors'\n")
    preset, problems = load_preset(path)
    assert (preset.prompt, preset.model, preset.loras) == ("ink", None, ())
    assert [p.partition(" was left out: ")[0] for p in problems] == [
        "look.toml: model",
        "look.toml: LoRA 1",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    folder.mkdir()
    (tmp_path / "secret.safetensors").touch()
    (folder / "ink.safetensors").symlink_to(tmp_path / "secret.safetensors")
    with pytest.raises(ValueError, match="link that leads out"):
        find_inside(folder, "ink.safetensors")


def test_a_set_that_names_another_machine_loads_without_it() -> None:
    live_set, problems = salvage(
        {
            "source": "file:\\\\host\\share\\clip.mp4",
            "sinks": ["vcam", "record://host/out.mp4"],
            "render": {"model": "//host/model"},
        }
    )
    assert (live_set.source, live_set.sinks) == ("", ("vcam",))
    assert len(problems) == 3
    assert all("another machine" in problem for problem in problems)


def test_a_tilde_is_the_home_folder_and_a_name_after_it_only_a_name() -> None:
    assert expanded("~/clip.mp4") == Path.home() / "clip.mp4"
    assert expanded("~nobody at all/x") == Path("~nobody at all/x")
    make_source("file:~nobody at all")
    make_sink("record:~nobody at all.mp4")
