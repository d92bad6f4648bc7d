"""What can be chosen on this machine. Slow to ask (drivers, torch): never on the main thread."""

from __future__ import annotations

from typing import NamedTuple


class CameraInfo(NamedTuple):
    """One camera: `webcam:INDEX` or `webcam:NAME` opens it."""

    index: int
    name: str


class ModelChoice(NamedTuple):
    """One model at hand. model: as `RenderSpec.model` takes it."""

    model: str
    label: str


class AcceleratorChoice(NamedTuple):
    """One accelerator. why_not: what is missing, and empty when it is available."""

    name: str
    is_available: bool
    why_not: str


def list_webcams() -> list[CameraInfo]:
    """The cameras that answer."""
    from engine.sources import webcam

    return [CameraInfo(camera.index, camera.name) for camera in webcam.list_webcams()]


def list_models() -> list[ModelChoice]:
    """The house model, and what has been downloaded."""
    return [ModelChoice("house", "House model")]


def list_accelerators() -> list[AcceleratorChoice]:
    """Every accelerator this program knows, and whether it works here."""
    from engine.diffusion import accelerators

    return [AcceleratorChoice(*entry) for entry in accelerators.list_accelerators()]
