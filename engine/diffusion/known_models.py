"""The table of models known by name; the menu, `--list models` and docs/models.md are made of it.

Repositories, files, licences and sampling are those of the publishers' own pages. Where a page
says nothing the field is None. None of them but the house model has been run here.
"""

from __future__ import annotations

from dataclasses import replace

from engine.diffusion.catalogue import HOUSE, ModelEntry, Recipe
from engine.enums import Family, GuidanceMode, PredictionType
from engine.params import Sampler
from engine.renderer import LoraSpec

TAESD, TAESDXL = "madebyollin/taesd", "madebyollin/taesdxl"
TINY_VAES = {Family.SD: TAESD, Family.SDXL: TAESDXL}
STABILITY = "Stability AI Community License"
OPENRAIL = "CreativeML Open RAIL-M"
OPENRAIL_PLUS = "CreativeML Open RAIL++-M"
NON_COMMERCIAL = "CC BY-NC 4.0 (no commercial use)"

# The commits that were looked at: whoever takes over an account can't change what is downloaded.
# Hub ids without one get what is newest there, checked against the hub's record of it.
REVISIONS = {
    "stabilityai/sd-turbo": "b261bac6fd2cf515557d5d0707481eafa0485ec2",
    "stabilityai/sdxl-turbo": "71153311d3dbb46851df1931d3ca6e939de83304",
    "stabilityai/stable-diffusion-xl-base-1.0": "462165984030d82259a11f4367a4eed129e94a7b",
    "stable-diffusion-v1-5/stable-diffusion-v1-5": "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
    TAESD: "614f76814bbe30edbe2e627ace1c2234c81a2c0e",
    "ByteDance/Hyper-SD": "a08b9c3da8dc3be0a6e79b04721bf237241403f9",
    "ByteDance/SDXL-Lightning": "c9a24f48e1c025556787b0c58dd67a091ece2e44",
    "ChenDY/NitroFusion": "7732b79cd1fe80665ad84d76834d9fe5d4b23da8",
    "IDKiro/sdxs-512-0.9": "443ad44be4b82a9e43162b16ef726b590321b3b2",
    "XCLiu/2_rectified_flow_from_sd_1_5": "934962eb1054b67883fabb3e0860b851baf31142",
    "XCLiu/instaflow_0_9B_from_sd_1_5": "5095524f30694797f224357bc4eaaff75925ffa8",
    "alimama-creative/slam-lora-sdxl": "ecf03688bbd3f45ff002891c73f1e2ab5f9d8a33",
    "h1t/TCD-SDXL-LoRA": "ea69e290a201cbb9ac232be2d5c81ef6dc0fc3a2",
    "tianweiy/DMD2": "19179ac8ee169bfc4420e0877aac7ab952d5a6fa",
    "Lykon/dreamshaper-8-lcm": "84969411f56fbd0fbd22b77e1a5fb14137460b32",
    "SimianLuo/LCM_Dreamshaper_v7": "a85df6a8bd976cdd08b4fd8f3b73f229c9e54df5",
}

UNGUIDED: dict[str, object] = {"guidance_mode": GuidanceMode.NONE, "guidance_scale": 1.0}
ONE_STEP: dict[str, object] = {**UNGUIDED, "num_inference_steps": 1, "strength": 0.5}
TWO_STEPS: dict[str, object] = {**UNGUIDED, "num_inference_steps": 2, "strength": 0.5}
FROM_NOISE: dict[str, object] = {**UNGUIDED, "num_inference_steps": 1, "strength": 1.0}

LCM, TCD = Recipe(Sampler.LCM), Recipe(Sampler.TCD)
# Distilled on 999, 749, 499 and 249 alone.
QUARTERS = 250
FULL_NOISE = 1000  # distilled on 999 alone

