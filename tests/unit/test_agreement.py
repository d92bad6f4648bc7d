"""An accelerator that computes something else than PyTorch is found out before it plays."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.accelerators.agreement import check_agreement
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.backbone import Conditioning
from engine.diffusion.find_model import load_model
from engine.diffusion.sd_backbone import SDBackbone
from engine.errors import AcceleratorError
from engine.renderer import RenderSpec
from tests import tiny_models

SIDE = 32
CPU = Placement(torch.device("cpu"), torch.float32)


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> RenderSpec:
    folder = tmp_path_factory.mktemp("models") / "sd1-lcm"
    return RenderSpec(str(tiny_models.write(folder, "sd1-lcm")), SIDE, SIDE)


@pytest.fixture
def pair(spec: RenderSpec) -> tuple[SDBackbone, SDBackbone, Conditioning]:
    model = load_model(spec, CPU, lambda progress: None)

    def backbone() -> SDBackbone:
        size_px = (SIDE, SIDE)
        return SDBackbone(model.info, model.unet, model.vae, CPU.device, CPU.dtype, size_px)

    return backbone(), backbone(), model.text_encoder.encode("a red fox")


def test_rounding_is_no_fault(
    pair: tuple[SDBackbone, SDBackbone, Conditioning],
    spec: RenderSpec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast, plain, example = pair
    for part in ("encode", "denoise", "decode"):
        exact = getattr(fast, part)
        monkeypatch.setattr(fast, part, lambda *given, exact=exact: exact(*given).half())
    check_agreement(fast, plain, spec, example, "The fast one")


@pytest.mark.parametrize(
    ("part", "name"), [("encode", "encoder"), ("denoise", "denoiser"), ("decode", "decoder")]
)
@pytest.mark.parametrize("spoil", [torch.zeros_like, torch.neg, lambda t: t * torch.nan])
def test_each_part_that_computes_something_else_is_named(
    pair: tuple[SDBackbone, SDBackbone, Conditioning],
    spec: RenderSpec,
    part: str,
    name: str,
    spoil,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast, plain, example = pair
    exact = getattr(fast, part)
    monkeypatch.setattr(fast, part, lambda *given: spoil(exact(*given)))
    with pytest.raises(AcceleratorError, match=f"The fast one computes .* its {name} is"):
        check_agreement(fast, plain, spec, example, "The fast one")
