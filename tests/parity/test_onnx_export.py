"""Exported modules against PyTorch, computed by an independent runtime for ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor

pytest.importorskip("onnxscript", reason="the extras tensorrt-rtx and tensorrt bring it")
pytest.importorskip("onnxruntime", reason="computes what was exported")

import onnxruntime

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.onnx_export import (
    LORA_SCALE,
    MAX_ROWS,
    Part,
    export_onnx,
    lora_scale_of,
    parts_of,
)
from engine.diffusion.attached_loras import attach_loras
from engine.diffusion.backbone import Conditioning
from engine.diffusion.find_model import AddLoras, load_model
from engine.diffusion.lora import fuse_loras
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import LoraSpec, RenderSpec
from tests import tiny_models

WIDTH, HEIGHT = 48, 32
LORAS = ("first.safetensors", "second.safetensors")
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
def spec(tmp_path_factory: pytest.TempPathFactory) -> RenderSpec:
    """A model and two LoRAs of it."""
    root = tmp_path_factory.mktemp("models")
    unet, vae = tiny_models.seeded(one_level_unet), tiny_models.seeded(tiny_models.kl_vae)
    folder = tiny_models.write(root / "sd1", "sd1", unet=unet, vae=vae)
    for seed, name in enumerate(LORAS):
        write_lora(root / name, seed)
    loras = tuple(LoraSpec(str(root / name)) for name in LORAS)
    return RenderSpec(str(folder), WIDTH, HEIGHT, loras=loras)


def write_lora(path: Path, seed: int) -> None:
    """Of a projection, a convolution, and a projection of the prompt, which tables replace."""
    attention = "down_blocks.0.attentions.0.transformer_blocks.0"
    shapes = {
        f"{attention}.attn1.to_q": ((2, 16), (16, 2)),
        f"{attention}.attn2.to_k": ((2, 16), (16, 2)),
        "down_blocks.0.resnets.0.conv1": ((2, 16, 3, 3), (16, 2, 1, 1)),
    }
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        f"unet.{layer}.lora_{letter}.weight": torch.randn(shape, generator=generator)
        for layer, pair in shapes.items()
        for letter, shape in zip("AB", pair, strict=True)
    }
    save_file(tensors, path)


def loaded(spec: RenderSpec, add_loras: AddLoras) -> tuple[SDBackbone, Conditioning]:
    model = load_model(spec, CPU, lambda progress: None, add_loras)
    size_px = (WIDTH, HEIGHT)
    plain = SDBackbone(model.info, model.unet, model.vae, CPU.device, CPU.dtype, size_px)
    return plain, model.text_encoder.encode("a red fox")


class Exported:
    """A module as an ONNX file, run by onnxruntime on its processor."""

    def __init__(self, part: Part, folder: Path) -> None:
        export_onnx(part, folder / "module.onnx")
        self._session = onnxruntime.InferenceSession(str(folder / "module.onnx"))

    @property
    def input_names(self) -> list[str]:
        return [given.name for given in self._session.get_inputs()]

    def __call__(self, *inputs: Tensor) -> Tensor:
        fed = {name: part.numpy() for name, part in zip(self.input_names, inputs, strict=True)}
        (output,) = self._session.run(None, fed)
        return torch.from_numpy(output)


def error(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max() / theirs.abs().max())


def test_the_exported_codec_computes_what_pytorch_computes(
    spec: RenderSpec, tmp_path: Path
) -> None:
    plain, row = loaded(spec, fuse_loras)
    parts = parts_of(plain, spec, row)
    for name in ("encoder", "decoder"):
        given = torch.rand_like(parts[name].inputs[0]) * 2 - 1
        with torch.no_grad():
            theirs = parts[name].module(given)
        assert error(Exported(parts[name], tmp_path)(given), theirs) < 1e-4


def test_one_exported_denoiser_serves_every_number_of_rows_and_every_strength_of_its_loras(
    spec: RenderSpec, tmp_path: Path
) -> None:
    attached, row = loaded(spec, attach_loras)
    exported = Exported(parts_of(attached, spec, row)["denoiser"], tmp_path)
    assert exported.input_names == ["x_t", LORA_SCALE, "time", "text"]
    generator = torch.Generator().manual_seed(5)
    for count, scales in ((1, (0.0, 0.0)), (3, (0.7, 0.0)), (MAX_ROWS, (1.0, -0.4))):
        pairs = zip(spec.loras, scales, strict=True)
        played = replace(spec, loras=tuple(replace(lora, scale=scale) for lora, scale in pairs))
        fused, row = loaded(played, fuse_loras)
        x_t = torch.randn(count, 4, HEIGHT // 2, WIDTH // 2, generator=generator)
        with torch.no_grad():
            rows = fused.condition(
                torch.linspace(900.0, 20.0, count), Conditioning.cat([row] * count)
            )
            theirs = fused.denoise(x_t, rows)
        assert error(exported(x_t, lora_scale_of(played, CPU.device), *rows), theirs) < 1e-4
