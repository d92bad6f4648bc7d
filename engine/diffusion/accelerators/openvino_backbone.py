"""What OpenVINO has compiled: executables by number of rows, and a backbone made of them.

Thread: the render thread; numbers of rows that no tick has needed yet are compiled on "compile".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import openvino
import torch
from torch import Tensor

from engine.diffusion.accelerators.openvino_graph import Graph
from engine.diffusion.backbone import Conditioning, ModelInfo, Rows
from engine.diffusion.recorder import ImmediateRecorder
from engine.diffusion.sd_backbone import conditioning_inputs
from engine.diffusion.tables import Conditioner

log = logging.getLogger(__name__)

ROWS_LATER = (5, 6, 7, 8)  # few shows need them
QUIET_TICKS = 300  # so long a show of one row has the processor to itself, about ten seconds
ROWS_REUSING = (1, 2, 3, 4)
CLOSE_TIMEOUT_S = 5.0
ov: Any = openvino  # its stubs leave most types open


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
        """One number of rows after the other until `close`; begun only once."""
        if self._thread is None:
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

    def close(self) -> None:
        self._denoiser.close()


class ReusingBackbone(OpenVinoBackbone):
    """A small model's: rows that few shows need are compiled while it paints.

    They follow the first tick of more than one row, after which more may come, or the first ten
    seconds: at the beginning a show has enough to do, and a short clip never needs them.

    Two more executables: one that keeps deep features, one that takes them. Few shows reuse
    features, so nothing of them is compiled before: the first such tick waits for its own number
    of rows, and the others follow in the background.
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
        self._num_ticks = 0

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        self._num_ticks += 1
        if len(x_t) > 1 or self._num_ticks > QUIET_TICKS:
            self._denoiser.compile_in_background(ROWS_LATER)
        return super().denoise(x_t, rows)

    def denoise_keeping(self, x_t: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        """The features are valid until the next call of this one."""
        output, features = self._keeping.outputs((x_t, *rows))
        self._keeping.compile_in_background(ROWS_REUSING)
        return output, features

    def denoise_finely(self, x_t: Tensor, features: Tensor, rows: Rows) -> Tensor:
        output = self._fine((x_t, features, *rows))
        self._fine.compile_in_background(ROWS_REUSING)
        return output

    def close(self) -> None:
        super().close()
        for part in (self._keeping, self._fine):
            part.close()
