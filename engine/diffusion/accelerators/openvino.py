"""OpenVINO: the house model and its like on any processor, about three times faster.

Each of the three modules is traced once, converted, and compiled for fixed shapes, one executable
for each number of rows that a tick can have. Threads: `accelerate` on the one that prepares; the
backbone on the render thread; rows that few shows need are compiled on "compile" meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import openvino
import torch
from torch import Tensor, nn

from engine.diffusion.accelerators.base import Placement
from engine.diffusion.accelerators.cache import BuildCache, build_key
from engine.diffusion.accelerators.eager import processor_name
from engine.diffusion.accelerators.openvino_graph import Graph, kept_graph, to_graph
from engine.diffusion.backbone import Backbone, Conditioning, ModelInfo, Rows
from engine.diffusion.progress import part_of
from engine.diffusion.sd_backbone import SDBackbone, conditioning_inputs
from engine.diffusion.tables import Conditioner
from engine.errors import AcceleratorError
from engine.renderer import OnProgress, Progress, RenderSpec

log = logging.getLogger(__name__)

# Rows of the denoiser compiled ahead, so that a change of steps or guidance never stalls a show.
# A big model's are compiled when first used: each takes long and holds its own weights.
ROWS_AHEAD = (1, 2, 3, 4)
ROWS_LATER = (5, 6, 7, 8)  # in the background, once the show can start
FIRST_PARTS = ("encoder", "denoiser", "decoder")  # what reuses features comes later
ROWS_REUSING = (1, 2, 3, 4)
CLOSE_TIMEOUT_S = 5.0
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

    @property
    def placement(self) -> Placement:
        return Placement(torch.device("cpu"), torch.float32)

    @property
    def device_name(self) -> str:
        return f"{processor_name()}, {self._precision}"

    def is_ready(self, backbone: SDBackbone, spec: RenderSpec) -> bool:
        shelf = self._cache.shelf(model_key(backbone, spec))
        return all(shelf.find(name) is not None for name in FIRST_PARTS)

    def accelerate(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> Backbone:
        try:
            parts = self._compile(backbone, spec, example, on_progress)
        except RuntimeError as error:  # all of OpenVINO's errors are
            reason = str(error).strip().splitlines()[-1]
            raise AcceleratorError(
                f"OpenVINO can't run {backbone.info.name} ({reason}); choose the accelerator eager."
            ) from error
        given = (backbone.info, DTYPES[self._precision], backbone.conditioner)
        if not _is_small(backbone.denoiser):
            return OpenVinoBackbone(*given, *parts)
        parts[1].compile_in_background(ROWS_LATER)
        for part in parts[len(FIRST_PARTS) :]:
            part.compile_in_background(ROWS_REUSING)
        return ReusingBackbone(*given, *parts)

    def _compile(
        self,
        backbone: SDBackbone,
        spec: RenderSpec,
        example: Conditioning,
        on_progress: OnProgress,
    ) -> list[CompiledModule]:
        shelf = self._cache.shelf(model_key(backbone, spec))
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
            make = partial(to_graph, module, inputs)
            graph = kept_graph(self._core, shelf, name, make)
            part = CompiledModule(self._core, graph, self.device, config)
            rows_ahead = ROWS_AHEAD if name == "denoiser" and _is_small(module) else (1,)
            rows_ahead = rows_ahead if name in FIRST_PARTS else ()  # off by default
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


def model_key(backbone: SDBackbone, spec: RenderSpec) -> str:
    """Of everything that the graphs depend on; they are the same for every precision."""
    return build_key(backbone, spec, ("openvino",), GRAPH_VERSION)


class CompiledModule:
    """One module's executables by number of rows. Thread: the render thread, after `prepare`.

    OpenVINO compiles without holding Python's lock: ticks go on while "compile" works.
    """

    def __init__(
        self, core: openvino.Core, graph: Graph, device: str, config: dict[str, str]
    ) -> None:
        self._core, self._graph = core, graph
        self._device, self._config = device, config
        self._requests: dict[int, Any] = {}
        self._compiling = threading.Lock()
        self._is_closed = threading.Event()
        self._thread: threading.Thread | None = None

    def compile_for(self, rows: int) -> Any:
        """The executable for this number of rows; compiled on first use."""
        if rows not in self._requests:
            with self._compiling:
                if rows not in self._requests:
                    self._requests[rows] = self._compile(rows)
        return self._requests[rows]

    def compile_in_background(self, rows: Sequence[int]) -> None:
        """Called once; one row after the other until `close`."""
        self._thread = threading.Thread(
            target=self._compile_each, args=(rows,), name="compile", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End what is done in the background, after the executable under way."""
        self._is_closed.set()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)

    def _compile_each(self, rows: Sequence[int]) -> None:
        for count in rows:
            if self._is_closed.is_set():
                return
            try:
                self.compile_for(count)
            except RuntimeError as error:  # told when a tick needs it
                log.warning("%d rows can't be compiled ahead: %s", count, error)
                return

    def _compile(self, rows: int) -> Any:
        graph = self._graph.clone()
        graph.reshape({node: _with_rows(node, rows) for node in graph.inputs})
        compiled = self._core.compile_model(graph, self._device, self._config)
        return compiled.create_infer_request()

    def __call__(self, inputs: Iterable[Tensor]) -> Tensor:
        """The first of its outputs; see `outputs`."""
        return self.outputs(inputs)[0]

    def outputs(self, inputs: Iterable[Tensor]) -> list[Tensor]:
        """Run without copying in or out.

        Returns: the executable's own memory, valid until its next call with as many rows.
        """
        arrays = [tensor.contiguous().numpy() for tensor in inputs]
        request = self.compile_for(len(arrays[0]))
        for index, array in enumerate(arrays):
            request.set_input_tensor(index, ov.Tensor(array, shared_memory=True))
        request.infer()
        return [torch.as_tensor(each.data) for each in request.output_tensors]


