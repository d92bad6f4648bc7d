"""Errors as torch, CUDA and OpenCL word them, and what they mean for the show."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.faults import explain, faults_explained
from engine.enums import LossReason
from engine.errors import OutOfMemoryError, RendererLost
from engine.renderer import RenderSpec

SPEC = RenderSpec("house", 512, 512)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to …"),
        torch.AcceleratorError("CUDA error: out of memory\nCompile with …"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_every_lack_of_memory_is_one_sentence_with_a_smaller_size(error: Exception) -> None:
    sentence = "house at 512×512 .* try 384×384"
    with pytest.raises(OutOfMemoryError, match=sentence), faults_explained(SPEC):
        raise error


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: unspecified launch failure\nSearch for …",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: the launch timed out and was terminated",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(…)`",
        "[GPU] clFlush, error code: -2 CL_DEVICE_NOT_AVAILABLE",
    ],
)
def test_a_device_that_no_longer_answers_is_lost(text: str) -> None:
    for kind in (RuntimeError, torch.AcceleratorError):
        lost = explain(kind(text), SPEC)
        assert isinstance(lost, RendererLost)
        assert lost.reason is LossReason.DEVICE_LOST
        assert text.partition("\n")[0] in str(lost)
        assert "\n" not in str(lost)


def test_a_mistake_in_a_program_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="mat1 and mat2"), faults_explained(SPEC):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
