"""From a model's name to a loaded model: catalogue, folder, checkpoint file or hub id.

Thread: the one that prepares.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.diffusion import hub
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.catalogue import HOUSE, ModelEntry, house_folder
from engine.diffusion.known_models import CATALOGUE, TINY_VAES
from engine.diffusion.loader import (
    Components,
    LoadedModel,
    finish_model,
    read_component,
    read_folder,
    replace_weights,
)
from engine.diffusion.lora import fuse_loras
from engine.diffusion.progress import part_of
from engine.diffusion.single_file import read_single_file
from engine.diffusion.weights_files import refuse_pickles
from engine.errors import ModelLoadError
from engine.file_names import expanded
from engine.renderer import LoraSpec, OnProgress, RenderSpec

log = logging.getLogger(__name__)

OWN_VAE, AUTO_VAE = "own", "auto"
AddLoras = Callable[[Components, tuple[LoraSpec, ...], OnProgress], None]


def load_model(
    spec: RenderSpec,
    place: Placement,
    on_progress: OnProgress,
    add_loras: AddLoras = fuse_loras,
) -> LoadedModel:
    """Find, download, read and settle a model.

    add_loras: what is done with those of the spec; those of the catalogue are part of the model.
    Errors: ModelLoadError in one sentence; PreparationCancelled from `on_progress`.
    """
    entry = CATALOGUE.get(spec.model)
    path = _find(spec.model, entry, part_of(on_progress, 0.0, 0.5))
    read = read_single_file if path.is_file() else read_folder
    components = read(path, place, part_of(on_progress, 0.5, 0.8))
    if entry is not None and entry.unet is not None:
        replace_weights(components.unet, hub.fetch_file(entry.unet, part_of(on_progress, 0.8, 0.9)))
    fuse_loras(components, entry.loras if entry else (), part_of(on_progress, 0.9, 0.92))
    add_loras(components, spec.loras, part_of(on_progress, 0.92, 0.95))
    vae = _replacement_vae(spec.vae, entry, components, place, part_of(on_progress, 0.95, 1.0))
    name = entry.name if entry else path.stem if path.is_file() else spec.model.rstrip("/")
    return finish_model(name, components, vae, entry)


def _find(name: str, entry: ModelEntry | None, on_progress: OnProgress) -> Path:
    """The folder or the file of a model; downloaded when it has a hub id and isn't here."""
    if name == HOUSE:
        return _shipped(house_folder())
    if entry is not None and entry.hub_id is not None:
        return hub.fetch(entry.hub_id, on_progress)
    path = expanded(name)
    if path.is_dir():
        return path
    if path.is_file():
        refuse_pickles(path)
        if path.suffix.lower() != ".safetensors":
            raise ModelLoadError(f"{path} is no .safetensors checkpoint; choose one that is.")
        return path
    if hub.is_hub_id(name):
        return hub.fetch(name, on_progress)
    raise ModelLoadError(
        f"There is no model {name}: {path.absolute()} is neither a folder nor a file; choose "
        f"{', '.join(CATALOGUE)}, a diffusers folder, a .safetensors checkpoint or a hub id."
    )


def _shipped(folder: Path) -> Path:
    if not folder.is_dir():
        raise ModelLoadError(
            f"The house model is missing from {folder}; fetch Reverie again, with its assets."
        )
    return folder


def _replacement_vae(
    choice: str,
    entry: ModelEntry | None,
    components: Components,
    place: Placement,
    on_progress: OnProgress,
) -> Any | None:
    """The autoencoder to use instead of the model's own, or None for that."""
    folder = _vae_folder(choice, entry, components, on_progress)
    if folder is None:
        return None
    vae = read_component(folder, place)
    if vae.config.latent_channels != components.vae.config.latent_channels:
        raise ModelLoadError(
            f"The autoencoder {choice} makes latents of {vae.config.latent_channels} channels, "
            f"the model wants {components.vae.config.latent_channels}; choose another or own."
        )
    return vae


def _vae_folder(
    choice: str, entry: ModelEntry | None, components: Components, on_progress: OnProgress
) -> Path | None:
    if choice == OWN_VAE:
        return None
    if choice != AUTO_VAE:
        path = expanded(choice)
        return path if path.is_dir() else hub.fetch(choice, on_progress)
    if type(components.vae).__name__ == "AutoencoderTiny":
        return None
    if entry is not None and entry.tiny_vae is not None:
        try:
            return hub.fetch(entry.tiny_vae, on_progress)
        except ModelLoadError as error:
            log.warning("The model's own, slower autoencoder is used: %s", error)
            return None
    return hub.find_cached(TINY_VAES[components.family])
