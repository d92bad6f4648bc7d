"""From a model's name to a loaded model: catalogue, folder, checkpoint file or hub id."""

from __future__ import annotations

from pathlib import Path

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.catalogue import CATALOGUE, house_folder
from engine.diffusion.loader import LoadedModel, finish_model, read_folder
from engine.errors import ModelLoadError
from engine.renderer import OnProgress, RenderSpec


def load_model(spec: RenderSpec, place: Placement, on_progress: OnProgress) -> LoadedModel:
    """Find, read and settle a model.

    Errors: ModelLoadError in one sentence; PreparationCancelled from `on_progress`.
    """
    path = house_folder() if spec.model == "house" else Path(spec.model).expanduser()
    if not path.is_dir():
        raise ModelLoadError(f"There is no model {spec.model}; there are {', '.join(CATALOGUE)}.")
    components = read_folder(path, place, on_progress)
    return finish_model(path.name, components, vae=None, sampler=None)
