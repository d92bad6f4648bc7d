"""Which build of PyTorch fits a machine, and where it comes from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from boot.machine import Machine, NvidiaGpu

TORCH = "torch==2.13.0"
INDEX = "https://download.pytorch.org/whl/"
# CUDA 13 builds need a driver of series 580 or later, and a Turing GPU (RTX 20) or later; older
# ones run the CUDA 12.6 build, the last with Maxwell to Volta in it.
CUDA_13 = 13000
TURING = (7, 5)
# The flavour of the wheel that PyPI itself carries.
PYPI_HAS = {
    ("linux", "x86_64", "cu130"),
    ("windows", "x86_64", "cpu"),
    ("windows", "arm64", "cpu"),
    ("darwin", "arm64", "cpu"),
}


@dataclass(frozen=True)
class TorchBuild:
    """What to ask pip for. index_url: None for wherever pip is configured to look."""

    index_url: str | None
    reason: str

    def pip_arguments(self) -> list[str]:
        """Arguments after `pip install`."""
        index = ["--index-url", self.index_url] if self.index_url else []
        return [TORCH, *index]


def wanted_flavour(machine: Machine) -> str:
    """The build that fits, as PyTorch's own index names it: "cpu", "cu126" or "cu130"."""
    return _cuda_flavour(machine.gpu) if machine.gpu else "cpu"


def choose_torch_build(machine: Machine, answers: Callable[[str], bool]) -> TorchBuild:
    """Decide from the machine's facts.

    answers: whether an index can be reached; asked only where the choice depends on it.
    """
    flavour = wanted_flavour(machine)
    if (machine.system, machine.architecture, flavour) in PYPI_HAS:
        return TorchBuild(None, f"the {flavour} build, which is PyPI's own for this system")
    index_url = INDEX + flavour
    if answers(index_url):
        return TorchBuild(index_url, f"the {flavour} build, from PyTorch's own index")
    return TorchBuild(
        None, f"PyPI's build, because PyTorch's own index with the {flavour} build does not answer"
    )


def answers_quickly(url: str, timeout_s: float = 3.0) -> bool:
    """Whether the server there answers in time; a name that never resolves counts as no."""
    import urllib.request  # slow to import, and needed on the first start only

    answered = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(url + "/torch/", method="HEAD")
        opened = urllib.request.urlopen  # of https constants alone  # nosec B310
        with suppress(OSError), opened(request, timeout=timeout_s):
            answered.set()

    # A thread, because the look-up of a name knows no time limit.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout_s)
    return answered.is_set()


def _cuda_flavour(gpu: NvidiaGpu) -> str:
    is_current = gpu.cuda_version >= CUDA_13 and gpu.compute_capability >= TURING
    return "cu130" if is_current else "cu126"
