"""OpenVINO against PyTorch: the same numbers for every family, and a cache that heals."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("openvino")

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.openvino import OpenVinoAccelerator
from engine.diffusion.accelerators.openvino_backbone import CompiledModule
from engine.diffusion.backbone import Backbone, Conditioning, KeepsFeatures
from engine.diffusion.find_model import load_model
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import RenderSpec
from tests import tiny_models
from tests.support.denoise import denoise

SIDE = 32
CPU = Placement(torch.device("cpu"), torch.float32)
FAMILIES = ["house", "sd1", "sd2-v", "sdxl"]


@dataclass(frozen=True)
class Pair:
    """One model in PyTorch, and what accelerates it."""

    plain: SDBackbone
    row: Conditioning
    spec: RenderSpec

    def accelerate(self, cache: Path, precision: str = "f32") -> Backbone:
        accelerator = OpenVinoAccelerator(precision, cache)
        return accelerator.accelerate(self.plain, self.spec, self.row, lambda progress: None)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    root = tmp_path_factory.mktemp("models")
    made: dict[str, Pair] = {}
    for kind in FAMILIES:
        spec = RenderSpec(str(tiny_models.write(root / kind, kind)), SIDE, SIDE)
        model = load_model(spec, CPU, lambda progress: None)
        plain = SDBackbone(model.info, model.unet, model.vae, CPU.device, CPU.dtype, (SIDE, SIDE))
        made[kind] = Pair(plain, model.text_encoder.encode("a red fox"), spec)
    return made


@pytest.fixture(autouse=True)
def _compile_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.diffusion.accelerators.openvino.ROWS_AHEAD", (1,))


def error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


def inputs(pair: Pair, rows: int) -> tuple[torch.Tensor, torch.Tensor, Conditioning]:
    info, generator = pair.plain.info, torch.Generator().manual_seed(3)
    side = SIDE // info.vae_scale_factor
    x_t = torch.randn(rows, info.latent_channels, side, side, generator=generator)
    timestep = torch.linspace(900.0, 20.0, rows)
    row = pair.row
    scales = [1.0 + 0.1 * index for index in range(rows)]
    mixed = [
        Conditioning(row.embeds * s, None if row.pooled is None else row.pooled * s) for s in scales
    ]
    return x_t, timestep, Conditioning.cat(mixed)


@pytest.mark.parametrize("kind", FAMILIES)
def test_openvino_computes_what_pytorch_computes(
    pairs: dict[str, Pair], kind: str, tmp_path: Path
) -> None:
    pair = pairs[kind]
    fast = pair.accelerate(tmp_path)
    assert fast.info is pair.plain.info
    with torch.inference_mode():
        image = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
        latent = pair.plain.encode(image)
        assert error(fast.encode(image), latent) < 1e-5
        assert error(fast.decode(latent), pair.plain.decode(latent)) < 1e-5
        for rows in (1, 2, 3):  # the others in blocks
            arguments = inputs(pair, rows)
            assert error(denoise(fast, *arguments), denoise(pair.plain, *arguments)) < 1e-5


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Every executable that is compiled: its number of rows and the thread it is compiled on."""
    seen: list[tuple[int, str]] = []
    compile_rows = CompiledModule._compile

    def watched(self: CompiledModule, rows: int) -> object:
        seen.append((rows, threading.current_thread().name))
        return compile_rows(self, rows)

    monkeypatch.setattr(CompiledModule, "_compile", watched)
    return seen


