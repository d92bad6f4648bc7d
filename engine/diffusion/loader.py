"""Reads a model from disk: a diffusers folder or a single checkpoint, safetensors only.

Thread: the one that prepares. Every failure is one sentence that names the file, where it was
looked for and what to do.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.backbone import Conditioning, Family, ModelInfo
from engine.diffusion.catalogue import ModelEntry
from engine.diffusion.model_info import make_model_info, read_card, read_json
from engine.diffusion.silent_channels import without_silent_channels
from engine.diffusion.text_encoder import ClipText, ClipTextXL
from engine.diffusion.weights_files import find_weights
from engine.diffusion.whole_file import check_whole
from engine.errors import ModelLoadError
from engine.renderer import OnProgress, Progress

log = logging.getLogger(__name__)

PIPELINES = "SD 1.x, SD 2.x, SD-Turbo, SDXL and SDXL-Turbo"
PIPELINE_CLASSES = ("StableDiffusion", "LatentConsistencyModel", "RectifiedFlowPipeline")


class TextEncoder(Protocol):
    """Prompts to conditioning; see `engine.diffusion.text_encoder`."""

    def encode(self, prompt: str, is_negative: bool = False) -> Conditioning: ...


@dataclass(frozen=True, slots=True)
class Components:
    """A model as read from disk, before anything was chosen or replaced."""

    family: Family
    unet: Any
    vae: Any
    tokenizers: tuple[Any, ...]
    text_models: tuple[Any, ...]
    scheduler_config: dict[str, Any]
    card_path: Path
    is_empty_negative_zero: bool = False

    def text_encoder(self) -> TextEncoder:
        if self.family is Family.SDXL:
            return ClipTextXL(
                (self.tokenizers[0], self.tokenizers[1]),
                (self.text_models[0], self.text_models[1]),
                self.is_empty_negative_zero,
            )
        return ClipText(self.tokenizers[0], self.text_models[0])


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to be wrapped as a backbone. vae may stay in float32."""

    info: ModelInfo
    unet: Any
    vae: Any
    text_encoder: TextEncoder


def read_folder(folder: Path, place: Placement, on_progress: OnProgress) -> Components:
    """Read a diffusers folder.

    Errors: ModelLoadError for a missing or damaged file and for families Reverie can't play.
    """
    index = _pipeline_index(folder)
    family = Family.SDXL if (folder / "text_encoder_2").is_dir() else Family.SD
    suffixes = ("", "_2") if family is Family.SDXL else ("",)
    on_progress(Progress(0.0, "Reading the text encoder"))
    tokenizers = tuple(_read_tokenizer(folder / f"tokenizer{suffix}") for suffix in suffixes)
    text_models = tuple(
        read_component(folder / f"text_encoder{suffix}", place) for suffix in suffixes
    )
    on_progress(Progress(0.3, "Reading the denoiser"))
    unet = read_component(folder / "unet", place)
    on_progress(Progress(0.9, "Reading the autoencoder"))
    return Components(
        family=family,
        unet=unet,
        vae=read_vae(folder / "vae", family, place),
        tokenizers=tokenizers,
        text_models=text_models,
        scheduler_config=read_json(folder / "scheduler" / "scheduler_config.json"),
        card_path=folder / "reverie.json",
        is_empty_negative_zero=bool(index.get("force_zeros_for_empty_prompt", False)),
    )


def _pipeline_index(folder: Path) -> dict[str, Any]:
    """model_index.json, refused early when it names another kind of model."""
    path = folder / "model_index.json"
    if not path.is_file() and not (folder / "unet").is_dir():
        raise ModelLoadError(
            f"{folder} is no diffusers folder: model_index.json is missing; choose the folder "
            "that holds unet, vae and text_encoder."
        )
    index = read_json(path) if path.is_file() else {}
    name = str(index.get("_class_name", ""))
    is_known = not name or name.startswith(PIPELINE_CLASSES)
    if not is_known or name.startswith("StableDiffusion3") or "Refiner" in name:
        raise ModelLoadError(
            f'{folder} holds a "{name}", which Reverie can\'t play; it plays {PIPELINES}.'
        )
    return index


def read_vae(folder: Path, family: Family, place: Placement) -> Any:
    """The model's own autoencoder, in the precision that it bears."""
    config = read_json(folder / "config.json")
    is_fragile = family is Family.SDXL and bool(config.get("force_upcast"))
    return read_component(folder, vae_place(is_fragile, place))


