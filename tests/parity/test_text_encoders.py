"""Prompts as conditioning against diffusers' own `encode_prompt`."""

from __future__ import annotations

from pathlib import Path

import diffusers
import pytest
import torch

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.find_model import load_model
from engine.renderer import RenderSpec
from tests import tiny_models

CPU = Placement(torch.device("cpu"), torch.float32)
PROMPTS = ["", "a red fox", "a prompt that is much longer than the eight tokens there are"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("kind", ["house", "sd1", "sd2-v", "sd-turbo"])
def test_one_encoder_gives_the_embeddings_of_diffusers(
    tmp_path: Path, kind: str, prompt: str
) -> None:
    folder = tiny_models.write(tmp_path / kind, kind)
    pipeline = diffusers.StableDiffusionPipeline(
        **tiny_models.read_back(folder),
        scheduler=diffusers.LCMScheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    theirs, _ = pipeline.encode_prompt(prompt, "cpu", 1, do_classifier_free_guidance=False)
    model = load_model(RenderSpec(str(folder), 32, 32), CPU, lambda progress: None)
    ours = model.text_encoder.encode(prompt)
    assert ours.pooled is None
    assert torch.equal(ours.embeds, theirs)


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("negative", ["", "blue"])
@pytest.mark.parametrize("kind", ["sdxl", "sdxl-turbo"])
def test_two_encoders_give_embeddings_and_pooled_vectors_of_diffusers(
    tmp_path: Path, kind: str, prompt: str, negative: str
) -> None:
    folder = tiny_models.write(tmp_path / kind, kind)
    pipeline = diffusers.StableDiffusionXLPipeline(
        **tiny_models.read_back(folder),
        scheduler=diffusers.LCMScheduler(),
        force_zeros_for_empty_prompt=kind == "sdxl",  # as the index of either says
        add_watermarker=False,
    )
    theirs = pipeline.encode_prompt(
        prompt, device="cpu", do_classifier_free_guidance=True, negative_prompt=negative or None
    )
    encoder = load_model(RenderSpec(str(folder), 32, 32), CPU, lambda progress: None).text_encoder
    positive, away = encoder.encode(prompt), encoder.encode(negative, is_negative=True)
    ours = (positive.embeds, away.embeds, positive.pooled, away.pooled)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.equal(mine, other)
