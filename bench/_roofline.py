"""What a machine could do at best, and what a frame asks of it.

A frame's floor is the sum, over all matrix products, convolutions and attentions, of the longer of
the time that its arithmetic and the time that its memory traffic takes; all else counts as fused
away. Rates are measured on the same machine, in PyTorch, in the same run.
Source: Williams et al. 2009, "Roofline: an insightful visual performance model".
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from bench._common import say

NUM_TRIES = 5
aten = torch.ops.aten


class Call(NamedTuple):
    """One heavy call. flops: two for each multiply and add; moved_bytes: inputs and output."""

    flops: float
    moved_bytes: float


class Rates(NamedTuple):
    """What the machine was measured to do."""

    flops_hz: float
    bytes_hz: float


class CallCounter(TorchDispatchMode):
    """Notes every heavy call made inside it, on whatever device."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        count = COUNTS.get(func.overloadpacket)
        if count is None:
            with self:  # inference mode hands over linear, conv2d and the like as they are
                parts = func.decompose(*args, **(kwargs or {}))
            return func(*args, **(kwargs or {})) if parts is NotImplemented else parts
        result = func(*args, **(kwargs or {}))
        output = result[0] if isinstance(result, tuple) else result
        tensors = [x for x in args if isinstance(x, Tensor)]
        moved = sum(x.numel() * x.element_size() for x in (*tensors, output))
        self.calls.append(Call(count(args, output), moved))
        return result


def _matmul(args: Any, output: Tensor) -> float:
    return 2.0 * output.numel() * args[-2].shape[-1]


def _addmm(args: Any, output: Tensor) -> float:
    return 2.0 * output.numel() * args[1].shape[-1]


def _convolution(args: Any, output: Tensor) -> float:
    weight, is_transposed = args[1], bool(args[6])
    passes = args[0].numel() if is_transposed else output.numel()
    return 2.0 * passes * math.prod(weight.shape[1:])


def _attention(args: Any, output: Tensor) -> float:
    """Scores and their product with the values."""
    query, key, value = args[:3]
    return 2.0 * query[..., 0].numel() * key.shape[-2] * (query.shape[-1] + value.shape[-1])


COUNTS: dict[Any, Callable[[Any, Tensor], float]] = {
    aten.mm: _matmul,
    aten.bmm: _matmul,
    aten.addmm: _addmm,
    aten.baddbmm: _addmm,
    aten.convolution: _convolution,
    aten._scaled_dot_product_flash_attention: _attention,
    aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    aten._scaled_dot_product_efficient_attention: _attention,
    aten._scaled_dot_product_cudnn_attention: _attention,
}


def count_calls(run: Callable[[], object]) -> list[Call]:
    """The heavy calls of one run."""
    with CallCounter() as counter:
        run()
    return counter.calls


def floor_ms(calls: list[Call], rates: Rates) -> float:
    """The shortest time in which the calls could be made at these rates."""
    times_s = (max(c.flops / rates.flops_hz, c.moved_bytes / rates.bytes_hz) for c in calls)
    return 1e3 * sum(times_s)


def measure_rates(device: torch.device, dtype: torch.dtype) -> Rates:
    """The best of a few large products and copies."""
    side = 8192 if device.type == "cuda" else 1024
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(side, side, generator=generator).to(device, dtype) for _ in range(2))
    source = torch.randn(1 << (28 if device.type == "cuda" else 24), device=device)
    target = torch.empty_like(source)
    product_s = _best_s(lambda: a @ b, device)
    copy_s = _best_s(lambda: target.copy_(source), device)
    return Rates(2.0 * side**3 / product_s, 2.0 * source.numel() * source.element_size() / copy_s)


def _best_s(run: Callable[[], object], device: torch.device) -> float:
    times_s: list[float] = []
    for _ in range(1 + NUM_TRIES):
        _synchronise(device)
        start_s = time.perf_counter()
        run()
        _synchronise(device)
        times_s.append(time.perf_counter() - start_s)
    return min(times_s[1:])


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class EnergyMeter:
    """Joules that the graphics card has used, by NVML's counter; None where there is none."""

    def __init__(self) -> None:
        self._nvml: Any = None
        if torch.cuda.is_available():
            self._open()

    def _open(self) -> None:
        import pynvml

        try:
            pynvml.nvmlInit()
            uuid = f"GPU-{torch.cuda.get_device_properties(0).uuid}"
            self._card = pynvml.nvmlDeviceGetHandleByUUID(uuid)
            pynvml.nvmlDeviceGetTotalEnergyConsumption(self._card)
        except pynvml.NVMLError as error:  # older cards and parts of one have no counter
            say(f"energy is not measured: {error}")
        else:
            self._nvml = pynvml

    def read_j(self) -> float | None:
        """Since the driver was loaded."""
        if self._nvml is None:
            return None
        return self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._card) / 1e3