def vae_place(is_fragile: bool, place: Placement) -> Placement:
    """SDXL's autoencoder overflows float16 (force_upcast says so) and stays in float32."""
    is_upcast = is_fragile and place.dtype == torch.float16
    return Placement(place.device, torch.float32) if is_upcast else place


def read_component(folder: Path, place: Placement) -> Any:
    """One model of a diffusers folder, in evaluation mode, on its device.

    Errors: ModelLoadError for a missing, damaged or mismatched file, or an unknown class.
    """
    config = read_json(folder / "config.json")
    weights = find_weights(folder, prefers_half=place.dtype == torch.float16)
    read = _reader_of(config, folder)
    try:
        with quiet():
            model, loading = read(
                folder,
                variant=weights.variant,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                torch_dtype=place.dtype,
            )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise ModelLoadError(
            f"{weights.files[0]} doesn't fit {folder / 'config.json'} ({first_line(error)}); "
            "copy or download the model again."
        ) from error
    # Tied or derived tensors are not stored; anything else that is missing would be random.
    missing = sorted(key for key in loading["missing_keys"] if "position_ids" not in key)
    if missing:
        raise ModelLoadError(
            f"{weights.files[0]} lacks {len(missing)} tensors ({missing[0]} is the first); copy "
            "or download the model again."
        )
    return model.eval().requires_grad_(False).to(place.device)


def replace_weights(model: Any, file: Path) -> None:
    """Put the weights of one safetensors file in place of the model's.

    Errors: ModelLoadError for a damaged file, and for one of another kind of model.
    """
    safetensors: Any = importlib.import_module("safetensors.torch")
    check_whole(file)
    try:
        model.load_state_dict(safetensors.load_file(file))
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelLoadError(
            f"{file} was made for another kind of model ({first_line(error)}); download it again."
        ) from error


def _reader_of(config: dict[str, Any], folder: Path) -> Callable[..., tuple[Any, Any]]:
    """The `from_pretrained` for a component's configuration; imported only when needed."""
    import diffusers
    import transformers

    known = {
        "UNet2DConditionModel": diffusers,
        "AutoencoderKL": diffusers,
        "AutoencoderTiny": diffusers,
        "CLIPTextModel": transformers,
        "CLIPTextModelWithProjection": transformers,
    }
    names = [str(config.get("_class_name", "")), *config.get("architectures", ())]
    for name in names:
        if name in known:
            return getattr(known[name], name).from_pretrained
    raise ModelLoadError(
        f'{folder} holds a "{names[-1]}", which Reverie can\'t play; it plays {PIPELINES}.'
    )


def _read_tokenizer(folder: Path) -> Any:
    import transformers

    has_vocabulary = (folder / "tokenizer.json").is_file() or (
        (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()
    )
    if not has_vocabulary:
        raise ModelLoadError(
            f"tokenizer.json (or vocab.json and merges.txt) is missing from {folder}; copy or "
            "download the model again."
        )
    try:
        tokenizer_class: Any = transformers.CLIPTokenizer
        return tokenizer_class.from_pretrained(folder, local_files_only=True)
    except Exception as error:
        raise ModelLoadError(
            f"The tokenizer in {folder} is damaged ({first_line(error)}); copy or download the "
            "model again."
        ) from error


@contextmanager
def quiet() -> Generator[None]:
    """Keep the libraries' bars and remarks from the terminal; what matters is raised."""
    import diffusers
    import transformers

    libraries: list[Any] = [diffusers.utils.logging, transformers.utils.logging]
    levels = [library.get_verbosity() for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, level in zip(libraries, levels, strict=True):
            library.set_verbosity(level)
            library.enable_progress_bar()


def first_line(error: BaseException) -> str:
    """A foreign error as part of a sentence."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".: ")


def finish_model(
    name: str, components: Components, vae: Any | None, entry: ModelEntry | None
) -> LoadedModel:
    """Settle the model's description. vae: replaces the model's own; entry: its catalogue row."""
    chosen_vae = without_silent_channels(components.vae if vae is None else vae)
    info = make_model_info(
        name,
        components.family,
        components.scheduler_config,
        chosen_vae,
        read_card(components.card_path),
        entry,
    )
    return LoadedModel(info, components.unet, chosen_vae, components.text_encoder())
