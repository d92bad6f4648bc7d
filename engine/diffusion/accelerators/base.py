"""What every accelerator promises, and where models live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.sd_backbone import SDBackbone
from engine.renderer import OnProgress, RenderSpec

ALL_THREADS = torch.get_num_threads()  # before anybody has asked for fewer


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and in which precision a model is read."""

    device: torch.device
    dtype: torch.dtype


class Accelerator(Protocol):
    """Makes a backbone's functions fast. Thread: the one that prepares, or "build" in a show."""

    @property
    def placement(self) -> Placement:
        """Where the model must be read to."""
        ...

    @property
    def device_name(self) -> str:
        """For people: the processor or the graphics card."""
        ...

    def is_ready(self, backbone: SDBackbone, spec: RenderSpec) -> bool:
        """Whether `accelerate` builds nothing: it never does, or what it builds is kept."""
        ...

    def accelerate(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> Backbone:
        """example: one row as this model's text encoder makes it; all have its shape.

        The modules are this call's own; their weights are not, and another thread may paint with
        them meanwhile.
        Errors: AcceleratorError with the reason; PreparationCancelled from `on_progress`.
        """
        ...


def has_gpu() -> bool:
    """Whether PyTorch can use a graphics card here."""
    return torch.cuda.is_available() or torch.backends.mps.is_available()


def choose_accumulation(device: torch.device, spec: RenderSpec) -> None:
    """Say to PyTorch how float16 products add up, for the whole process; cuDNN isn't asked."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_fp16_accumulation = spec.fp16_accumulation


def torch_device() -> torch.device:
    """The best device that PyTorch can use here."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