_SD15 = ModelEntry(
    name="sd1.5-lcm",
    label="SD 1.5 with LCM-LoRA",
    note="2–4 steps, guidance works",
    hub_id="stable-diffusion-v1-5/stable-diffusion-v1-5",
    family=Family.SD,
    licence=OPENRAIL,
    width_px=512,
    height_px=512,
    download_gb=2.3,
    vram_gb=4.0,
    recipe=LCM,
    tiny_vae=TAESD,
    loras=(LoraSpec("latent-consistency/lcm-lora-sdv1-5"),),
)
_SDXL = ModelEntry(
    name="sdxl-lcm",
    label="SDXL with LCM-LoRA",
    note="2–4 steps, guidance works",
    hub_id="stabilityai/stable-diffusion-xl-base-1.0",
    family=Family.SDXL,
    licence=OPENRAIL_PLUS,
    width_px=1024,
    height_px=1024,
    download_gb=7.3,
    vram_gb=10.0,
    recipe=LCM,
    tiny_vae=TAESDXL,
    loras=(LoraSpec("latent-consistency/lcm-lora-sdxl"),),
)
_RECTIFIED = replace(
    _SD15,
    name="rectified-flow",
    label="2-Rectified Flow",
    note="2–8 steps, guidance from 1 to 2",
    hub_id="XCLiu/2_rectified_flow_from_sd_1_5",
    licence=f"{NON_COMMERCIAL}, {OPENRAIL}",
    download_gb=4.3,
    recipe=Recipe(Sampler.FLOW_EULER, PredictionType.RECTIFIED_FLOW),
    loras=(),
    defaults={
        "guidance_mode": GuidanceMode.FULL,
        "guidance_scale": 1.5,
        "num_inference_steps": 4,
        "strength": 0.6,
    },
)
_NITRO = replace(
    _SDXL,
    name="nitro-vibrant",
    label="NitroSD Vibrant",
    note="1–4 steps",
    download_gb=12.1,
    recipe=Recipe(Sampler.LCM, timestep_grid=QUARTERS, timestep_share=0.5),
    unet="ChenDY/NitroFusion/nitrosd-vibrant_unet.safetensors",
    loras=(),
    defaults=ONE_STEP,
)

