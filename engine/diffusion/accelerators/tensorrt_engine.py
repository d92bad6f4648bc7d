"""Engines on a card: fixed memory in and out, run without waiting for them.

Threads: made on the one that prepares or builds; run on the render thread.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.diffusion.accelerators.cache import Shelf
from engine.diffusion.accelerators.onnx_export import MAX_ROWS
from engine.diffusion.accelerators.tensorrt_library import Library, logger_of
from engine.diffusion.backbone import Rows
from engine.errors import AcceleratorError

log = logging.getLogger(__name__)

KERNELS = "kernels"  # their name in the cache, and their file's


class EngineRoom:
    """One library's runtime on one card, and what its engines share.

    A stream of their own, because on the default one every run would wait for the whole card.
    Compiled kernels, where the library compiles them at runtime; they are kept on disk.
    """

    def __init__(self, library: Library, device: torch.device, shelf: Shelf) -> None:
        self._library, self._trt, self._shelf = library, library.load(), shelf
        logger, self._complaints = logger_of(library)
        self._runtime = self._trt.Runtime(logger)
        self._kernels: Any = None
        self.device = device
        self.stream = torch.cuda.Stream(device)

    def load(self, file: Path, constants: Mapping[str, Tensor]) -> Engine:
        """constants: inputs that stay as they are, by name, where the engine has them.

        Errors: AcceleratorError where the card can't run it or has no room for it.
        """
        engine = self._runtime.deserialize_cuda_engine(file.read_bytes())
        context = None if engine is None else self._context(engine)
        if context is None:
            reason = self._complaints.take()
            raise AcceleratorError(f"{self._library.label} can't run {file.stem} ({reason}).")
        return Engine(self, engine, context, constants)

    def keep_kernels(self) -> None:
        """Write down what has been compiled so far, for the next start."""
        if self._kernels is None:
            return
        content = bytes(self._kernels.serialize())
        try:
            self._shelf.renew(KERNELS, lambda folder: (folder / KERNELS).write_bytes(content))
        except OSError as error:  # a full disk costs the cache, not the show
            log.warning("The compiled kernels can't be kept in %s: %s", self._shelf.folder, error)

    def failed(self) -> RuntimeError:
        """What a run that the library refused means; said as torch says such things."""
        return RuntimeError(f"CUDA error: {self._library.label}: {self._complaints.take()}")

    def tensor(self, engine: Any, name: str) -> Tensor:
        """Memory for one of an engine's inputs or outputs, with as many rows as it can have."""
        shape = [MAX_ROWS if side == -1 else side for side in engine.get_tensor_shape(name)]
        names = {self._trt.float32: torch.float32, self._trt.float16: torch.float16}
        return torch.zeros(shape, dtype=names[engine.get_tensor_dtype(name)], device=self.device)

    def is_input(self, engine: Any, name: str) -> bool:
        return engine.get_tensor_mode(name) == self._trt.TensorIOMode.INPUT

    def _context(self, engine: Any) -> Any:
        if not self._library.compiles_at_runtime:
            return engine.create_execution_context()
        trt, config = self._trt, engine.create_runtime_config()
        config.cuda_graph_strategy = trt.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        # A number of rows that is new plays at once, through kernels for any, until its own are
        # compiled beside it.
        strategies = trt.DynamicShapesKernelSpecializationStrategy
        config.dynamic_shapes_kernel_specialization_strategy = strategies.LAZY
        if self._kernels is None:
            self._kernels = self._kept_kernels(config)
        config.set_runtime_cache(self._kernels)
        return engine.create_execution_context(config)

    def _kept_kernels(self, config: Any) -> Any:
        """Those of the last start; none where the library finds that they don't fit any more."""
        kernels = config.create_runtime_cache()
        kept = self._shelf.find(KERNELS)
        if kept is not None and not kernels.deserialize((kept / KERNELS).read_bytes()):
            log.info("The kept kernels are of another driver or version and are made again.")
        return kernels


class Engine:
    """One module. Its inputs and outputs stay where they are, so that its CUDA graph stays valid.

    An output is valid until the next call.
    """

    def __init__(
        self, room: EngineRoom, engine: Any, context: Any, constants: Mapping[str, Tensor]
    ) -> None:
        self._room, self._engine, self._context = room, engine, context  # in the order of need
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        tensors = {name: room.tensor(engine, name) for name in names}
        for name, tensor in tensors.items():
            context.set_tensor_address(name, tensor.data_ptr())
        inputs = [name for name in names if room.is_input(engine, name)]
        self._inputs = {name: tensors[name] for name in inputs if name not in constants}
        (self._output,) = (tensors[name] for name in names if name not in inputs)
        self._constants = [
            tensors[name].copy_(constants[name]) for name in inputs if name in constants
        ]
        self._num_rows = 0
        self._rows: Rows | None = None

    def __call__(self, moving: Tensor, rows: Rows = ()) -> Tensor:
        """rows: the other inputs in order, copied only when they are others: see `Backbone`.

        All have the same number of rows, at most `MAX_ROWS`. Nothing waits: what is queued on the
        present stream after this call finds the output.
        Errors: RuntimeError as torch's when the card fails.
        """
        count = len(moving)
        sources = (moving,) if rows is self._rows else (moving, *rows)
        if count != self._num_rows:
            self._reshape(count)
        for target, source in zip(self._inputs.values(), sources, strict=False):
            target[:count].copy_(source)
        self._rows, present = rows, torch.cuda.current_stream(self._room.device)
        self._room.stream.wait_stream(present)
        if not self._context.execute_async_v3(self._room.stream.cuda_stream):
            raise self._room.failed()
        present.wait_stream(self._room.stream)
        return self._output[:count]

    def _reshape(self, count: int) -> None:
        for name, tensor in self._inputs.items():
            self._context.set_input_shape(name, (count, *tensor.shape[1:]))
        self._num_rows = count
