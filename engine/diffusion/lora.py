"""LoRAs, fused into the weights at load: they cost nothing while the show runs."""

from __future__ import annotations

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.diffusion import hub
from engine.diffusion.backbone import Family
from engine.diffusion.loader import Components, first_line
from engine.diffusion.weights_files import refuse_pickles
from engine.diffusion.whole_file import check_whole
from engine.errors import ModelLoadError
from engine.file_names import expanded
from engine.renderer import LoraSpec, OnProgress


def fuse_loras(
    components: Components, loras: tuple[LoraSpec, ...], on_progress: OnProgress
) -> None:
    """Change the components' weights in place, one LoRA after the other.

    Errors: ModelLoadError for a file that is absent, damaged, a pickle or made for another model.
    """
    if not loras:
        return
    files = [find_lora(lora.path, on_progress) for lora in loras]
    pipeline = pipeline_around(components)
    for lora, file in zip(loras, files, strict=True):
        with misfit_explained(file):
            load_adapter(pipeline, file, "lora")
            pipeline.fuse_lora(adapter_names=["lora"], lora_scale=lora.scale)
            pipeline.unload_lora_weights()


def find_lora(name: str, on_progress: OnProgress) -> Path:
    """The .safetensors file of a LoRA, downloaded when need be.

    name: a path, a hub id, or owner/model/file.safetensors where a repository has several.
    """
    path = expanded(name)
    if path.is_file():
        refuse_pickles(path)
        if path.suffix.lower() != ".safetensors":  # by its name the library would unpickle it
            raise ModelLoadError(f"{path} is no .safetensors file; choose one that is.")
        return path
    if hub.is_hub_file(name):
        return hub.fetch_file(name, on_progress)
    if not hub.is_hub_id(name):
        raise ModelLoadError(
            f"There is no LoRA {path.absolute()}; choose a .safetensors file, a hub id "
            "or owner/model/file.safetensors."
        )
    folder = hub.fetch(name, on_progress)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelLoadError(f"{name} holds no .safetensors LoRA; choose another.")
    return files[0]


def pipeline_around(components: Components) -> Any:
    """The pipeline that knows how to read LoRAs of every dialect for this family."""
    diffusers: Any = importlib.import_module("diffusers")
    parts: dict[str, Any] = {
        "vae": components.vae,
        "unet": components.unet,
        "scheduler": diffusers.LCMScheduler(steps_offset=1),  # any will do; 0 is warned of
        "text_encoder": components.text_models[0],
        "tokenizer": components.tokenizers[0],
    }
    if components.family is Family.SDXL:
        more = {
            "text_encoder_2": components.text_models[1],
            "tokenizer_2": components.tokenizers[1],
            "add_watermarker": False,
        }
        return diffusers.StableDiffusionXLPipeline(**parts, **more)
    return diffusers.StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def load_adapter(pipeline: Any, file: Path, name: str) -> None:
    """Read a LoRA into the pipeline's models, beside their weights, and give it a name."""
    pipeline.load_lora_weights(
        file.parent, weight_name=file.name, adapter_name=name, local_files_only=True
    )
    if not any(name in adapters for adapters in pipeline.get_list_adapters().values()):
        raise ValueError("none of its tensors fits")


@contextmanager
def misfit_explained(file: Path) -> Generator[None]:
    """Turn what reading and fusing a LoRA's file raises into ModelLoadError."""
    check_whole(file)
    try:
        yield
    except (ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise ModelLoadError(
            f"The LoRA {file} was made for another kind of model ({first_line(error)}); choose "
            "another."
        ) from error
