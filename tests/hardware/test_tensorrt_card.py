"""TensorRT on a real card: built, run, kept and run again, against PyTorch in float16."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.diffusion.acceleration import Acceleration
from engine.diffusion.accelerators import ACCELERATORS
from engine.diffusion.accelerators.eager import EagerAccelerator
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.find_model import load_model
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import Progress, RenderSpec
from tests import tiny_models
from tests.support.denoise import denoise

SIDE = 64
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
]


def error(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


def plain(spec: RenderSpec) -> tuple[SDBackbone, Conditioning]:
    place = EagerAccelerator().placement
    model = load_model(spec, place, lambda progress: None)
    size_px = (spec.width_px, spec.height_px)
    backbone = SDBackbone(model.info, model.unet, model.vae, place.device, place.dtype, size_px)
    return backbone, model.text_encoder.encode("a red fox")


def worst_error(fast: Backbone, slow: SDBackbone, row: Conditioning) -> float:
    generator = torch.Generator(fast.device).manual_seed(3)
    image = torch.rand(1, 3, SIDE, SIDE, generator=generator, device=fast.device) * 2 - 1
    latent = slow.encode(image)
    errors = [error(fast.encode(image), latent), error(fast.decode(latent), slow.decode(latent))]
    for rows in (1, 2, 5, 1, 11):  # back and forth, and more than one call takes
        x_t = torch.randn(rows, *latent.shape[1:], generator=generator, device=fast.device)
        timesteps = torch.linspace(900.0, 20.0, rows, device=fast.device)
        asked = (x_t, timesteps, Conditioning.cat([row] * rows))
        errors += [error(denoise(fast, *asked), denoise(slow, *asked)) for _ in range(3)]
    return max(errors)


@pytest.mark.parametrize("name", ["tensorrt-rtx", "tensorrt"])
@pytest.mark.parametrize("kind", ["house", "sd1", "sdxl"])
@torch.inference_mode()
def test_a_card_computes_what_pytorch_computes(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := ACCELERATORS[name].why_not():
        pytest.skip(reason)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path)
    folder = tiny_models.write(tmp_path / kind, kind)
    spec = RenderSpec(str(folder), SIDE, SIDE, accelerator=name)
    slow, row = plain(spec)
    first = Acceleration(spec).first(lambda progress: None).made
    assert worst_error(first.backbone, slow, row) < 0.02  # float16 has 11 bits of mantissa
    first.backbone.close()
    told: list[Progress] = []
    second = Acceleration(spec).first(told.append).made
    assert not any("Exporting" in progress.message for progress in told)
    assert worst_error(second.backbone, slow, row) < 0.02
    second.backbone.close()
