"""The accelerators by name, and whether each is usable here.

This module and `list_accelerators` stay free of torch, so that the window opens at once; an
accelerator's own module is imported when it is chosen.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.errors import AcceleratorError

if TYPE_CHECKING:  # imports torch
    from engine.diffusion.accelerators.base import Accelerator

AUTO = "auto"
# By PyTorch's name of the device. On a processor torch.compile is the slower one: 25 ms a call of
# the house model's denoiser against OpenVINO's 13 ms. On a card it would hold up the show's own
# Python while it compiles. Graphs that can't be recorded are done without, in a show too.
AUTO_ORDER = {
    "cuda": ("tensorrt-rtx", "graphs", "eager"),
    "mps": ("eager",),
    "cpu": ("openvino", "eager"),
}


@dataclass(frozen=True, slots=True)
class AcceleratorEntry:
    """One row of the table. why_not: None when usable here, else a sentence with the fix.

    module, factory: where its class is; see `base.Accelerator`. has_to_prove_itself: not faster
    everywhere, so with "auto" a show goes over to it only when it was; see `trial`.
    """

    name: str
    label: str
    why_not: Callable[[], str | None]
    module: str
    factory: str
    has_to_prove_itself: bool = False

    def create(self) -> Accelerator:
        """Errors: AcceleratorError when it isn't usable here."""
        reason = self.why_not()
        if reason:
            raise AcceleratorError(f"The accelerator {self.name} isn't available: {reason}")
        return getattr(importlib.import_module(self.module), self.factory)()


def _always() -> str | None:
    return None


def compiler_missing(device: str) -> str | None:
    """Why torch.compile can't compile for a device, by PyTorch's name of it."""
    if device == "mps":
        return "it compiles for NVIDIA cards and processors only; choose the accelerator eager."
    if device == "cuda":
        has_triton = importlib.util.find_spec("triton") is not None
        return None if has_triton else "it needs Triton; install triton (Windows: triton-windows)."
    names = [os.environ["CXX"]] if os.environ.get("CXX") else ["g++", "clang++", "cl"]
    if any(shutil.which(name) for name in names):
        return None
    return (
        "it needs a C++ compiler; install g++ (Debian and Ubuntu: the package build-essential; "
        "macOS: xcode-select --install; Windows: the Visual Studio Build Tools)."
    )


def _without_compiler() -> str | None:
    """Triton is enough for a graphics card; whether there is one is seen at `create`."""
    return compiler_missing("cpu") if compiler_missing("cuda") else None


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


def _without_nvidia_card() -> str | None:
    """By the driver; whether PyTorch can use the card is seen at `create`."""
    pynvml: Any = importlib.import_module("pynvml")
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        count = 0
    return None if count else "it needs an NVIDIA graphics card and its driver; there is none here."


def _missing_for(module: str) -> list[str]:
    """Packages that engines are built with. module: the library's, named as its package is."""
    names = (module, "onnx", "onnxscript")
    return [name.replace("_", "-") for name in names if not importlib.util.find_spec(name)]


def _without_tensorrt_rtx() -> str | None:
    reason = _without_nvidia_card()
    if reason or not _missing_for("tensorrt_rtx"):
        return reason
    return "TensorRT-RTX isn't installed; python bootstrap.py run --tensorrt brings it."


def _without_tensorrt() -> str | None:
    reason, missing = _without_nvidia_card(), _missing_for("tensorrt")
    if reason or not missing:
        return reason
    return (
        f"TensorRT needs more packages: in Reverie's environment, pip install {' '.join(missing)}"
    )


_OPENVINO = "engine.diffusion.accelerators.openvino"
_TENSORRT = "engine.diffusion.accelerators.tensorrt"
ACCELERATORS: dict[str, AcceleratorEntry] = {
    entry.name: entry
    for entry in (
        AcceleratorEntry(
            "eager", "PyTorch", _always, "engine.diffusion.accelerators.eager", "EagerAccelerator"
        ),
        AcceleratorEntry(
            "graphs",
            "CUDA graphs",
            _without_nvidia_card,
            "engine.diffusion.accelerators.graphs",
            "GraphsAccelerator",
        ),
        AcceleratorEntry(
            "compile",
            "torch.compile",
            _without_compiler,
            "engine.diffusion.accelerators.compiled",
            "CompileAccelerator",
        ),
        AcceleratorEntry(
            "tensorrt-rtx",
            "TensorRT-RTX",
            _without_tensorrt_rtx,
            _TENSORRT,
            "TensorRtRtxAccelerator",
            has_to_prove_itself=True,
        ),
        AcceleratorEntry(
            "tensorrt",
            "TensorRT",
            _without_tensorrt,
            _TENSORRT,
            "TensorRtAccelerator",
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
    """What to try for a name, best first; "auto" is what suits the device.

    Errors: AcceleratorError for an unknown name.
    """
    if name == AUTO:
        from engine.diffusion.accelerators.base import has_gpu, torch_device

        order = AUTO_ORDER[torch_device().type if has_gpu() else "cpu"]
        return [ACCELERATORS[choice] for choice in order]
    if name not in ACCELERATORS:
        raise AcceleratorError(
            f'There is no accelerator "{name}"; there are {AUTO}, {", ".join(ACCELERATORS)}.'
        )
    return [ACCELERATORS[name]]
