"""LoRAs against their definition: W + scale · up @ down (Hu et al. 2021, arXiv:2106.09685)."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.find_model import load_model
from engine.diffusion.loader import LoadedModel
from engine.renderer import LoraSpec, RenderSpec
from tests import tiny_models

CPU = Placement(torch.device("cpu"), torch.float32)
LAYERS = {
    "sd1-lcm": "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
    "sdxl": "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
}
RANK = 2


def write_lora(path: Path, layer: str, width: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Save a LoRA of one layer and return its (down, up)."""
    generator = torch.Generator().manual_seed(seed)
    down = torch.randn(RANK, width, generator=generator)
    up = torch.randn(width, RANK, generator=generator)
    prefix = f"unet.{layer}.lora"
    save_file({f"{prefix}_A.weight": down, f"{prefix}_B.weight": up}, path)
    return down, up


def load(folder: Path, *loras: LoraSpec) -> LoadedModel:
    return load_model(RenderSpec(str(folder), 32, 32, loras=loras), CPU, lambda progress: None)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_lora_changes_the_weights_by_its_definition(tmp_path: Path, kind: str) -> None:
    folder = tiny_models.write(tmp_path / kind, kind)
    plain = load(folder).unet.state_dict()
    name = f"{LAYERS[kind]}.weight"
    width = plain[name].shape[0]
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    down_1, up_1 = write_lora(first, LAYERS[kind], width, seed=1)
    down_2, up_2 = write_lora(second, LAYERS[kind], width, seed=2)

    fused = load(folder, LoraSpec(str(first), 0.5), LoraSpec(str(second), -0.25)).unet.state_dict()

    assert set(fused) == set(plain)  # fused: nothing of the adapter is left to be computed
    expected = plain[name] + 0.5 * up_1 @ down_1 - 0.25 * up_2 @ down_2
    torch.testing.assert_close(fused[name], expected)
    others = [key for key in plain if key != name]
    assert all(torch.equal(fused[key], plain[key]) for key in others)


def test_a_lora_in_the_dialect_of_kohya_is_scaled_by_its_alpha(tmp_path: Path) -> None:
    """Most of what is published: names with underscores, and alpha / rank on the product."""
    folder = tiny_models.write(tmp_path / "model", "sd1-lcm")
    plain = load(folder).unet.state_dict()
    generator = torch.Generator().manual_seed(1)
    down, up = (torch.randn(shape, generator=generator) for shape in ((RANK, 16), (16, RANK)))
    layer = f"lora_unet_{LAYERS['sd1-lcm'].replace('.', '_')}"
    tensors = {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(1.0)}
    file = tmp_path / "kohya.safetensors"
    save_file({f"{layer}.{name}": tensor for name, tensor in tensors.items()}, file)

    fused = load(folder, LoraSpec(str(file), 1.5)).unet.state_dict()

    name = f"{LAYERS['sd1-lcm']}.weight"
    torch.testing.assert_close(fused[name], plain[name] + 1.5 * (1.0 / RANK) * up @ down)


def test_a_lora_of_scale_0_changes_nothing(tmp_path: Path) -> None:
    folder = tiny_models.write(tmp_path / "model", "sd1-lcm")
    write_lora(tmp_path / "x.safetensors", LAYERS["sd1-lcm"], 16, seed=1)
    plain = load(folder).unet.state_dict()
    fused = load(folder, LoraSpec(str(tmp_path / "x.safetensors"), 0.0)).unet.state_dict()
    assert all(torch.equal(fused[key], plain[key]) for key in plain)
