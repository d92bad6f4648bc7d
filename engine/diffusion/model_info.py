"""What a model says of itself: its scheduler's configuration, and reverie.json beside it.

Prediction type, noise schedule and sampler are read, never guessed from a name.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.diffusion.backbone import Family, ModelInfo, PredictionType
from engine.diffusion.catalogue import ModelEntry, Recipe
from engine.enums import GuidanceMode
from engine.errors import ModelLoadError
from engine.params import MAX_STEPS, PARAMETERS, Sampler

log = logging.getLogger(__name__)

# The scheduler that a model ships with tells which few-step sampler it was made for. All others
# belong to models made for many steps; few of them are best spent by DDIM.
SAMPLERS = {
    "LCMScheduler": Sampler.LCM,
    "TCDScheduler": Sampler.TCD,
    "FlowMatchEulerDiscreteScheduler": Sampler.FLOW_EULER,
}

DEFAULTS: dict[Sampler, dict[str, object]] = {
    Sampler.TURBO: {
        "guidance_mode": GuidanceMode.NONE,
        "guidance_scale": 1.0,
        "num_inference_steps": 1,
        "strength": 0.5,
    },
    Sampler.LCM: {
        "guidance_mode": GuidanceMode.SELF_NEGATIVE,
        "guidance_scale": 1.2,
        "num_inference_steps": 2,
        "strength": 0.6,
    },
    Sampler.TCD: {
        "guidance_mode": GuidanceMode.NONE,
        "guidance_scale": 1.0,
        "num_inference_steps": 2,
        "strength": 0.6,
    },
    Sampler.DDIM: {
        "guidance_mode": GuidanceMode.FULL,
        "guidance_scale": 4.0,
        "num_inference_steps": 8,
        "strength": 0.6,
    },
    Sampler.FLOW_EULER: {
        "guidance_mode": GuidanceMode.NONE,
        "guidance_scale": 1.0,
        "num_inference_steps": 4,
        "strength": 0.6,
    },
}


class ModelCard(BaseModel):
    """reverie.json: what a model's maker wants the window to know. Every field may be left out.

    sampler, prediction_type, timestep_grid, time_windows: above what the scheduler's configuration
    says.
    defaults: parameter values, by their names in `engine.params`.
    known_words: all the words a small model understands.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str | None = None
    sampler: Sampler | None = None
    prediction_type: PredictionType | None = None
    timestep_grid: Annotated[int, Field(ge=1, le=1000)] | None = None
    time_windows: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = None
    defaults: dict[str, Any] = {}
    known_words: list[str] = []


def read_card(path: Path) -> ModelCard:
    """The card at `path`, or an empty one where there is none.

    Errors: ModelLoadError naming the file and the bad field.
    """
    if not path.is_file():
        return ModelCard()
    try:
        card = ModelCard.model_validate_json(path.read_bytes())
        for name, value in card.defaults.items():
            PARAMETERS[name].parse(value)
    except KeyError as error:
        raise ModelLoadError(f"{path} sets {error}, which is no parameter; remove it.") from error
    except (ValidationError, ValueError) as error:
        reason = str(error).replace("\n", " ")
        raise ModelLoadError(f"{path} can't be read: {reason}; correct it or remove it.") from error
    return card


def read_json(path: Path) -> dict[str, Any]:
    """A configuration file of a model.

    Errors: ModelLoadError naming the file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelLoadError(
            f"{path.name} is missing from {path.parent}; copy the model's folder there again, "
            "with all its files."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ModelLoadError(
            f"{path} is damaged ({error}); copy or download the model again."
        ) from error
    if not isinstance(content, dict):
        raise ModelLoadError(f"{path} is no configuration; copy or download the model again.")
    return content  # pyright: ignore[reportUnknownVariableType]


def make_model_info(
    name: str,
    family: Family,
    scheduler_config: Mapping[str, Any],
    vae: Any,
    card: ModelCard,
    entry: ModelEntry | None = None,
) -> ModelInfo:
    """Gather what schedule, stream batch and window must know.

    entry: its row in the catalogue; the model's own card outranks it.
    Errors: ModelLoadError for a scheduler that Reverie can't play.
    """
    config = complete_scheduler_config(scheduler_config, name)
    recipe = entry.recipe if entry else Recipe()
    sampler = card.sampler or recipe.sampler or sampler_of(config)
    prediction_type = (
        card.prediction_type or recipe.prediction_type or prediction_type_of(config, name)
    )
    windows = card.time_windows or recipe.time_windows
    if prediction_type is PredictionType.WINDOW_EPSILON and not windows:
        raise ModelLoadError(
            f"{name} predicts the noise of a window of time; say in its reverie.json how many "
            "time_windows there are."
        )
    return ModelInfo(
        name=card.name or name,
        family=family,
        prediction_type=prediction_type,
        alpha_bar=alpha_bar_of(config, name),
        latent_channels=int(vae.config.latent_channels),
        vae_scale_factor=vae_scale_factor(vae),
        sampler=sampler,
        defaults={**DEFAULTS[sampler], **(entry.defaults if entry else {}), **card.defaults},
        known_words=frozenset(card.known_words),
        timestep_grid=card.timestep_grid or recipe.timestep_grid,
        timestep_share=recipe.timestep_share,
        time_windows=windows,
    )


def complete_scheduler_config(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The scheduler's configuration with its class's own defaults filled in."""
    import diffusers

    class_name = str(config.get("_class_name", ""))
    scheduler_class = getattr(diffusers, class_name, None)
    if not class_name.endswith("Scheduler") or scheduler_class is None:
        raise ModelLoadError(
            f'{name} asks for the scheduler "{class_name}", which is unknown here; correct '
            "scheduler_config.json in the model's scheduler folder."
        )
    try:
        completed = dict(scheduler_class.from_config(dict(config)).config)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ModelLoadError(
            f"{name} has a scheduler_config.json that {class_name} refuses ({error}); correct it."
        ) from error
    return {**completed, "_class_name": class_name}


