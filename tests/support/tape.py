"""A stand-in for CUDA graphs that runs on any processor.

Like a graph it doesn't run what it records, bakes in addresses, sizes and numbers, refuses to look
into a tensor, and repeats exactly the same operations on exactly the same memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Work = Callable[[], None]


@dataclass(slots=True)
class _Operation:
    """One operation and the memory that its results went to when it was recorded."""

    function: Any
    args: Any
    kwargs: Any
    fresh: list[tuple[int, Tensor]] = field(default_factory=list)  # by position among the results

    def repeat(self) -> None:
        results = _tensors(self.function(*self.args, **self.kwargs))
        for position, memory in self.fresh:
            memory.copy_(results[position])


FORBIDDEN = {  # while a graph is captured: looking into a tensor, or making one of Python's numbers
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.lift_fresh.default,
}


class _Recording(TorchDispatchMode):
    """Runs operations to see what they need, and undoes what they did when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[_Operation] = []
        self._made: set[int] = set()
        self._before: dict[int, tuple[Tensor, Tensor]] = {}  # by memory: itself and its copy

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func in FORBIDDEN:
            raise RuntimeError(f"operation not permitted when stream is capturing: {func}")
        kwargs = kwargs or {}
        given = _tensors((args, kwargs))
        if _writes(func):
            self._keep(given)
        result = func(*args, **kwargs)
        known = {_memory(tensor) for tensor in given}
        fresh = [(k, one) for k, one in enumerate(_tensors(result)) if _memory(one) not in known]
        self._made.update(_memory(tensor) for _, tensor in fresh)
        if fresh or _writes(func):  # else a view: it stays one
            self.operations.append(_Operation(func, args, kwargs, fresh))
        return result

    def _keep(self, tensors: list[Tensor]) -> None:
        for tensor in tensors:
            memory = _memory(tensor)
            if memory not in self._made and memory not in self._before:
                whole = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage())
                self._before[memory] = (whole, whole.clone())

    def undo(self) -> None:
        for whole, copy in self._before.values():
            whole.copy_(copy)


class Tape:
    """Records as `engine.diffusion.recorder.Graphs` do. num_recorded, num_replayed: so far."""

    def __init__(self) -> None:
        self.num_recorded = 0
        self.num_replayed = 0

    def warm_up(self, work: Work) -> None:
        work()

    def capture(self, work: Work) -> Work:
        recording = _Recording()
        try:
            with recording:
                work()
        finally:
            recording.undo()
        self.num_recorded += 1

        def replay() -> None:
            self.num_replayed += 1
            for operation in recording.operations:
                operation.repeat()

        return replay


def _writes(func: Any) -> bool:
    return any(
        argument.alias_info is not None and argument.alias_info.is_write
        for argument in func._schema.arguments
    )


def _tensors(tree: object) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata
