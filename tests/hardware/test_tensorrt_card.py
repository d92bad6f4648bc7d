"""TensorRT on a real card: built, run, kept and run again, against PyTorch in float16."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.diffusion.acceleration import Acceleration
from engine.diffusion.accelerators import ACCELERATORS
from engine.diffusion.accelerators.eager import EagerAccelerator
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.find_model import load_model
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.sd_backbone import SDBackbone
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import Progress, RenderSpec
from tests import tiny_models
from tests.support.denoise import denoise

SIDE = 64
MOST_TICKS = 200_000  # a build takes minutes
MOST_DIFFERENCE = 8  # of 255
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


def test_a_show_tries_tensorrt_rtx_and_keeps_what_is_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := ACCELERATORS["tensorrt-rtx"].why_not():
        pytest.skip(reason)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_: tmp_path)
    folder = tiny_models.write(tmp_path / "sd1", "sd1")
    spec = RenderSpec(str(folder), SIDE, SIDE, swaps_up=True, tries_unproven=True)
    renderer, plain = StreamRenderer(), StreamRenderer()
    assert renderer.prepare(spec, lambda progress: None).accelerator == "graphs"
    plain.prepare(replace(spec, accelerator="eager"), lambda progress: None)
    told: list[str] = []
    for number in range(MOST_TICKS):
        levels = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        frame = Frame(levels, number, number / 30)
        ours, theirs = (each.render(frame, StreamParams()) for each in (renderer, plain))
        assert ours is not None
        assert theirs is not None
        assert np.abs(ours.image.astype(int) - theirs.image.astype(int)).max() <= MOST_DIFFERENCE
        told += [news.sentence for news in iter(renderer.news, None)]
        if "is faster here" in told[-1] or "is slower here" in told[-1]:
            break
    assert "is faster here" in told[-1] or "is slower here" in told[-1], told
    for each in (renderer, plain):
        each.close()
