"""The accelerators by name, and whether each is usable here.

This module and `list_accelerators` stay free of torch, so that the window opens at once; an
accelerator's own module is imported when it is chosen.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import AcceleratorError

if TYPE_CHECKING:  # imports torch
    from engine.diffusion.accelerators.base import Accelerator

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class AcceleratorEntry:
    """One row of the table. why_not: None when usable here, else a sentence with the fix.

    module, factory: where its class is; see `base.Accelerator`.
    """

    name: str
    label: str
    why_not: Callable[[], str | None]
    module: str
    factory: str

    def create(self) -> Accelerator:
        """Errors: AcceleratorError when it isn't usable here."""
        reason = self.why_not()
        if reason:
            raise AcceleratorError(f"The accelerator {self.name} isn't available: {reason}")
        return getattr(importlib.import_module(self.module), self.factory)()


def _always() -> str | None:
    return None


def _without_openvino() -> str | None:
    if importlib.util.find_spec("openvino") is None:
        return "OpenVINO is not installed; install the package openvino."
    return None


def _without_intel(kind: str) -> str | None:
    """kind: "GPU" or "NPU", as OpenVINO names its devices."""
    reason = _without_openvino()
    if reason:
        return reason
    import openvino

    if not any(device.startswith(kind) for device in openvino.Core().available_devices):
        return (
            f"OpenVINO finds no Intel {kind} here; install Intel's {kind} driver if there is one."
        )
    return None


_OPENVINO = "engine.diffusion.accelerators.openvino"
ACCELERATORS: dict[str, AcceleratorEntry] = {
    entry.name: entry
    for entry in (
        AcceleratorEntry(
            "eager", "PyTorch", _always, "engine.diffusion.accelerators.eager", "EagerAccelerator"
        ),
        AcceleratorEntry(
            "openvino", "OpenVINO", _without_openvino, _OPENVINO, "OpenVinoAccelerator"
        ),
        AcceleratorEntry(
            "openvino-gpu",
            "OpenVINO on an Intel GPU",
            partial(_without_intel, "GPU"),
            _OPENVINO,
            "OpenVinoGpuAccelerator",
        ),
        AcceleratorEntry(
            "openvino-npu",
            "OpenVINO on an Intel NPU",
            partial(_without_intel, "NPU"),
            _OPENVINO,
            "OpenVinoNpuAccelerator",
        ),
    )
}


def list_accelerators() -> list[tuple[str, bool, str | None]]:
    """(name, is usable, why not) of every accelerator, "auto" first. Any thread."""
    rows = [(entry.name, entry.why_not()) for entry in ACCELERATORS.values()]
    return [(AUTO, True, None), *((name, reason is None, reason) for name, reason in rows)]


def candidates(name: str) -> list[AcceleratorEntry]:
    """What to try for a name, best first. "auto": the GPU in PyTorch, else OpenVINO, else PyTorch.

    Errors: AcceleratorError for an unknown name.
    """
    if name == AUTO:
        from engine.diffusion.accelerators.base import has_gpu

        order = ("eager",) if has_gpu() else ("openvino", "eager")
        return [ACCELERATORS[choice] for choice in order]
    if name not in ACCELERATORS:
        raise AcceleratorError(
            f'There is no accelerator "{name}"; there are {AUTO}, {", ".join(ACCELERATORS)}.'
        )
    return [ACCELERATORS[name]]