CATALOGUE: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        ModelEntry(
            name=HOUSE,
            label="House model",
            note="shipped; a fixed set of looks and their blends; any machine",
            hub_id=None,
            family=Family.SD,
            licence="Apache-2.0",
            width_px=256,
            height_px=256,
        ),
        ModelEntry(
            name="sd-turbo",
            label="SD-Turbo",
            note="the usual choice on an RTX card; one step",
            hub_id="stabilityai/sd-turbo",
            family=Family.SD,
            licence=STABILITY,
            width_px=512,
            height_px=512,
            download_gb=2.6,
            vram_gb=4.0,
            tiny_vae=TAESD,
        ),
        ModelEntry(
            name="sdxl-turbo",
            label="SDXL-Turbo",
            note="finer, about half the speed",
            hub_id="stabilityai/sdxl-turbo",
            family=Family.SDXL,
            licence=STABILITY,
            width_px=512,
            height_px=512,
            download_gb=7.0,
            vram_gb=9.0,
            tiny_vae=TAESDXL,
        ),
        _SD15,
        replace(
            _SD15,
            name="sd1.5-hyper",
            label="SD 1.5 with Hyper-SD",
            note="1–8 steps",
            licence=f"{OPENRAIL}, {OPENRAIL_PLUS}",
            download_gb=2.4,
            recipe=TCD,
            loras=(LoraSpec("ByteDance/Hyper-SD/Hyper-SD15-1step-lora.safetensors"),),
            defaults=ONE_STEP,
        ),
        replace(
            _SD15,
            name="sd1.5-tcd",
            label="SD 1.5 with TCD-LoRA",
            note="2–8 steps",
            licence=f"{OPENRAIL}, MIT",
            recipe=TCD,
            loras=(LoraSpec("h1t/TCD-SD15-LoRA"),),
        ),
        replace(
            _SD15,
            name="dreamshaper-lcm",
            label="DreamShaper 8 LCM",
            note="illustration and photographs; 2–4 steps, guidance works",
            hub_id="Lykon/dreamshaper-8-lcm",
            download_gb=4.3,
            loras=(),
        ),
        replace(
            _SD15,
            name="lcm-dreamshaper",
            label="LCM DreamShaper 7",
            note="distilled whole, not by a LoRA; 1–4 steps",
            hub_id="SimianLuo/LCM_Dreamshaper_v7",
            licence=f"MIT, {OPENRAIL}",
            download_gb=4.3,
            loras=(),
        ),
        _SDXL,
        replace(
            _SDXL,
            name="dreamshaper-xl-lcm",
            label="DreamShaper XL with LCM-LoRA",
            note="illustration and photographs; 2–4 steps, guidance works",
            hub_id="Lykon/dreamshaper-xl-1-0",
            download_gb=7.5,
        ),
        replace(
            _SDXL,
            name="sdxl-hyper",
            label="SDXL with Hyper-SD",
            note="1–8 steps",
            download_gb=7.7,
            recipe=TCD,
            loras=(LoraSpec("ByteDance/Hyper-SD/Hyper-SDXL-1step-lora.safetensors"),),
            defaults=ONE_STEP,
        ),
        replace(
            _SDXL,
            name="sdxl-tcd",
            label="SDXL with TCD-LoRA",
            note="2–8 steps",
            licence=f"{OPENRAIL_PLUS}, MIT",
            recipe=TCD,
            loras=(LoraSpec("h1t/TCD-SDXL-LoRA"),),
        ),
        replace(
            _SDXL,
            name="sdxl-slam",
            label="SDXL with SLAM-LoRA",
            note="2–4 steps, no guidance",
            licence=f"{OPENRAIL_PLUS}, Apache-2.0",
            loras=(LoraSpec("alimama-creative/slam-lora-sdxl"),),
            defaults=TWO_STEPS,
        ),
        replace(
            _SDXL,
            name="sdxl-lightning",
            label="SDXL-Lightning",
            note="its 4-step LoRA; strengths of ¼, ½, ¾ and 1",
            recipe=Recipe(Sampler.TURBO, timestep_grid=QUARTERS),
            loras=(LoraSpec("ByteDance/SDXL-Lightning/sdxl_lightning_4step_lora.safetensors"),),
            defaults=TWO_STEPS,
        ),
        replace(
            _SDXL,
            name="sdxl-dmd2",
            label="SDXL with DMD2",
            note="its 4-step LoRA; strengths of ¼, ½, ¾ and 1",
            licence=f"{NON_COMMERCIAL}, {OPENRAIL_PLUS}",
            recipe=Recipe(Sampler.LCM, timestep_grid=QUARTERS),
            loras=(LoraSpec("tianweiy/DMD2/dmd2_sdxl_4step_lora_fp16.safetensors"),),
            defaults=TWO_STEPS,
        ),
        _NITRO,
        replace(
            _NITRO,
            name="nitro-realism",
            label="NitroSD Realism",
            licence=f"{NON_COMMERCIAL}, {OPENRAIL_PLUS}",
            recipe=replace(_NITRO.recipe, timestep_share=0.25),
            unet="ChenDY/NitroFusion/nitrosd-realism_unet.safetensors",
        ),
        ModelEntry(
            name="sdxs",
            label="SDXS-512",
            note="small denoiser, one step; paints the prompt, hardly the camera's picture",
            hub_id="IDKiro/sdxs-512-0.9",
            family=Family.SD,
            licence=OPENRAIL_PLUS,
            width_px=512,
            height_px=512,
            recipe=Recipe(Sampler.TURBO, timestep_grid=FULL_NOISE),
            defaults=FROM_NOISE,
        ),
        _RECTIFIED,
        replace(
            _RECTIFIED,
            name="instaflow",
            label="InstaFlow",
            note="one step; paints the prompt, hardly the camera's picture",
            hub_id="XCLiu/instaflow_0_9B_from_sd_1_5",
            recipe=replace(_RECTIFIED.recipe, timestep_grid=FULL_NOISE),
            defaults=FROM_NOISE,
        ),
        replace(
            _RECTIFIED,
            name="perflow",
            label="PeRFlow DreamShaper",
            note="4–8 steps, guidance works; fewer steps reach less strength, 1 a quarter",
            hub_id="hansyan/perflow-sd15-dreamshaper",
            download_gb=2.1,
            recipe=Recipe(Sampler.FLOW_EULER, PredictionType.WINDOW_EPSILON, time_windows=4),
            defaults={**_RECTIFIED.defaults, "guidance_scale": 4.5},
        ),
    )
}
