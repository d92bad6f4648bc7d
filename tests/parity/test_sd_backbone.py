"""The backbone's three functions against the diffusers modules that they wrap."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest
import torch
from diffusers import LatentConsistencyModelPipeline

from engine.diffusion.backbone import Conditioning, Family
from engine.diffusion.model_info import ModelCard, make_model_info
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.tables import DISTILLED_SCALE
from tests import tiny_models
from tests.support.denoise import denoise

SIDE = 16
SCHEDULER = {**diffusers.LCMScheduler().config, "_class_name": "LCMScheduler"}


def backbone(unet: Any, vae: Any, family: Family = Family.SD) -> SDBackbone:
    info = make_model_info("model", family, SCHEDULER, vae, ModelCard())
    device, dtype = torch.device("cpu"), torch.float32
    return SDBackbone(info, unet.eval(), vae.eval(), device, dtype, (SIDE, SIDE))


@torch.inference_mode()
def test_a_sampled_autoencoder_gives_its_mode_scaled() -> None:
    vae = tiny_models.kl_vae(scaling_factor=0.2, shift_factor=0.1)
    ours = backbone(tiny_models.sd_unet(), vae)
    image = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
    mode = vae.encode(image).latent_dist.mode()
    latent = ours.encode(image)
    torch.testing.assert_close(latent, (mode - 0.1) * 0.2)
    torch.testing.assert_close(ours.decode(latent), vae.decode(mode).sample)


@torch.inference_mode()
def test_latent_mean_and_deviation_of_fine_tunes_are_applied_per_channel() -> None:
    mean, std = [0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0]
    vae = tiny_models.kl_vae(latents_mean=mean, latents_std=std, scaling_factor=0.5)
    ours = backbone(tiny_models.sd_unet(), vae)
    image = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
    mode = vae.encode(image).latent_dist.mode()
    rows = [(mode[:, i] - mean[i]) * 0.5 / std[i] for i in range(4)]
    latent = ours.encode(image)
    torch.testing.assert_close(latent, torch.stack(rows, dim=1))
    torch.testing.assert_close(ours.decode(latent), vae.decode(mode).sample)


@torch.inference_mode()
def test_sdxl_is_told_the_size_of_the_picture() -> None:
    unet = tiny_models.sdxl_unet()
    ours = backbone(unet, tiny_models.kl_vae(), Family.SDXL)
    x_t, timestep = torch.randn(2, 4, 8, 8), torch.tensor([900.0, 20.0])
    row = Conditioning(torch.randn(2, 8, 32), torch.randn(2, 16))
    added = {
        "text_embeds": row.pooled,
        "time_ids": torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * 2, dtype=torch.float32),
    }
    theirs = unet(x_t, timestep, row.embeds, added_cond_kwargs=added).sample
    assert torch.equal(denoise(ours, x_t, timestep, row), theirs)


@torch.inference_mode()
def test_a_fully_distilled_model_gets_the_scale_that_it_was_distilled_with() -> None:
    unet = tiny_models.sd_unet(time_cond_proj_dim=8)
    ours = backbone(unet, tiny_models.tiny_vae())
    x_t, timestep = torch.randn(3, 4, 8, 8), torch.tensor([900.0, 500.0, 20.0])
    embeds = torch.randn(3, 8, 16)
    scale = torch.full((3,), DISTILLED_SCALE - 1.0)
    embedding = LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, scale, 8)
    theirs = unet(x_t, timestep, embeds, timestep_cond=embedding).sample
    torch.testing.assert_close(denoise(ours, x_t, timestep, Conditioning(embeds)), theirs)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@torch.inference_mode()
def test_halves_stay_inside(dtype: torch.dtype) -> None:
    unet, vae = tiny_models.sd_unet().to(dtype), tiny_models.tiny_vae().to(dtype)
    info = make_model_info("model", Family.SD, SCHEDULER, vae, ModelCard())
    ours = SDBackbone(info, unet, vae, torch.device("cpu"), dtype, (SIDE, SIDE))
    latent = ours.encode(torch.zeros(1, 3, SIDE, SIDE))
    output = denoise(ours, latent, torch.tensor([500.0]), Conditioning(torch.zeros(1, 8, 16)))
    assert {latent.dtype, output.dtype, ours.decode(latent).dtype} == {torch.float32}
