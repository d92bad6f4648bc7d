"""A model family as plain functions on tensors: encode, condition, denoise, decode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.diffusion.recorder import Recorder
from engine.enums import Family as Family
from engine.enums import PredictionType as PredictionType
from engine.params import Sampler


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What schedule, stream batch and window must know of a model.

    alpha_bar: cumulative product over the training timesteps, float64 (T,); for FLOW unused.
    latent_channels, vae_scale_factor: latents are (B, C, H/f, W/f).
    sampler: what the model was made for. defaults: parameter values it was made for.
    timestep_grid: it was distilled on every so many-th timestep and knows no other; None: as usual
    for its sampler. timestep_share: what the denoiser is told of the timestep, 0-1.
    time_windows: its path is straight within each of so many, see `time_windows`; 0: it is that of
    the noise schedule.
    """

    name: str
    family: Family
    prediction_type: PredictionType
    alpha_bar: NDArray[np.float64]
    latent_channels: int
    vae_scale_factor: int
    sampler: Sampler
    defaults: dict[str, object] = field(default_factory=dict[str, object])
    known_words: frozenset[str] = frozenset()
    timestep_grid: int | None = None
    timestep_share: float = 1.0
    time_windows: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """A prompt as the model takes it; rows travel with their frame. Compared by identity.

    embeds: (B, tokens, width). pooled: (B, width) for SDXL, else None.
    """

    embeds: Tensor
    pooled: Tensor | None = None

    @staticmethod
    def cat(parts: list[Conditioning]) -> Conditioning:
        """Stack rows in the order of the slots."""
        pooled = [part.pooled for part in parts if part.pooled is not None]
        return Conditioning(
            torch.cat([part.embeds for part in parts]), torch.cat(pooled) if pooled else None
        )


# All that the denoiser needs beside x_t: tensors with one row for each row of x_t.
Rows = tuple[Tensor, ...]


class Backbone(Protocol):
    """The functions of one model, at one size. Thread: the render thread only.

    Tensors in and out live on `device`; inputs and outputs are float32 at the boundary, the
    inside computes in `dtype`.
    """

    @property
    def info(self) -> ModelInfo: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def recorder(self) -> Recorder:
        """What runs a tick.

        Where it records, `denoise` meets its rows in the same memory always; what they hold
        changes.
        """
        ...

    def encode(self, image: Tensor) -> Tensor:
        """image (B, 3, H, W) RGB -1…1 → scaled latent (B, C, H/f, W/f); deterministic."""
        ...

    def condition(self, timestep: Tensor, conditioning: Conditioning) -> Rows:
        """timestep (B,) float32, one conditioning row each → what `denoise` takes beside x_t.

        Asked only when the timesteps or prompts in flight change. The backbone chooses what the
        rows are; they are nobody else's: no later call writes to them.
        """
        ...

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        """x_t (B, C, h, w), rows of as many timesteps and prompts from `condition`.

        Returns: the model's raw output, shape of x_t, meaning `info.prediction_type`.
        """
        ...

    def decode(self, latent: Tensor) -> Tensor:
        """Scaled latent (B, C, h, w) → image (B, 3, H, W) RGB, about -1…1, not clamped."""
        ...

    def close(self) -> None:
        """End what it does in the background."""
        ...


@runtime_checkable
class MergesTokens(Protocol):
    """A backbone that can let its denoiser attend among fewer tokens; see `token_merging`."""

    @property
    def num_merging_layers(self) -> int:
        """In how many layers; 0 where the model has none that would gain by it."""
        ...

    def merge_tokens(self, share: float) -> None:
        """So many of all tokens are merged away from the next call on, 0-0.75."""
        ...


@runtime_checkable
class KeepsFeatures(Protocol):
    """A backbone whose denoiser can use deep features again; see `feature_reuse`."""

    def denoise_keeping(self, x_t: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """As `denoise`, and the deep features (B, channels, h, w) that it found.

        They are for `denoise_finely`, until the next call of this.
        """
        ...

    def denoise_finely(self, x_t: Tensor, features: Tensor, rows: Rows) -> Tensor:
        """As `denoise`, by the finest layers alone; features of as many rows."""
        ...


def unused_parameters(backbone: Backbone) -> dict[str, str]:
    """The live parameters that have no effect with this backbone, and why, for people."""
    fixed = "this accelerator runs a fixed graph; eager can"
    unused: dict[str, str] = {}
    if not isinstance(backbone, MergesTokens):
        unused["token_merging"] = fixed
    elif not backbone.num_merging_layers:
        unused["token_merging"] = "this model hardly attends: nothing would be faster"
    if not isinstance(backbone, KeepsFeatures):
        unused["feature_reuse"] = fixed
    return unused
