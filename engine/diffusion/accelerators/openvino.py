"""OpenVINO: the house model and its like on any processor, about three times faster.

Each of the three modules is traced once, converted, and compiled for fixed shapes, one executable
for each number of rows that a tick can have. Thread: the one that prepares, or "build".
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import openvino
import torch
from torch import Tensor, nn

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.cache import BuildCache, build_key
from engine.diffusion.accelerators.eager import processor_name
from engine.diffusion.accelerators.openvino_backbone import (
    MOST_ROWS,
    CompiledModule,
    OpenVinoBackbone,
    ReusingBackbone,
)
from engine.diffusion.accelerators.openvino_eight_bits import compute_in_eight_bits
from engine.diffusion.accelerators.openvino_graph import Graph, kept_graph, to_graph
from engine.diffusion.backbone import Backbone, Conditioning
from engine.diffusion.eight_bits import EightBits, find_eight_bits
from engine.diffusion.progress import part_of
from engine.diffusion.sd_backbone import SDBackbone
from engine.enums import Precision
from engine.errors import AcceleratorError
from engine.renderer import OnProgress, Progress, RenderSpec

# Rows of the denoiser compiled ahead; any other number is done in blocks of these at first. A big
# model's is compiled for one row alone: each takes minutes and holds the weights once more.
ROWS_AHEAD = (1, 2, 3, 4)
FIRST_PARTS = ("encoder", "denoiser", "decoder")  # what reuses features comes later
SMALL_MODEL_PARAMETERS = 100_000_000
GRAPH_VERSION = 3  # count up when the conversion changes
ov: Any = openvino  # its stubs leave most types open
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


class OpenVinoAccelerator:
    """On the processor; bfloat16 where it computes in it, else float32."""

    device = "CPU"

    def __init__(self, precision: str | None = None, cache_folder: Path | None = None) -> None:
        """precision: "f32", "bf16" or "f16"; None takes the fastest that the device computes in."""
        self._core: Any = ov.Core()
        self._precision = precision or best_precision(self._core, self.device)
        self._cache = BuildCache("openvino", cache_folder)
        self._eight_bits: EightBits | None = None

    @property
    def placement(self) -> Placement:
        return Placement(torch.device("cpu"), torch.float32)

    @property
    def device_name(self) -> str:
        decoder = ", decoder in 8 bits" if self._eight_bits else ""
        return f"{processor_name()}, {self._precision}{decoder}"

    def is_ready(self, backbone: SDBackbone, spec: RenderSpec) -> bool:
        shelf = self._cache.shelf(model_key(backbone, spec, self._known(backbone, spec)))
        return all(shelf.find(name) is not None for name in FIRST_PARTS)

    def accelerate(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> Backbone:
        self._eight_bits = self._known(backbone, spec)
        try:
            parts = self._compile(backbone, spec, example, on_progress)
        except RuntimeError as error:  # all of OpenVINO's errors are
            reason = str(error).strip().splitlines()[-1]
            raise AcceleratorError(
                f"OpenVINO can't run {backbone.info.name} ({reason}); choose the accelerator eager."
            ) from error
        given = (backbone.info, DTYPES[self._precision], backbone.conditioner, parts)
        kind = ReusingBackbone if _is_small(backbone.denoiser) else OpenVinoBackbone
        return kind(*given)

    def _known(self, backbone: SDBackbone, spec: RenderSpec) -> EightBits | None:
        """What is needed to compute in 8 bits, where that is asked for and can be done."""
        is_asked_for = spec.precision is Precision.EIGHT_BIT and self.device == "CPU"
        return find_eight_bits(backbone.decoder.vae) if is_asked_for else None

    def _compile(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> list[CompiledModule]:
        shelf = self._cache.shelf(model_key(backbone, spec, self._eight_bits))
        config = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self._precision,
            "CACHE_DIR": str(shelf.folder),
        }
        parts: list[CompiledModule] = []
        calls = example_calls(backbone, spec, example)
        for name, (module, inputs) in calls.items():
            report = part_of(on_progress, len(parts) / len(calls), (len(parts) + 1) / len(calls))
            report(Progress(0.0, f"Converting the {name} for OpenVINO"))
            make = partial(_graph_of, name, module, inputs, self._eight_bits)
            graph = kept_graph(self._core, shelf, name, make)
            most_rows = MOST_ROWS if _is_small(module) else 1
            part = CompiledModule(self._core, graph, self.device, config, most_rows)
            rows_ahead = _rows_ahead(name, module)
            for index, rows in enumerate(rows_ahead):
                report(Progress((1 + index) / (1 + len(rows_ahead)), f"Compiling the {name}"))
                part.compile_for(rows)
            parts.append(part)
        return parts


class OpenVinoGpuAccelerator(OpenVinoAccelerator):
    """On Intel's graphics, in float16."""

    device = "GPU"

    @property
    def device_name(self) -> str:
        return str(self._core.get_property(self.device, "FULL_DEVICE_NAME"))