@torch.inference_mode()
def test_rows_without_an_executable_of_their_own_are_done_in_blocks(
    pairs: dict[str, Pair],
    tmp_path: Path,
    compiled: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.diffusion.accelerators.openvino.ROWS_AHEAD", (1, 2, 3))
    pair = pairs["house"]
    fast = pair.accelerate(tmp_path)
    ahead = len(compiled)
    for rows in (4, 5, 7, 8):
        arguments = inputs(pair, rows)
        ours = denoise(fast, *arguments)
        assert error(ours, denoise(pair.plain, *arguments)) < 1e-5
        denoise(fast, *inputs(pair, 3))
        assert error(ours, denoise(pair.plain, *arguments)) < 1e-5  # no executable's memory
    assert len(compiled) == ahead
    fast.close()


@torch.inference_mode()
def test_no_call_waits_while_rows_are_compiled_in_the_background(
    pairs: dict[str, Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.diffusion.accelerators.openvino_backbone.WANTED_CALLS", 1)
    compile_rows, is_under_way, may_end = (
        CompiledModule._compile,
        threading.Event(),
        threading.Event(),
    )
    waited_for: list[bool] = []

    def held(self: CompiledModule, rows: int) -> object:
        if threading.current_thread().name == "compile":
            is_under_way.set()
            waited_for.append(may_end.wait(10.0))
        return compile_rows(self, rows)

    monkeypatch.setattr(CompiledModule, "_compile", held)
    pair, arguments = pairs["house"], inputs(pairs["house"], 2)
    fast = pair.accelerate(tmp_path)
    denoise(fast, *arguments)
    assert is_under_way.wait(10.0)
    ours = denoise(fast, *arguments).clone()
    may_end.set()
    fast.close()
    assert waited_for == [True]  # nobody let it go on but this test
    assert error(ours, denoise(pair.plain, *arguments)) < 1e-5


@pytest.mark.parametrize(("small_parameters", "rows"), [(10**8, 9), (0, 2)])
@torch.inference_mode()
def test_neither_many_rows_nor_a_big_models_take_memory_for_executables(
    pairs: dict[str, Pair],
    tmp_path: Path,
    compiled: list[tuple[int, str]],
    small_parameters: int,
    rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backbone = "engine.diffusion.accelerators.openvino_backbone"
    monkeypatch.setattr(f"{backbone}.WANTED_CALLS", 1)
    monkeypatch.setattr(
        "engine.diffusion.accelerators.openvino.SMALL_MODEL_PARAMETERS", small_parameters
    )
    pair, arguments = pairs["house"], inputs(pairs["house"], rows)
    fast = pair.accelerate(tmp_path)
    ahead = len(compiled)
    for _ in range(3):
        assert error(denoise(fast, *arguments), denoise(pair.plain, *arguments)) < 1e-5
    fast.close()
    assert len(compiled) == ahead


@torch.inference_mode()
def test_rows_that_stay_get_an_executable_in_the_background(
    pairs: dict[str, Pair],
    tmp_path: Path,
    compiled: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.diffusion.accelerators.openvino_backbone.WANTED_CALLS", 3)
    pair, arguments = pairs["house"], inputs(pairs["house"], 2)
    fast = pair.accelerate(tmp_path)
    compiled.clear()
    for _ in range(2):
        denoise(fast, *arguments)
    assert compiled == []
    for _ in range(2):
        ours = denoise(fast, *arguments).clone()
    fast.close()  # after what is under way
    assert compiled == [(2, "compile")]
    assert all(thread.name != "compile" for thread in threading.enumerate())
    assert error(denoise(fast, *arguments), ours) < 1e-5
    assert compiled == [(2, "compile")]


@torch.inference_mode()
def test_nothing_of_feature_reuse_is_compiled_before_it_is_asked_for(
    pairs: dict[str, Pair], tmp_path: Path, compiled: list[tuple[int, str]]
) -> None:
    pair = pairs["house"]
    fast = pair.accelerate(tmp_path)
    assert isinstance(fast, KeepsFeatures)
    assert [rows for rows, _ in compiled] == [1, 1, 1]  # encoder, denoiser, decoder
    x_t, timestep, prompt = inputs(pair, 1)
    rows = fast.condition(timestep, prompt)
    _, features = fast.denoise_keeping(x_t, rows)
    fast.denoise_finely(x_t, features, rows)
    fast.close()
    assert [rows for rows, _ in compiled] == [1] * 5


@pytest.mark.parametrize("kind", FAMILIES)
@torch.inference_mode()
def test_features_are_kept_and_reused_as_in_pytorch(
    pairs: dict[str, Pair], kind: str, tmp_path: Path
) -> None:
    pair = pairs[kind]
    fast, plain = pair.accelerate(tmp_path), pair.plain
    assert isinstance(fast, KeepsFeatures)
    for count in (1, 2):
        x_t, *asked = inputs(pair, count)
        rows = plain.condition(*asked)
        output, features = fast.denoise_keeping(x_t, rows)
        theirs, their_features = plain.denoise_keeping(x_t, rows)
        assert error(output, theirs) < 1e-5
        assert error(features, their_features) < 1e-5
        moved = x_t + 0.1
        fine = fast.denoise_finely(moved, features, rows)
        assert error(fine, plain.denoise_finely(moved, their_features, rows)) < 1e-5
    fast.close()


def test_half_precision_stays_near(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair = pairs["house"]
    fast = pair.accelerate(tmp_path, "bf16")
    assert fast.dtype is torch.bfloat16
    with torch.inference_mode():
        arguments = inputs(pair, 2)
        # bfloat16 has 8 bits of mantissa; where the processor lacks it, float32 is used
        assert error(denoise(fast, *arguments), denoise(pair.plain, *arguments)) < 0.05


def test_the_second_start_uses_what_the_first_has_kept(
    pairs: dict[str, Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, arguments = pairs["house"], inputs(pairs["house"], 2)
    first = denoise(pair.accelerate(tmp_path), *arguments).clone()

    def forbidden(*_: object) -> None:
        raise AssertionError("the graph was made again")

    monkeypatch.setattr("engine.diffusion.accelerators.openvino.to_graph", forbidden)
    second = denoise(pair.accelerate(tmp_path), *arguments)
    assert torch.equal(first, second)


@pytest.mark.parametrize("damage", [b"", b"<not xml", b"<?xml version='1.0'?><net/>"])
def test_a_damaged_graph_is_made_again(
    pairs: dict[str, Pair], tmp_path: Path, damage: bytes
) -> None:
    pair, arguments = pairs["house"], inputs(pairs["house"], 1)
    first = denoise(pair.accelerate(tmp_path), *arguments).clone()
    for path in tmp_path.rglob("*.xml"):
        path.write_bytes(damage)
    assert torch.equal(denoise(pair.accelerate(tmp_path), *arguments), first)


def test_cut_short_weights_and_executables_are_made_again(
    pairs: dict[str, Pair], tmp_path: Path
) -> None:
    pair, arguments = pairs["house"], inputs(pairs["house"], 1)
    first = denoise(pair.accelerate(tmp_path), *arguments).clone()
    for path in [*tmp_path.rglob("*.bin"), *tmp_path.rglob("*.blob")]:
        path.write_bytes(path.read_bytes()[:100])
    assert torch.equal(denoise(pair.accelerate(tmp_path), *arguments), first)


def test_other_weights_or_another_size_have_their_own_place(
    pairs: dict[str, Pair], tmp_path: Path
) -> None:
    from engine.diffusion.accelerators.openvino import model_key

    house, sd1 = pairs["house"], pairs["sd1"]
    larger = RenderSpec(house.spec.model, 2 * SIDE, SIDE)
    keys = {model_key(house.plain, house.spec), model_key(house.plain, larger)}
    assert len(keys | {model_key(sd1.plain, sd1.spec)}) == 3
    assert model_key(house.plain, house.spec) in keys


def test_a_model_is_ready_once_its_graphs_are_kept_whole(
    pairs: dict[str, Pair], tmp_path: Path
) -> None:
    pair = pairs["house"]
    accelerator = OpenVinoAccelerator("f32", tmp_path)
    assert not accelerator.is_ready(pair.plain, pair.spec)
    pair.accelerate(tmp_path)
    assert accelerator.is_ready(pair.plain, pair.spec)
    next(tmp_path.rglob("*.xml")).write_bytes(b"")
    assert not accelerator.is_ready(pair.plain, pair.spec)


def test_an_output_is_its_own_until_the_next_call(pairs: dict[str, Pair], tmp_path: Path) -> None:
    pair = pairs["house"]
    fast = pair.accelerate(tmp_path)
    image = torch.zeros(1, 3, SIDE, SIDE)
    latent = fast.encode(image).clone()
    assert not np.shares_memory(latent.numpy(), image.numpy())
    assert torch.equal(fast.encode(image), latent)
