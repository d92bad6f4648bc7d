"""Exported modules against PyTorch, computed by an independent runtime for ONNX."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

pytest.importorskip("onnxscript", reason="the extras tensorrt-rtx and tensorrt bring it")
pytest.importorskip("onnxruntime", reason="computes what was exported")

import onnxruntime

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.onnx_export import MAX_ROWS, Part, export_onnx, parts_of
from engine.diffusion.find_model import load_model
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import RenderSpec
from tests import tiny_models

WIDTH, HEIGHT = 48, 32
CPU = Placement(torch.device("cpu"), torch.float32)


def one_level_unet() -> UNet2DConditionModel:
    """Every kind of layer that Stable Diffusion has, as few of each as an export's time allows."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16,),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
        cross_attention_dim=16,
        attention_head_dim=2,
        norm_num_groups=8,
    )


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Part]:
    unet, vae = tiny_models.seeded(one_level_unet), tiny_models.seeded(tiny_models.kl_vae)
    folder = tiny_models.write(tmp_path_factory.mktemp("models") / "sd1", "sd1", unet=unet, vae=vae)
    spec = RenderSpec(str(folder), WIDTH, HEIGHT)
    model = load_model(spec, CPU, lambda progress: None)
    size_px = (WIDTH, HEIGHT)
    plain = SDBackbone(model.info, model.unet, model.vae, CPU.device, CPU.dtype, size_px)
    return parts_of(plain, spec, model.text_encoder.encode("a red fox"))


def random_like(inputs: tuple[Tensor, ...], rows: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(5)
    return tuple(torch.randn(rows, *each.shape[1:], generator=generator) for each in inputs)


@pytest.mark.parametrize(
    ("name", "counts"), [("encoder", [1]), ("denoiser", [1, 3, MAX_ROWS]), ("decoder", [1])]
)
def test_an_exported_module_computes_what_pytorch_computes(
    parts: dict[str, Part], name: str, counts: list[int], tmp_path: Path
) -> None:
    export_onnx(parts[name], tmp_path / "module.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "module.onnx"))
    for count in counts:
        inputs = random_like(parts[name].inputs, count)
        names = [given.name for given in session.get_inputs()]
        fed = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
        (ours,) = session.run(None, fed)
        with torch.no_grad():
            theirs = parts[name].module(*inputs)
        error = (torch.from_numpy(ours) - theirs).abs().max() / theirs.abs().max()
        assert ours.shape == theirs.shape
        assert error < 1e-4
