"""The cache of builds: keyed by all that matters, proven before it is trusted, never half there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.accelerators import cache
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.cache import BuildCache, Shelf, build_key
from engine.diffusion.find_model import load_model
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import RenderSpec
from tests import tiny_models

SIDE = 32
CPU = Placement(torch.device("cpu"), torch.float32)


def shelf(folder: Path, key: str = "key") -> Shelf:
    return BuildCache("kind", folder).shelf(key)


def write(folder: Path) -> None:
    (folder / "weights").mkdir()
    (folder / "weights" / "a.bin").write_bytes(b"0123456789")
    (folder / "engine").write_bytes(b"plan")


def forbidden(_: Path) -> None:
    raise AssertionError("it was built again")


def test_what_was_built_is_found_on_the_next_start(tmp_path: Path) -> None:
    built = shelf(tmp_path).find_or_put("denoiser", write)
    assert shelf(tmp_path).find_or_put("denoiser", forbidden) == built
    assert (built / "weights" / "a.bin").read_bytes() == b"0123456789"
    assert shelf(tmp_path).find("encoder") is None
    assert shelf(tmp_path, "other key").find("denoiser") is None


@pytest.mark.parametrize("name", ["engine", "weights/a.bin", "seal.json"])
@pytest.mark.parametrize("damage", ["emptied", "shortened", "changed", "removed"])
def test_a_damaged_build_is_made_again(tmp_path: Path, name: str, damage: str) -> None:
    file = shelf(tmp_path).put("denoiser", write) / name
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        changed = bytes([content[0] ^ 1]) + content[1:]
        file.write_bytes({"emptied": b"", "shortened": content[:-1], "changed": changed}[damage])
    assert shelf(tmp_path).find("denoiser") is None
    built = shelf(tmp_path).find_or_put("denoiser", write)
    assert (built / "weights" / "a.bin").read_bytes() == b"0123456789"


@given(seal=st.binary(max_size=60))
def test_no_seal_whatever_it_holds_makes_a_build_trusted(
    tmp_path_factory: pytest.TempPathFactory, seal: bytes
) -> None:
    kept = shelf(tmp_path_factory.mktemp("cache"))
    (kept.put("denoiser", write) / "seal.json").write_bytes(seal)
    assert kept.find("denoiser") is None


def test_a_file_that_nobody_sealed_is_not_trusted(tmp_path: Path) -> None:
    (shelf(tmp_path).put("denoiser", write) / "more.so").write_bytes(b"from elsewhere")
    assert shelf(tmp_path).find("denoiser") is None


def test_a_build_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def break_off(folder: Path) -> None:
        write(folder)
        raise RuntimeError("the driver is gone")

    kept = shelf(tmp_path)
    with pytest.raises(RuntimeError, match="the driver is gone"):
        kept.put("denoiser", break_off)
    assert list(kept.folder.iterdir()) == []


def test_nobody_sees_a_build_before_it_is_whole(tmp_path: Path) -> None:
    kept = shelf(tmp_path)

    def look(folder: Path) -> None:
        write(folder)
        assert kept.find("denoiser") is None

    assert kept.put("denoiser", look) == kept.find("denoiser")


def test_of_two_processes_that_build_the_same_the_first_is_kept(tmp_path: Path) -> None:
    kept = shelf(tmp_path)

    def be_overtaken(folder: Path) -> None:
        kept.put("denoiser", write)
        (folder / "engine").write_bytes(b"late")

    built = kept.put("denoiser", be_overtaken)
    assert (built / "engine").read_bytes() == b"plan"
    assert [path.name for path in kept.folder.iterdir()] == ["denoiser"]


def test_what_a_killed_process_left_is_removed_after_a_day(tmp_path: Path) -> None:
    old, new = (shelf(tmp_path).folder / name for name in (".denoiser-old", ".denoiser-new"))
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (1e9, 1e9))
    shelf(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_the_models_used_longest_ago_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MODELS_KEPT", 3)
    builds = BuildCache("kind", tmp_path)
    for age, key in enumerate(["new", "old", "older", "oldest"]):
        os.utime(builds.shelf(key).folder, (1e9 - age, 1e9 - age))
    builds.shelf("oldest")  # used again
    assert sorted(path.name for path in builds.folder.iterdir()) == ["new", "old", "oldest"]


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "kind").write_bytes(b"a file stands where the folder belongs")
    with pytest.raises(OSError, match="kind"):
        shelf(tmp_path)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> SDBackbone:
    return backbone(tmp_path_factory.mktemp("model"), "sd1")


def backbone(folder: Path, kind: str) -> SDBackbone:
    spec = RenderSpec(str(tiny_models.write(folder, kind)), SIDE, SIDE)
    model = load_model(spec, CPU, lambda progress: None)
    return SDBackbone(model.info, model.unet, model.vae, CPU.device, CPU.dtype, (SIDE, SIDE))


SPEC = RenderSpec("anything", SIDE, SIDE)


def test_the_same_model_has_the_same_key_and_everything_that_matters_changes_it(
    plain: SDBackbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(spec: RenderSpec = SPEC, *facts: object) -> str:
        return build_key(plain, spec, ("numpy",), *facts)

    keys = [key(), key(replace(SPEC, width_px=2 * SIDE)), key(replace(SPEC, height_px=64))]
    keys += [key(SPEC, "rows 1-4"), build_key(plain, SPEC, ())]
    assert key() == keys[0]
    with monkeypatch.context() as patch:
        patch.setattr(cache, "version", lambda package: "0.0")
        keys.append(key())
    with monkeypatch.context() as patch:
        patch.setattr(cache, "machine_facts", lambda device: {"gpu": "another card"})
        keys.append(key())
    weight = next(plain.denoiser.parameters())
    with torch.no_grad():
        weight.view(-1)[0] += 1.0
        keys.append(key())
        weight.view(-1)[0] -= 1.0
    assert len(set(keys)) == len(keys)


def test_another_model_has_another_key(plain: SDBackbone, tmp_path: Path) -> None:
    other = backbone(tmp_path, "sd1-lcm")
    other.denoiser.load_state_dict(plain.denoiser.state_dict())
    assert build_key(plain, SPEC, ()) != build_key(other, SPEC, ())


def test_a_model_of_half_precision_has_a_key_of_its_own(plain: SDBackbone, tmp_path: Path) -> None:
    half = backbone(tmp_path, "sd1")
    before = build_key(half, SPEC, ())
    half.denoiser.to(torch.bfloat16)
    assert build_key(half, SPEC, ()) != before
