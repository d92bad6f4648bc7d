"""Single-file checkpoints in the original layout: read back as the models they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.backbone import Family, PredictionType
from engine.diffusion.find_model import load_model
from engine.diffusion.ldm_layout import Layout, layout_of, text_configs, unet_config, vae_config
from engine.diffusion.loader import LoadedModel
from engine.diffusion.single_file import make_tokenizer, read_single_file
from engine.errors import ModelLoadError
from engine.renderer import RenderSpec
from tests import ldm_checkpoints as ldm
from tests import tiny_models

CPU = Placement(torch.device("cpu"), torch.float32)
CLIP_WORDS = 49408


def text_config(width: int, act: str, num_layers: int = 2) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=CLIP_WORDS,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=num_layers,
        num_attention_heads=max(1, width // 64),
        max_position_embeddings=77,
        projection_dim=width,
        hidden_act=act,
        bos_token_id=CLIP_WORDS - 2,
        eos_token_id=CLIP_WORDS - 1,
    )


def unet(layout: Layout) -> UNet2DConditionModel:
    traits: dict[str, Any] = {
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": 64,
        "attention_head_dim": 8 if layout is Layout.SD1 else [1, 1],
        "use_linear_projection": layout is not Layout.SD1,
    }
    if layout is Layout.SDXL:
        traits |= {
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2),
            "cross_attention_dim": 64 + 128,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + 128,
        }
    return UNet2DConditionModel(block_out_channels=(32, 64), layers_per_block=1, **traits).eval()


@dataclass(frozen=True)
class Original:
    """A model in parts, and the file that holds it."""

    layout: Layout
    unet: Any
    vae: Any
    texts: list[Any]

    def tensors(self) -> dict[str, Tensor]:
        tensors = {**ldm.unet_tensors(self.unet), **ldm.vae_tensors(self.vae)}
        if self.layout is Layout.SD1:
            return tensors | ldm.clip_tensors(self.texts[0], "cond_stage_model.transformer.")
        if self.layout is Layout.SD2:
            return tensors | ldm.open_clip_tensors(self.texts[0], "cond_stage_model.model.")
        return (
            tensors
            | ldm.clip_tensors(self.texts[0], "conditioner.embedders.0.transformer.")
            | ldm.open_clip_tensors(self.texts[1], "conditioner.embedders.1.model.")
        )


@pytest.fixture(scope="module")
def originals() -> dict[Layout, Original]:
    return {layout: tiny_models.seeded(original, layout) for layout in Layout}


def original(layout: Layout) -> Original:
    texts: dict[Layout, list[Any]] = {
        Layout.SD1: [CLIPTextModel(text_config(64, "quick_gelu"))],
        Layout.SD2: [CLIPTextModel(text_config(64, "gelu"))],
        Layout.SDXL: [
            CLIPTextModel(text_config(64, "quick_gelu")),
            CLIPTextModelWithProjection(text_config(128, "gelu")),
        ],
    }
    vae = AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
    )
    return Original(layout, unet(layout), vae.eval(), [text.eval() for text in texts[layout]])


def load(path: Path) -> LoadedModel:
    return load_model(RenderSpec(str(path), 32, 32), CPU, lambda progress: None)


def assert_same(ours: Any, theirs: Any) -> None:
    mine, other = ours.state_dict(), theirs.state_dict()
    assert set(mine) == set(other)
    assert all(torch.equal(mine[name], other[name]) for name in other)


@pytest.mark.parametrize("layout", [Layout.SD1, Layout.SDXL])
def test_a_checkpoint_is_read_as_the_model_it_was_made_from(
    originals: dict[Layout, Original], tmp_path: Path, layout: Layout
) -> None:
    source = originals[layout]
    path = ldm.write_checkpoint(tmp_path / "look.safetensors", source.tensors())
    components = read_single_file(path, CPU, lambda progress: None)
    assert_same(components.unet, source.unet)
    assert_same(components.vae, source.vae)
    for ours, theirs in zip(components.text_models, source.texts, strict=True):
        assert_same(ours, theirs)
    x_t, timestep = torch.randn(2, 4, 8, 8), torch.tensor([700.0, 20.0])
    embeds = torch.randn(2, 5, source.unet.config.cross_attention_dim)
    added = {"text_embeds": torch.randn(2, 128), "time_ids": torch.ones(2, 6)}
    with torch.inference_mode():
        mine, other = (
            model(x_t, timestep, embeds, added_cond_kwargs=added, return_dict=False)[0]
            for model in (components.unet, source.unet)
        )
    assert torch.equal(mine, other)


@pytest.mark.parametrize(
    ("layout", "family", "width"), [(Layout.SD1, Family.SD, 64), (Layout.SDXL, Family.SDXL, 192)]
)
def test_a_checkpoint_without_any_remark_predicts_epsilon(
    originals: dict[Layout, Original],
    tmp_path: Path,
    layout: Layout,
    family: Family,
    width: int,
) -> None:
    model = load(ldm.write_checkpoint(tmp_path / "look.safetensors", originals[layout].tensors()))
    assert model.info.family is family
    assert model.info.name == "look"
    assert model.info.prediction_type is PredictionType.EPSILON
    assert model.text_encoder.encode("a red fox").embeds.shape == (1, 77, width)


def test_sd2_must_say_what_it_predicts(originals: dict[Layout, Original], tmp_path: Path) -> None:
    path = ldm.write_checkpoint(tmp_path / "sd2.safetensors", originals[Layout.SD2].tensors())
    with pytest.raises(ModelLoadError, match="doesn't say what it predicts") as caught:
        load(path)
    assert str(tmp_path / "sd2.json") in str(caught.value)


@pytest.mark.parametrize(
    ("metadata", "neighbour", "marker", "expected"),
    [
        ({"modelspec.prediction_type": "v"}, None, False, PredictionType.V),
        ({"modelspec.prediction_type": "epsilon"}, None, False, PredictionType.EPSILON),
        (None, '{"prediction_type": "v_prediction"}', False, PredictionType.V),
        (None, None, True, PredictionType.V),
    ],
)
def test_what_a_checkpoint_predicts_is_read_from_it_or_beside_it(
    originals: dict[Layout, Original],
    tmp_path: Path,
    metadata: dict[str, str] | None,
    neighbour: str | None,
    marker: bool,
    expected: PredictionType,
) -> None:
    tensors = originals[Layout.SDXL].tensors()
    if marker:
        tensors |= {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}
    path = ldm.write_checkpoint(tmp_path / "look.safetensors", tensors, metadata)
    if neighbour:
        path.with_suffix(".json").write_text(neighbour)
    info = load(path).info
    assert info.prediction_type is expected
    assert (info.alpha_bar[-1] < 1e-6) == marker  # "ztsnr" asks for zero terminal SNR


def test_a_lora_or_another_file_is_no_checkpoint(tmp_path: Path) -> None:
    path = ldm.write_checkpoint(tmp_path / "x.safetensors", {"lora_unet.weight": torch.zeros(1)})
    with pytest.raises(ModelLoadError, match="holds no denoiser"):
        load(path)


def test_a_checkpoint_with_missing_tensors_is_refused(
    originals: dict[Layout, Original], tmp_path: Path
) -> None:
    tensors = originals[Layout.SD1].tensors()
    del tensors["model.diffusion_model.middle_block.0.in_layers.2.weight"]
    path = ldm.write_checkpoint(tmp_path / "x.safetensors", tensors)
    with pytest.raises(ModelLoadError, match=r"x\.safetensors|lacks 1 tensor"):
        load(path)


FULL_SIZES: dict[Layout, dict[str, Any]] = {
    Layout.SD1: {"cross_attention_dim": 768, "attention_head_dim": 8},
    Layout.SD2: {
        "cross_attention_dim": 1024,
        "attention_head_dim": [5, 10, 20, 20],
        "use_linear_projection": True,
    },
    Layout.SDXL: {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": [1, 2, 10],
        "cross_attention_dim": 2048,
        "attention_head_dim": [5, 10, 20],
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}


@pytest.mark.parametrize("layout", Layout)
def test_the_published_sizes_are_recognised(layout: Layout) -> None:
    """Full-size models without memory: only names and shapes of their tensors are made."""
    with torch.device("meta"):
        denoiser = UNet2DConditionModel(**FULL_SIZES[layout])
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
            latent_channels=4,
        )
        clip = CLIPTextModel(text_config(768, "quick_gelu", 12))
        clip_h = CLIPTextModel(text_config(1024, "gelu", 24))
        clip_g = CLIPTextModelWithProjection(text_config(1280, "gelu", 32))
    texts = {Layout.SD1: [clip], Layout.SD2: [clip_h], Layout.SDXL: [clip, clip_g]}[layout]
    tensors = Original(layout, denoiser, vae, texts).tensors()
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    assert layout_of(shapes, "x") is layout
    for config, model in (
        (unet_config(shapes, layout), denoiser),
        (vae_config(shapes, layout), vae),
    ):
        rebuilt = dict(type(model).from_config(config).to("meta").config)
        facts = {"sample_size", "scaling_factor", "force_upcast"}
        for name in set(config) - facts - {"_class_name", "transformer_layers_per_block"}:
            assert _listed(rebuilt[name]) == _listed(model.config[name]), name
    expected = {
        Layout.SD1: [(768, 12, 12)],
        Layout.SD2: [(1024, 23, 16)],  # diffusers leaves the last layer out
        Layout.SDXL: [(768, 12, 12), (1280, 32, 20)],
    }
    found = [
        (config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"])
        for config in text_configs(shapes, layout)
    ]
    assert found == expected[layout]


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def test_the_shipped_vocabulary_is_clips() -> None:
    tokenizer = make_tokenizer(77, "<|endoftext|>")
    assert len(tokenizer) == CLIP_WORDS
    # as published with CLIP
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
