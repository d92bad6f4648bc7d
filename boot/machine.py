"""The facts about this machine that decide what is installed."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass

PYTHON_VERSIONS = ((3, 10), (3, 13))  # first and last that are supported


@dataclass(frozen=True)
class NvidiaGpu:
    """What the NVIDIA driver says.

    cuda_version: the newest CUDA that the driver runs, 13000 for 13.0.
    compute_capability: of the oldest GPU, (8, 9) for an RTX 40.
    """

    cuda_version: int
    compute_capability: tuple[int, int]


@dataclass(frozen=True)
class Machine:
    """system: "linux", "windows" or "darwin". architecture: "x86_64" or "arm64"."""

    system: str
    architecture: str
    python: tuple[int, int]
    gpu: NvidiaGpu | None = None


def this_machine() -> Machine:
    """Look, without starting any program: some tens of milliseconds."""
    architecture = {"amd64": "x86_64", "aarch64": "arm64"}
    name = platform.machine().lower()
    return Machine(
        platform.system().lower(),
        architecture.get(name, name),
        (sys.version_info.major, sys.version_info.minor),
        find_nvidia_gpu(),
    )


def unsupported_reason(machine: Machine) -> str | None:
    """Why Reverie can't run here, as a sentence; None when it can."""
    first, last = PYTHON_VERSIONS
    if not first <= machine.python <= last:
        found = ".".join(map(str, machine.python))
        return (
            f"Reverie runs on Python {first[0]}.{first[1]} to {last[0]}.{last[1]}, this is "
            f"{found}: install Python {last[0]}.{last[1]} and start bootstrap.py with it."
        )
    if machine.system == "darwin" and machine.architecture == "x86_64":
        return "PyTorch no longer supports Macs with an Intel processor, so Reverie can't run here."
    return None


def has_display(machine: Machine, environment: Mapping[str, str]) -> bool:
    """Whether a window can open. Naming a Qt platform counts: whoever does so knows."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return machine.system != "linux" or any(environment.get(name) for name in names)


def find_nvidia_gpu() -> NvidiaGpu | None:
    """Ask the CUDA driver library itself; None without an NVIDIA driver or GPU.

    Source: CUDA Driver API, cuInit and cuDeviceGetAttribute (75 and 76: compute capability).
    """
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return None
    count, version = ctypes.c_int(), ctypes.c_int()
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return None
    if count.value == 0 or driver.cuDriverGetVersion(ctypes.byref(version)) != 0:
        return None
    return NvidiaGpu(
        version.value, min(_compute_capability(driver, index) for index in range(count.value))
    )


def _compute_capability(driver: ctypes.CDLL, index: int) -> tuple[int, int]:
    major, minor = ctypes.c_int(), ctypes.c_int()
    driver.cuDeviceGetAttribute(ctypes.byref(major), 75, index)
    driver.cuDeviceGetAttribute(ctypes.byref(minor), 76, index)
    return major.value, minor.value
