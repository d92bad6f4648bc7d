"""A stand-in for TensorRT and its card: engines that compute moving + sum of the rows' inputs.

It has the part of the package's interface that Reverie runs engines with, and reads and writes at
the addresses that it is given, as a card would.
"""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np

__version__ = "1.0"
float32, float16 = "float32", "float16"
TensorIOMode = SimpleNamespace(INPUT="input", OUTPUT="output")
CudaGraphStrategy = SimpleNamespace(WHOLE_GRAPH_CAPTURE="whole")
DynamicShapesKernelSpecializationStrategy = SimpleNamespace(LAZY="lazy")
ComputeCapability = SimpleNamespace(SM86="sm86")

WIDTH = 4
SHAPES = {"x_t": (-1, WIDTH), "rows": (-1, WIDTH), "output": (-1, WIDTH)}
contexts: list[Context] = []  # every one that was made, for tests to look at
compiled = b"kernels"  # what a runtime cache holds after a run


class ILogger:
    Severity = SimpleNamespace(INTERNAL_ERROR=0, ERROR=1, WARNING=2, INFO=3)

    def __init__(self) -> None: ...


class Runtime:
    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def deserialize_cuda_engine(self, content: bytes) -> Engine | None:
        if content == b"engine":
            return Engine()
        self._logger.log(ILogger.Severity.ERROR, "wrong magic number\nin file x")
        return None


class Cache:
    def __init__(self) -> None:
        self.content = b""

    def deserialize(self, content: bytes) -> bool:
        is_known = content.startswith(compiled)
        self.content = content if is_known else b""
        return is_known

    def serialize(self) -> bytes:
        return self.content


class Config:
    def __init__(self) -> None:
        self.cache: Cache | None = None

    def create_runtime_cache(self) -> Cache:
        return Cache()

    def set_runtime_cache(self, cache: Cache) -> None:
        self.cache = cache


class Engine:
    num_io_tensors = len(SHAPES)

    def get_tensor_name(self, index: int) -> str:
        return list(SHAPES)[index]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return SHAPES[name]

    def get_tensor_dtype(self, name: str) -> str:
        return float16 if name == "rows" else float32

    def get_tensor_mode(self, name: str) -> str:
        return TensorIOMode.OUTPUT if name == "output" else TensorIOMode.INPUT

    def create_runtime_config(self) -> Config:
        return Config()

    def create_execution_context(self, config: Config | None = None) -> Context:
        contexts.append(Context(config))
        return contexts[-1]


class Context:
    def __init__(self, config: Config | None) -> None:
        self.config = config
        self.addresses: dict[str, int] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.num_reshapes = 0
        self.is_broken = False

    def set_tensor_address(self, name: str, address: int) -> None:
        self.addresses[name] = address

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> None:
        self.shapes[name] = shape
        self.num_reshapes += 1

    def execute_async_v3(self, stream: int) -> bool:
        if self.is_broken:
            return False
        x_t, rows = self.memory("x_t", np.float32), self.memory("rows", np.float16)
        self.shapes["output"] = self.shapes["x_t"]
        self.memory("output", np.float32)[:] = x_t + rows
        if self.config is not None and self.config.cache is not None:
            self.config.cache.content = compiled
        return True

    def memory(self, name: str, dtype: Any) -> Any:
        shape = self.shapes[name]
        num_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        buffer = (ctypes.c_char * num_bytes).from_address(self.addresses[name])
        return np.frombuffer(buffer, dtype=dtype).reshape(shape)
