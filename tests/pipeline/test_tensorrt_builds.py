"""TensorRT-RTX builds without a card: exported, built, kept, healed and cancelled for real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor

pytest.importorskip("onnxscript", reason="the extra tensorrt-rtx brings it")
pytest.importorskip("tensorrt_rtx", reason="the extra tensorrt-rtx brings it")

from engine.diffusion.accelerators import tensorrt
from engine.diffusion.accelerators.agreement import check_agreement
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.tensorrt import TensorRtRtxAccelerator
from engine.diffusion.accelerators.tensorrt_child import Job, engine_name
from engine.diffusion.backbone import Backbone
from engine.diffusion.find_model import load_model
from engine.diffusion.sd_backbone import SDBackbone
from engine.errors import AcceleratorError, PreparationCancelled
from engine.renderer import LoraSpec, OnProgress, Progress, RenderSpec
from tests import tiny_models

SIDE = 32
CPU = Placement(torch.device("cpu"), torch.float16)
RTX_3080 = (8, 6)


def small_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16,),
        layers_per_block=1,
        down_block_types=("DownBlock2D",),
        mid_block_type=None,
        up_block_types=("UpBlock2D",),
        cross_attention_dim=16,
        norm_num_groups=8,
    )


class NoCard:
    """In the place of a card: loads an engine only if it is there, and answers with zeros."""

    constants: ClassVar[list[dict[str, list[float]]]] = []  # of every engine that was loaded

    def __init__(self, *_: object) -> None: ...

    def load(self, file: Path, constants: Mapping[str, Tensor]) -> Callable[..., Tensor]:
        assert file.stat().st_size
        self.constants.append({name: tensor.tolist() for name, tensor in constants.items()})
        side = SIDE if "decoder" in file.name else SIDE // 2
        return lambda moving, rows=(): torch.zeros(len(moving), 4, side, side)

    def keep_kernels(self) -> None: ...


class Show:
    """One model and what makes it fast, on a machine that pretends to have a card."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.spec = RenderSpec(str(folder), SIDE, SIDE)
        model = load_model(self.spec, CPU, lambda progress: None)
        self.example = model.text_encoder.encode("")
        self.plain = SDBackbone(
            model.info, model.unet, model.vae, CPU.device, CPU.dtype, (SIDE, SIDE)
        )
        self.accelerator = TensorRtRtxAccelerator(cache)

    def accelerate(self, on_progress: OnProgress = lambda progress: None) -> Backbone:
        return self.accelerator.accelerate(self.plain, self.spec, self.example, on_progress)

    @property
    def is_ready(self) -> bool:
        return self.accelerator.is_ready(self.plain, self.spec)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    unet = tiny_models.seeded(small_unet)
    vae = tiny_models.seeded(tiny_models.tiny_vae)
    return tiny_models.write(tmp_path_factory.mktemp("models") / "sd1", "sd1", unet=unet, vae=vae)


@pytest.fixture
def show(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda: RTX_3080)
    monkeypatch.setattr(tensorrt, "EngineRoom", NoCard)
    monkeypatch.setattr(tensorrt, "check_agreement", lambda *_: None)  # zeros agree with nothing
    yield Show(folder, tmp_path)
    assert not psutil.Process().children()


def write_lora(path: Path, seed: float) -> None:
    """Of the first convolution."""
    shapes = {"A": (1, 4, 3, 3), "B": (16, 1, 1, 1)}
    save_file({f"unet.conv_in.lora_{ab}.weight": torch.full(shapes[ab], seed) for ab in "AB"}, path)


@pytest.mark.timeout(900)  # the builder yields to whatever else runs
def test_engines_that_compute_something_else_are_refused(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorrt, "check_agreement", check_agreement)
    with pytest.raises(AcceleratorError, match="TensorRT-RTX computes something else than PyTorch"):
        show.accelerate()


@pytest.mark.timeout(900)  # the builder yields to whatever else runs
def test_engines_are_built_with_progress_kept_and_built_again_when_damaged(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lora(tmp_path / "style.safetensors", 1.0)
    show.spec = replace(show.spec, loras=(LoraSpec(str(tmp_path / "style.safetensors")),))
    told: list[Progress] = []
    fast = show.accelerate(told.append)
    assert isinstance(fast.condition(torch.tensor([999.0]), show.example), tuple)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert {message.split(" for ")[0] for message in (each.message for each in told)} >= {
        f"{doing} the {part}"
        for doing in ("Exporting", "Building")
        for part in ("encoder", "denoiser", "decoder")
    }
    assert show.is_ready

    def forbidden(*_: object) -> None:
        raise AcceleratorError("built again.")

    monkeypatch.setattr(tensorrt, "make_engines_apart", forbidden)
    show.accelerate()
    engine = next(show.accelerator._cache.folder.rglob("denoiser.engine"))
    content = engine.read_bytes()
    engine.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert not show.is_ready
    with pytest.raises(AcceleratorError, match="built again; choose the accelerator eager"):
        show.accelerate()


def test_a_build_is_cancelled_while_it_is_under_way_and_leaves_nothing(show: Show) -> None:
    messages: list[str] = []

    def cancel(progress: Progress) -> None:
        messages.append(progress.message)
        if len(messages) > 1:
            raise PreparationCancelled("The user has changed their mind.")

    with pytest.raises(PreparationCancelled):
        show.accelerate(cancel)
    assert messages  # and the fixture sees that no process is left
    assert not show.is_ready
    assert not list(show.accelerator._cache.folder.rglob("*engine*"))


def test_a_loras_strength_needs_no_other_build_but_another_lora_does(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Job] = []

    def build(job: Job, on_progress: OnProgress) -> None:
        built.append(job)
        for part in ("encoder", "denoiser", "decoder"):
            (job.folder / engine_name(part)).write_bytes(b"engine")

    def play(name: str, scale: float) -> None:
        spec = replace(show.spec, loras=(LoraSpec(str(tmp_path / name), scale),))
        accelerator = TensorRtRtxAccelerator(tmp_path)
        accelerator.accelerate(show.plain, spec, show.example, lambda progress: None)

    monkeypatch.setattr(tensorrt, "make_engines_apart", build)
    write_lora(tmp_path / "first.safetensors", 1.0)
    write_lora(tmp_path / "second.safetensors", 2.0)
    play("first.safetensors", 0.5)
    play("first.safetensors", 1.5)
    assert len(built) == 1
    assert NoCard.constants[-1] == {"lora_scale": [1.5]}
    play("second.safetensors", 1.5)
    show.accelerate()
    assert len(built) == 3


def test_another_kind_of_card_has_engines_of_its_own(
    show: Show, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {show.accelerator._shelf(show.plain, show.spec).folder}
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda: (12, 0))
    other = TensorRtRtxAccelerator(tmp_path)
    keys.add(other._shelf(show.plain, show.spec).folder)
    assert len(keys) == 2


def test_a_card_that_tensorrt_rtx_does_not_compile_for_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda: (9, 0))
    with pytest.raises(AcceleratorError, match=r"capability 9\.0; choose .*tensorrt or eager"):
        TensorRtRtxAccelerator(tmp_path)


def test_without_a_card_that_pytorch_can_use_it_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(AcceleratorError, match="needs an NVIDIA card that PyTorch can use"):
        TensorRtRtxAccelerator(tmp_path)
