"""What OpenVINO has compiled: executables by number of rows, and a backbone made of them.

Thread: the render thread; numbers of rows that stay are compiled on "compile".
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import openvino
import torch
from torch import Tensor

from engine.diffusion.accelerators.openvino_graph import Graph
from engine.diffusion.backbone import Conditioning, ModelInfo, Rows
from engine.diffusion.background import BackgroundThread
from engine.diffusion.recorder import ImmediateRecorder
from engine.diffusion.sd_backbone import conditioning_inputs
from engine.diffusion.tables import Conditioner

WANTED_CALLS = 30  # about a second; rows that a batch has while it fills never come to it
MOST_ROWS = 8  # each executable of the house model takes 95 MiB, and more rows gain next to nothing
CLOSE_TIMEOUT_S = 5.0
ov: Any = openvino  # its stubs leave most types open


class CompiledModule:
    """One module's executables by number of rows. Thread: the render thread, after `prepare`.

    A call never waits for the compiler: rows without an executable of their own are done in blocks
    of those that have one. When as many are asked for again and again, theirs is compiled beside
    the show; OpenVINO compiles without holding Python's lock.
    """

    def __init__(
        self,
        core: openvino.Core,
        graph: Graph,
        device: str,
        config: dict[str, str],
        most_rows: int = MOST_ROWS,
    ) -> None:
        """most_rows: more never get an executable of their own."""
        self._most_rows = most_rows
        self._core, self._graph = core, graph
        self._device, self._config = device, config
        self._requests: dict[int, Any] = {}  # replaced as a whole: two threads read it
        self._compiling = threading.Lock()
        self._calls_without: Counter[int] = Counter()  # by number of rows
        self._background: BackgroundThread | None = None

    def compile_for(self, rows: int) -> None:
        """Make the executable for this number of rows, if it isn't there yet."""
        with self._compiling:
            if rows not in self._requests:
                self._requests = {**self._requests, rows: self._compile(rows)}

    def close(self) -> None:
        """End what is done in the background, after the executable under way; no more follow."""
        self._most_rows = 0
        if self._background is not None:
            self._background.close(CLOSE_TIMEOUT_S)

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
        whole = [tensor.contiguous() for tensor in inputs]
        rows = len(whole[0])
        if rows in self._requests:
            return self._run(rows, whole)
        self._count_call_without(rows)
        return self._run_in_blocks(rows, whole)

    def _count_call_without(self, rows: int) -> None:
        self._calls_without[rows] += 1
        if rows <= self._most_rows and self._calls_without[rows] == WANTED_CALLS:
            self._background = self._background or BackgroundThread("compile")
            self._background.submit(partial(self.compile_for, rows))

    def _run_in_blocks(self, rows: int, whole: list[Tensor]) -> list[Tensor]:
        """As few as can be. Returns: memory of its own."""
        if 1 not in self._requests:  # asked first: "compile" holds the lock for half a second
            self.compile_for(1)  # else what is there might not come out even
        parts: list[list[Tensor]] = []
        start = 0
        while start < rows:
            size = max(count for count in self._requests if count <= rows - start)
            block = self._run(size, [tensor[start : start + size] for tensor in whole])
            parts.append([output.clone() for output in block])
            start += size
        return [torch.cat(outputs) for outputs in zip(*parts, strict=True)]

    def _run(self, rows: int, inputs: list[Tensor]) -> list[Tensor]:
        request = self._requests[rows]
        for index, tensor in enumerate(inputs):
            request.set_input_tensor(index, ov.Tensor(tensor.numpy(), shared_memory=True))
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
        parts: Sequence[CompiledModule],
    ) -> None:
        """parts: encoder, denoiser, decoder."""
        self._info, self._dtype, self._conditioner = info, dtype, conditioner
        self._encoder, self._denoiser, self._decoder = parts
        self.recorder = ImmediateRecorder()

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

    def compile_for(self, rows: int) -> None:
        """What a show does by itself once so many rows have stayed: see `CompiledModule`."""
        self._denoiser.compile_for(rows)

    def close(self) -> None:
        self._denoiser.close()


class ReusingBackbone(OpenVinoBackbone):
    """A small model's, with two more executables: one keeps deep features, one takes them.

    Few shows reuse features, so nothing of them is compiled before the first tick that does.
    """

    def __init__(
        self,
        info: ModelInfo,
        dtype: torch.dtype,
        conditioner: Conditioner,
        parts: Sequence[CompiledModule],
    ) -> None:
        """parts: those of `OpenVinoBackbone`, the one that keeps, the one that takes."""
        *first, self._keeping, self._fine = parts
        super().__init__(info, dtype, conditioner, first)

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