def sampler_of(config: Mapping[str, Any]) -> Sampler:
    """The few-step sampler that a model with this scheduler was made for.

    Adversarially distilled models (SD-Turbo, SDXL-Turbo) ship with Euler at trailing timesteps.
    """
    is_trailing = config.get("timestep_spacing") == "trailing"
    is_euler = str(config["_class_name"]).startswith("Euler")
    if is_euler and is_trailing:
        return Sampler.TURBO
    return SAMPLERS.get(str(config["_class_name"]), Sampler.DDIM)


def prediction_type_of(config: Mapping[str, Any], name: str) -> PredictionType:
    """What the denoiser's output means, from the scheduler's configuration."""
    if str(config["_class_name"]).startswith("FlowMatch"):
        return PredictionType.FLOW
    try:
        return PredictionType(config.get("prediction_type", PredictionType.EPSILON))
    except ValueError as error:
        raise ModelLoadError(
            f'{name} predicts "{config["prediction_type"]}"; Reverie plays models that predict '
            "epsilon, v_prediction, sample or flow."
        ) from error


def vae_scale_factor(vae: Any) -> int:
    """How many pixels one latent pixel is wide."""
    channels = vae.config.get("block_out_channels") or vae.config.encoder_block_out_channels
    return 2 ** (len(channels) - 1)


def alpha_bar_of(config: Mapping[str, Any], name: str) -> NDArray[np.float64]:
    """Cumulative product of 1 - beta over the training timesteps, (T,) float64.

    Source: Ho et al. 2020, arXiv:2006.11239, eq. 4; the schedules are those of diffusers.
    """
    num_timesteps = int(config.get("num_train_timesteps", 1000))
    if str(config.get("_class_name")).startswith("FlowMatch"):
        return np.zeros(num_timesteps)
    alpha_bar = np.cumprod(1.0 - _betas(config, num_timesteps, name), dtype=np.float64)
    if config.get("rescale_betas_zero_snr"):
        alpha_bar = _with_zero_terminal_snr(alpha_bar)
    # An alpha_bar of 0 has no epsilon form; diffusers' Euler uses the same tiny floor.
    return np.maximum(alpha_bar, 2.0**-24)


def _betas(config: Mapping[str, Any], num_timesteps: int, name: str) -> NDArray[np.float64]:
    if config.get("trained_betas") is not None:
        return np.asarray(config["trained_betas"], dtype=np.float64)
    schedule = config["beta_schedule"]
    start, end = float(config["beta_start"]), float(config["beta_end"])
    if schedule == "linear":
        return np.linspace(start, end, num_timesteps)
    if schedule == "scaled_linear":
        return np.linspace(math.sqrt(start), math.sqrt(end), num_timesteps) ** 2
    if schedule == "squaredcos_cap_v2":
        edges = np.cos((np.arange(num_timesteps + 1) / num_timesteps + 0.008) / 1.008 * np.pi / 2)
        return np.minimum(1.0 - (edges[1:] / edges[:-1]) ** 2, 0.999)
    raise ModelLoadError(f'{name} has the noise schedule "{schedule}", which is unknown here.')


def _with_zero_terminal_snr(alpha_bar: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift and stretch √alpha_bar so that its last value is 0 and its first stays.

    Source: Lin et al. 2023, arXiv:2305.08891, algorithm 1.
    """
    root = np.sqrt(alpha_bar)
    return ((root - root[-1]) * root[0] / (root[0] - root[-1])) ** 2
