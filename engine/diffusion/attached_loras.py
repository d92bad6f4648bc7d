"""LoRAs beside the weights, their strengths an input: for graphs that take minutes to build.

h = W x + sum of s_i · (alpha / rank) · B_i A_i x. Fused ones cost nothing at every tick, these some
small products; but one build serves every strength.
Source: Hu et al. 2021, arXiv:2106.09685, section 4.1. Thread: the one that prepares.
"""

from __future__ import annotations

import hashlib
import importlib
import warnings
from typing import Any

from torch import Tensor, nn

from engine.diffusion.loader import Components
from engine.diffusion.lora import find_lora, load_adapter, misfit_explained, pipeline_around
from engine.diffusion.sd_backbone import Denoiser
from engine.renderer import LoraSpec, OnProgress


def attach_loras(
    components: Components, loras: tuple[LoraSpec, ...], on_progress: OnProgress
) -> None:
    """In the place of `fuse_loras`, and with its errors; a scale takes effect in `LoraDenoiser`."""
    if not loras:
        return
    pipeline = pipeline_around(components)
    names = [_adapter_name(index) for index in range(len(loras))]
    for name, lora in zip(names, loras, strict=True):
        file = find_lora(lora.path, on_progress)
        with misfit_explained(file), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Already found a `peft_config`")  # several are meant
            load_adapter(pipeline, file, name)
    pipeline.set_adapters(names)


def hash_of_loras(loras: tuple[LoraSpec, ...], on_progress: OnProgress) -> str:
    """Of their files' contents in order, whatever their strengths. Errors: as `fuse_loras`."""
    digest = hashlib.blake2b(digest_size=16)
    for lora in loras:
        digest.update(hashlib.blake2b(find_lora(lora.path, on_progress).read_bytes()).digest())
    return digest.hexdigest()


class LoraDenoiser(nn.Module):
    """As `Denoiser`, with the strengths of its attached LoRAs as an input, (num_loras,) float32."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser
        layer_class: Any = importlib.import_module("peft.tuners.lora").LoraLayer
        self._layers: list[Any] = [
            layer for layer in denoiser.modules() if isinstance(layer, layer_class)
        ]
        self._own_scales: list[dict[str, float]] = [dict(layer.scaling) for layer in self._layers]

    @property
    def has_loras(self) -> bool:
        """Whether any of them changes the denoiser; some are of the text encoder alone."""
        return bool(self._layers)

    def forward(
        self, x_t: Tensor, lora_scale: Tensor, time: Tensor, text: Tensor | None = None
    ) -> Tensor:
        scales = enumerate(lora_scale.to(time.dtype).unbind())
        scale_of = {_adapter_name(index): scale for index, scale in scales}
        for layer, own in zip(self._layers, self._own_scales, strict=True):
            layer.scaling.update({name: own[name] * scale_of[name] for name in own})
        return self.denoiser(x_t, time, text)


def _adapter_name(index: int) -> str:
    return f"lora_{index}"
