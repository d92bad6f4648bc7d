"""What can be chosen on this machine. Slow to ask (drivers): never on the window's thread."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from engine.renderer import RenderSpec
from engine.sources.cameras import CameraInfo, list_webcams

__all__ = [
    "AcceleratorChoice", "CameraInfo", "ModelChoice", "list_accelerators", "list_models",
    "list_webcams", "native_size_px", "with_model",
]  # fmt: skip

# For models that aren't known by name: what the Stable Diffusion families were trained at.
USUAL_SIZE_PX = (512, 512)


class ModelChoice(NamedTuple):
    """One model that is known by name. model: as `RenderSpec.model` takes it.

    details: what it is good for and what it needs, in one line.
    """

    model: str
    label: str
    details: str = ""


class AcceleratorChoice(NamedTuple):
    """One accelerator. why_not: what is missing, and empty when it is available."""

    name: str
    is_available: bool
    why_not: str


def list_models() -> list[ModelChoice]:
    """The models known by name, the one that is shipped first."""
    from engine.diffusion.known_models import CATALOGUE

    return [ModelChoice(entry.name, entry.label, entry.details) for entry in CATALOGUE.values()]


def native_size_px(model: str) -> tuple[int, int]:
    """The width and height that a model paints best."""
    from engine.diffusion.known_models import CATALOGUE

    entry = CATALOGUE.get(model)
    return USUAL_SIZE_PX if entry is None else (entry.width_px, entry.height_px)


def with_model(spec: RenderSpec, model: str) -> RenderSpec:
    """The same for another model: its own size and VAE, and no LoRAs made for the first one."""
    if model == spec.model:
        return spec
    width_px, height_px = native_size_px(model)
    return replace(spec, model=model, width_px=width_px, height_px=height_px, loras=(), vae="auto")


def list_accelerators() -> list[AcceleratorChoice]:
    """Every accelerator this program knows, and whether it works here."""
    from engine.diffusion import accelerators

    known = accelerators.list_accelerators()
    return [AcceleratorChoice(name, is_ok, why_not or "") for name, is_ok, why_not in known]