class OpenVinoNpuAccelerator(OpenVinoGpuAccelerator):
    """On the neural processor of Intel's recent laptops, in float16."""

    device = "NPU"


def best_precision(core: openvino.Core, device: str) -> str:
    """The fastest precision that a device computes in natively."""
    if device != "CPU":
        return "f16"
    return "bf16" if "BF16" in core.get_property(device, "OPTIMIZATION_CAPABILITIES") else "f32"


def _rows_ahead(name: str, module: nn.Module) -> tuple[int, ...]:
    """What a show begins with; to reuse features is off by default."""
    if name not in FIRST_PARTS:
        return ()
    return ROWS_AHEAD if name == "denoiser" and _is_small(module) else (1,)


def _is_small(denoiser: nn.Module) -> bool:
    num_parameters = sum(parameter.numel() for parameter in denoiser.parameters())
    return num_parameters <= SMALL_MODEL_PARAMETERS


def example_calls(
    backbone: SDBackbone, spec: RenderSpec, example: Conditioning
) -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
    """The modules with inputs of two rows, in the order of `OpenVinoBackbone`.

    A small model's have two more, in the order of `ReusingBackbone`.
    """
    factor = backbone.info.vae_scale_factor
    image = torch.zeros(2, 3, spec.height_px, spec.width_px)
    latent = torch.zeros(
        2, backbone.info.latent_channels, spec.height_px // factor, spec.width_px // factor
    )
    with torch.no_grad():
        rows = backbone.condition(
            torch.tensor([999.0, 499.0]), Conditioning.cat([example, example])
        )
    calls: dict[str, tuple[nn.Module, tuple[Tensor, ...]]] = {
        "encoder": (backbone.encoder, (image,)),
        "denoiser": (backbone.denoiser, (latent, *rows)),
        "decoder": (backbone.decoder, (latent,)),
    }
    if _is_small(backbone.denoiser):
        channels = backbone.denoiser.unet.config.block_out_channels[1]
        features = torch.zeros(2, channels, *latent.shape[2:])
        calls["whole denoiser"] = (backbone.keeping_denoiser, (latent, *rows))
        calls["fine denoiser"] = (backbone.fine_denoiser, (latent, features, *rows))
    return calls


def _graph_of(
    name: str, module: nn.Module, inputs: tuple[Tensor, ...], eight_bits: EightBits | None
) -> Graph:
    graph = to_graph(module, inputs)
    if name == "decoder" and eight_bits is not None:
        return compute_in_eight_bits(graph, eight_bits.layers)
    return graph


def model_key(backbone: SDBackbone, spec: RenderSpec, eight_bits: EightBits | None = None) -> str:
    """Of everything that the graphs depend on; they are the same for every floating point."""
    known = "" if eight_bits is None else eight_bits.model_dump_json()
    return build_key(backbone, spec, ("openvino",), GRAPH_VERSION, known)
