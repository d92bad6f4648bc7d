"""Write the trained parts as an ordinary diffusers folder, float16 safetensors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from diffusers import AutoencoderTiny, StableDiffusionImg2ImgPipeline

from .denoiser import Painter
from .looks import LOOKS
from .schedule import DEFAULT_GUIDANCE_SCALE, DEFAULT_RESCALE, make_scheduler
from .suggestions import SUGGESTIONS
from .vocabulary import known_words, write_tokenizer


def export(painter: Painter, codec: AutoencoderTiny, folder: Path, work: Path) -> None:
    """Write model_index.json, the parts and reverie.json into ``folder``."""
    StableDiffusionImg2ImgPipeline(
        vae=codec.half(),
        text_encoder=painter.text_encoder.half(),
        tokenizer=write_tokenizer(work / "tokenizer"),
        unet=painter.unet.half(),
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)
    for name in ("vocab.json", "merges.txt"):  # for readers without tokenizer.json
        shutil.copy(work / "tokenizer" / name, folder / "tokenizer" / name)
    write_description(folder)


def write_description(folder: Path) -> None:
    """Write what the window shows: looks, known words, defaults and suggestions."""
    description = {
        "name": "Reverie house model",
        "looks": [
            {"name": look.name, "prompt": look.prompt, "wordings": list(look.wordings)}
            for look in LOOKS
        ],
        "known_words": known_words(),
        "defaults": {
            "guidance_scale": DEFAULT_GUIDANCE_SCALE,
            "guidance_rescale": DEFAULT_RESCALE,
            "guidance_mode": "step_negative",
            "num_inference_steps": 1,
            "strength": 1.0,
        },
        "suggestions": [suggestion._asdict() for suggestion in SUGGESTIONS],
    }
    (folder / "reverie.json").write_text(json.dumps(description, indent=2) + "\n")
