"""What the doctor asks the installed packages. Each raises ImportError where its package lacks."""

# pyright: basic, reportMissingImports=false
# (most of these packages are untyped)

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Unavailable(Exception):
    """A package is there but can't do its work; `str()` says why."""


@dataclass(frozen=True)
class Torch:
    """cuda: e.g. "CUDA 13.0", or None in a CPU build."""

    version: str
    cuda: str | None


def torch_facts() -> Torch:
    try:
        import torch
    except OSError as error:  # a library beside it is damaged
        raise Unavailable(f"torch does not start: {error}") from error
    return Torch(torch.__version__, f"CUDA {torch.version.cuda}" if torch.version.cuda else None)


@dataclass(frozen=True)
class TensorRt:
    """TensorRT-RTX, whole enough to build engines."""

    version: str


def tensorrt() -> TensorRt:
    for package in ("onnx", "onnxscript"):
        import_module(package)
    try:
        return TensorRt(import_module("tensorrt_rtx").__version__)
    except OSError as error:  # a library beside it is damaged
        raise Unavailable(f"TensorRT-RTX does not start: {error}") from error


def gpu_names() -> Sequence[str]:
    """Each NVIDIA GPU with its memory, and the driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
        driver = pynvml.nvmlSystemGetDriverVersion()
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        names = [
            f"{pynvml.nvmlDeviceGetName(handle)} "
            f"({int(pynvml.nvmlDeviceGetMemoryInfo(handle).total) / 1e9:.0f} GB)"
            for handle in handles
        ]
        pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        raise Unavailable(f"the NVIDIA driver does not answer: {error}") from error
    return [*names, f"driver {driver}"]


def openvino_devices() -> Sequence[str]:
    import openvino

    core = openvino.Core()
    version = openvino.get_version().partition("-")[0]
    return [
        version,
        *(
            f"{name}: {core.get_property(name, 'FULL_DEVICE_NAME')}"
            for name in core.available_devices
        ),
    ]


def cameras() -> tuple[bool, str, str]:
    """(there is one, finding, fix)."""
    from engine.sources.cameras import camera_advice, list_webcams

    return camera_advice(list_webcams())


def virtual_camera() -> tuple[bool, str, str]:
    """(ready, finding, fix)."""
    from engine.sinks.virtual_camera import virtual_camera_advice

    return virtual_camera_advice()


def sound_inputs() -> Sequence[str]:
    try:
        import sounddevice
    except OSError as error:
        raise Unavailable("the system library PortAudio is missing") from error
    try:
        devices = list(sounddevice.query_devices())
    except sounddevice.PortAudioError as error:
        raise Unavailable(f"the sound system does not answer: {error}") from error
    return [device["name"] for device in devices if device["max_input_channels"] > 0]


def midi_inputs() -> Sequence[str]:
    try:
        mido: Any = import_module("mido")  # it has no types for what it takes from its backend
    except ImportError as error:
        raise Unavailable("not part of this version") from error
    try:
        return mido.get_input_names()
    except (ImportError, OSError) as error:  # no rtmidi; or no ALSA sequencer, as in a container
        raise Unavailable("the system offers no MIDI") from error


def gamepads() -> Sequence[str]:
    from engine.control.gamepad_system import list_gamepads
    from engine.errors import ControlError

    try:
        return list_gamepads()
    except ControlError as error:
        raise Unavailable(str(error)) from error


def model_cache() -> tuple[str, int]:
    """The hub's cache folder, and how many models lie in it."""
    home = os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface")
    folder = Path(os.environ.get("HF_HUB_CACHE", Path(home) / "hub"))
    return str(folder), len(list(folder.glob("models--*")))