def _with_rows(node: Any, rows: int) -> list[int]:
    return [rows, *(int(side.get_length()) for side in list(node.partial_shape)[1:])]


class OpenVinoBackbone:
    """The three executables as a backbone. What they return is valid until the next call.

    conditioner: in PyTorch, float32; it is asked too seldom to be worth an executable.
    """

    def __init__(
        self,
        info: ModelInfo,
        dtype: torch.dtype,
        conditioner: Conditioner,
        encoder: CompiledModule,
        denoiser: CompiledModule,
        decoder: CompiledModule,
    ) -> None:
        self._info, self._dtype, self._conditioner = info, dtype, conditioner
        self._encoder, self._denoiser, self._decoder = encoder, denoiser, decoder

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        return self._dtype

    def encode(self, image: Tensor) -> Tensor:
        return self._encoder((image,))

    def condition(self, timestep: Tensor, conditioning: Conditioning) -> Rows:
        return self._conditioner(timestep, *conditioning_inputs(conditioning))

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        return self._denoiser((x_t, *rows))

    def decode(self, latent: Tensor) -> Tensor:
        return self._decoder((latent,))

    def close(self) -> None:
        self._denoiser.close()


class ReusingBackbone(OpenVinoBackbone):
    """With two more executables: one that keeps deep features, one that takes them."""

    def __init__(
        self,
        info: ModelInfo,
        dtype: torch.dtype,
        conditioner: Conditioner,
        encoder: CompiledModule,
        denoiser: CompiledModule,
        decoder: CompiledModule,
        keeping: CompiledModule,
        fine: CompiledModule,
    ) -> None:
        super().__init__(info, dtype, conditioner, encoder, denoiser, decoder)
        self._keeping, self._fine = keeping, fine

    def denoise_keeping(self, x_t: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """The features are valid until the next call of this one."""
        output, features = self._keeping.outputs((x_t, *rows))
        return output, features

    def denoise_finely(self, x_t: Tensor, features: Tensor, rows: Rows) -> Tensor:
        return self._fine((x_t, features, *rows))

    def close(self) -> None:
        super().close()
        for part in (self._keeping, self._fine):
            part.close()
