"""Models known by name: where they come from and what they were made for.

Free of torch, so that the window can list them at once. `known_models.py` has the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.enums import Family, PredictionType
from engine.params import Sampler
from engine.renderer import LoraSpec

HOUSE = "house"
MODELS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "models"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model wants to be sampled. None: as its scheduler's configuration says.

    timestep_grid, timestep_share, time_windows: see `ModelInfo`.
    """

    sampler: Sampler | None = None
    prediction_type: PredictionType | None = None
    timestep_grid: int | None = None
    timestep_share: float = 1.0
    time_windows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model that Reverie knows by name.

    note: what it is good for, in a few words. hub_id: None for models shipped with Reverie.
    licence: of everything that is fetched, the strictest first. download_gb, vram_gb: from the
    publishers' file sizes, not measured on a card; None: unknown. recipe: how to sample it.
    unet: a file on the hub, owner/model/file, whose weights replace the model's denoiser.
    tiny_vae: hub id of the small autoencoder made for it. loras: fused before the user's.
    defaults: values by their names in `engine.params`, above those of the sampler.
    """

    name: str
    label: str
    note: str
    hub_id: str | None
    family: Family
    licence: str
    width_px: int
    height_px: int
    download_gb: float | None = None
    vram_gb: float | None = None
    recipe: Recipe = field(default_factory=Recipe)
    unet: str | None = None
    tiny_vae: str | None = None
    loras: tuple[LoraSpec, ...] = ()
    defaults: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def details(self) -> str:
        """One line for a list: what it is, its size and what it needs."""
        parts = [f"{self.width_px}×{self.height_px}"]
        if self.hub_id is not None:
            parts.append(
                "download size unknown"
                if self.download_gb is None
                else f"{self.download_gb:g} GB to download"
            )
        if self.vram_gb is not None:
            parts.append(f"about {self.vram_gb:g} GB of graphics memory")
        return f"{self.note}; {', '.join(parts)}; {self.licence}"


def house_folder() -> Path:
    """Where the shipped model is."""
    return MODELS_FOLDER / HOUSE
