"""Models known by name: where they come from and what they were made for.

Free of torch, so that the window can list them at once. Sizes are the download's, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.enums import Family
from engine.params import Sampler
from engine.renderer import LoraSpec

HOUSE = "house"
MODELS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "models"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model that Reverie knows by name.

    hub_id: None for models shipped with Reverie. sampler: None where the model itself says it.
    tiny_vae: hub id of the small autoencoder made for it. loras: fused before the user's.
    """

    name: str
    label: str
    hub_id: str | None
    family: Family
    licence: str
    width_px: int
    height_px: int
    download_gb: float
    vram_gb: float
    sampler: Sampler | None = None
    tiny_vae: str | None = None
    loras: tuple[LoraSpec, ...] = ()
    defaults: dict[str, object] = field(default_factory=dict[str, object])


TAESD, TAESDXL = "madebyollin/taesd", "madebyollin/taesdxl"
TINY_VAES = {Family.SD: TAESD, Family.SDXL: TAESDXL}
STABILITY = "Stability AI Community License"
OPENRAIL = "CreativeML Open RAIL-M"

# The commits that were looked at: whoever takes over an account can't change what is downloaded.
# Hub ids without one get what is newest there.
REVISIONS = {
    "stabilityai/sd-turbo": "b261bac6fd2cf515557d5d0707481eafa0485ec2",
    "stabilityai/sdxl-turbo": "71153311d3dbb46851df1931d3ca6e939de83304",
    "stabilityai/stable-diffusion-xl-base-1.0": "462165984030d82259a11f4367a4eed129e94a7b",
    "stable-diffusion-v1-5/stable-diffusion-v1-5": "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
    TAESD: "614f76814bbe30edbe2e627ace1c2234c81a2c0e",
}

CATALOGUE: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        ModelEntry(HOUSE, "House model", None, Family.SD, "Apache-2.0", 256, 256, 0.0, 0.1),
        ModelEntry(
            "sd-turbo",
            "SD-Turbo",
            "stabilityai/sd-turbo",
            Family.SD,
            STABILITY,
            512,
            512,
            2.6,
            4.0,
            tiny_vae=TAESD,
        ),
        ModelEntry(
            "sdxl-turbo",
            "SDXL-Turbo",
            "stabilityai/sdxl-turbo",
            Family.SDXL,
            STABILITY,
            512,
            512,
            7.0,
            9.0,
            tiny_vae=TAESDXL,
        ),
        ModelEntry(
            "sd1.5-lcm",
            "SD 1.5 with LCM-LoRA",
            "stable-diffusion-v1-5/stable-diffusion-v1-5",
            Family.SD,
            OPENRAIL,
            512,
            512,
            2.9,
            4.0,
            sampler=Sampler.LCM,
            tiny_vae=TAESD,
            loras=(LoraSpec("latent-consistency/lcm-lora-sdv1-5"),),
        ),
        ModelEntry(
            "sdxl-lcm",
            "SDXL with LCM-LoRA",
            "stabilityai/stable-diffusion-xl-base-1.0",
            Family.SDXL,
            "CreativeML Open RAIL++-M",
            1024,
            1024,
            7.3,
            10.0,
            sampler=Sampler.LCM,
            tiny_vae=TAESDXL,
            loras=(LoraSpec("latent-consistency/lcm-lora-sdxl"),),
        ),
    )
}


def house_folder() -> Path:
    """Where the shipped model is."""
    return MODELS_FOLDER / HOUSE
