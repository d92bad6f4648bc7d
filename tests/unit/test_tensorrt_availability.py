"""Whether TensorRT can be used here, asked without loading it or PyTorch."""

from __future__ import annotations

import importlib.util
from typing import Any

import pynvml
import pytest

from engine.diffusion.accelerators import ACCELERATORS, AUTO_ORDER
from engine.errors import AcceleratorError


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, answer in (("nvmlInit", None), ("nvmlDeviceGetCount", 1), ("nvmlShutdown", None)):
        monkeypatch.setattr(pynvml, name, lambda answer=answer: answer)


def leave_only(installed: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> Any:
        return object() if name in installed else None

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.mark.parametrize("name", ["tensorrt-rtx", "tensorrt"])
def test_without_a_card_it_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", fail)
    assert "needs an NVIDIA graphics card" in str(ACCELERATORS[name].why_not())
    with pytest.raises(AcceleratorError, match=f"^The accelerator {name} isn't available"):
        ACCELERATORS[name].create()


@pytest.mark.usefixtures("card")
def test_it_names_the_packages_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_only({"onnx"}, monkeypatch)
    assert str(ACCELERATORS["tensorrt-rtx"].why_not()).endswith(
        "python bootstrap.py run --tensorrt brings it."
    )
    leave_only({"tensorrt"}, monkeypatch)
    assert str(ACCELERATORS["tensorrt"].why_not()).endswith("pip install onnx onnxscript")
    leave_only({"tensorrt", "tensorrt_rtx", "onnx", "onnxscript"}, monkeypatch)
    assert ACCELERATORS["tensorrt"].why_not() is None
    assert ACCELERATORS["tensorrt-rtx"].why_not() is None


def test_unasked_it_plays_only_after_it_was_faster() -> None:
    unasked = [name for order in AUTO_ORDER.values() for name in order if "tensorrt" in name]
    assert unasked == ["tensorrt-rtx"]
    assert ACCELERATORS["tensorrt-rtx"].has_to_prove_itself
