"""torch.compile against PyTorch as it is: the same numbers, and never a compilation in a tick."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.diffusion.accelerators import ACCELERATORS, AUTO_ORDER, compiled, compiler_missing
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.compiled import CompileAccelerator
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.find_model import load_model
from engine.diffusion.in_process import ALL_THREADS, _num_threads
from engine.diffusion.sd_backbone import SDBackbone
from engine.errors import AcceleratorError, PreparationCancelled
from engine.renderer import OnProgress, Progress, RenderSpec
from tests import tiny_models
from tests.streams import relative_error
from tests.support.denoise import denoise

SIDE = 32
CPU = Placement(torch.device("cpu"), torch.float32)
pytestmark = pytest.mark.skipif(
    bool(compiler_missing("cpu")) or torch.cuda.is_available(), reason="compiles on the processor"
)


@pytest.fixture(autouse=True)
def _trace_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but the C++ compiler, which takes minutes for three modules."""
    monkeypatch.setattr(compiled, "BACKEND", "aot_eager")
    monkeypatch.setattr(compiled, "ROWS_AHEAD", (1, 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("models") / "sd1", "sd1")


class Compiled:
    """One model in PyTorch and compiled."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.spec = RenderSpec(str(folder), SIDE, SIDE)
        model = load_model(self.spec, CPU, lambda progress: None)
        self.row = model.text_encoder.encode("a red fox")
        self.plain = SDBackbone(
            model.info, model.unet, model.vae, CPU.device, CPU.dtype, (SIDE, SIDE)
        )
        self.accelerator = CompileAccelerator(cache)

    def accelerate(self, on_progress: OnProgress = lambda progress: None) -> Backbone:
        return self.accelerator.accelerate(self.plain, self.spec, self.row, on_progress)

    def inputs(self, rows: int) -> tuple[torch.Tensor, torch.Tensor, Conditioning]:
        side, generator = SIDE // self.plain.info.vae_scale_factor, torch.Generator().manual_seed(3)
        x_t = torch.randn(rows, 4, side, side, generator=generator)
        return x_t, torch.linspace(900.0, 20.0, rows), Conditioning.cat([self.row] * rows)


@pytest.fixture
def model(folder: Path, tmp_path: Path) -> Compiled:
    return Compiled(folder, tmp_path)


@torch.inference_mode()
def test_it_computes_what_pytorch_computes_and_traces_nothing_more_in_a_tick(
    model: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, plain = model.accelerate(), model.plain
    assert isinstance(fast, SDBackbone)
    assert _num_threads(fast) == ALL_THREADS

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("something was compiled in a tick")

    monkeypatch.setattr("torch._dynamo.convert_frame._compile", forbidden)
    image = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
    latent = plain.encode(image)
    assert relative_error(fast.encode(image), latent) < 1e-4
    nhwc = latent.to(memory_format=torch.channels_last)
    assert relative_error(fast.decode(nhwc), plain.decode(latent)) < 1e-4
    for rows in (1, 2, 3):  # there is nothing compiled for three
        arguments = model.inputs(rows)
        assert relative_error(denoise(fast, *arguments), denoise(plain, *arguments)) < 1e-4
    before = denoise(fast, *arguments).clone()
    for rows in (1, 2, 3):  # nor for fewer tokens
        arguments = model.inputs(rows)
        fast.merge_tokens(0.5)
        merged = denoise(fast, *arguments)
        assert torch.equal(merged, denoise(plain, *arguments))
        fast.merge_tokens(0.0)
    assert torch.equal(denoise(fast, *arguments), before)


def test_it_is_ready_once_everything_has_been_compiled(model: Compiled) -> None:
    reports: list[Progress] = []

    def cancel_at_the_denoiser(progress: Progress) -> None:
        reports.append(progress)
        if "denoiser" in progress.message:
            raise PreparationCancelled("The user has changed their mind.")

    with pytest.raises(PreparationCancelled):
        model.accelerate(cancel_at_the_denoiser)
    assert [report.fraction for report in reports[1:]] == [0.0, 0.25, 0.5]
    assert not model.accelerator.is_ready(model.plain, model.spec)
    model.accelerate()
    assert model.accelerator.is_ready(model.plain, model.spec)


def test_a_compiler_that_fails_is_a_sentence(
    model: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("internal compiler error\nand a long listing")

    monkeypatch.setattr(compiled, "BACKEND", broken)
    with pytest.raises(AcceleratorError, match=r"can't compile .*choose the accelerator eager\.$"):
        model.accelerate()
    assert not model.accelerator.is_ready(model.plain, model.spec)


def test_without_a_compiler_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "install g++" in str(ACCELERATORS["compile"].why_not())
    with pytest.raises(AcceleratorError, match="build-essential"):
        ACCELERATORS["compile"].create()


def test_it_is_played_only_where_somebody_chose_it() -> None:
    assert all("compile" not in order for order in AUTO_ORDER.values())
