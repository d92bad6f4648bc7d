"""What an error of torch or a driver means for the show: out of memory, or the device is lost."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from engine.enums import LossReason
from engine.errors import EngineError, OutOfMemoryError, RendererLost
from engine.renderer import RenderSpec

# Allocators without an error type of their own: torch's for the processor, CUDA's, cuBLAS', OpenCL.
MEMORY_SIGNS = (
    "not enough memory",
    "out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CL_OUT_OF_HOST_MEMORY",
    "CL_MEM_OBJECT_ALLOCATION_FAILURE",
)
# After one of these every later call on the device fails as well, until it is opened anew.
DEVICE_SIGNS = (
    "CUDA error",
    "CUDA driver error",
    "CUBLAS_STATUS_",
    "cuDNN error",
    "CL_DEVICE_NOT_AVAILABLE",
    "CL_OUT_OF_RESOURCES",
    "ZE_RESULT_ERROR_DEVICE_LOST",
)


@contextmanager
def faults_explained(spec: RenderSpec) -> Generator[None]:
    """Turn what a model's library raises into the show's own errors, where it means one."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        explained = explain(error, spec)
        if explained is None:
            raise
        raise explained from error


def explain(error: RuntimeError | MemoryError, spec: RenderSpec) -> EngineError | None:
    """The show's error for one of a library; None when it is just a mistake in a program."""
    text = str(error)
    is_of_memory = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    if is_of_memory or any(sign in text for sign in MEMORY_SIGNS):
        return OutOfMemoryError(_too_large(spec))
    if isinstance(error, torch.AcceleratorError) or any(sign in text for sign in DEVICE_SIGNS):
        first_line = text.partition("\n")[0]
        return RendererLost(f"The graphics device was lost ({first_line}).", LossReason.DEVICE_LOST)
    return None


def _too_large(spec: RenderSpec) -> str:
    smaller = [max(64, side * 3 // 4 // 64 * 64) for side in (spec.width_px, spec.height_px)]
    return (
        f"{spec.model} at {spec.width_px}×{spec.height_px} doesn't fit the memory; try "
        f"{smaller[0]}×{smaller[1]}, fewer steps or a smaller model."
    )
