from __future__ import annotations

import pytest

from boot.machine import Machine, NvidiaGpu
from boot.torch_build import INDEX, TORCH, answers_quickly, choose_torch_build, wanted_flavour

RTX_4090 = NvidiaGpu(cuda_version=13000, compute_capability=(8, 9))
OLD_DRIVER = NvidiaGpu(cuda_version=12040, compute_capability=(8, 9))
GTX_1080 = NvidiaGpu(cuda_version=13000, compute_capability=(6, 1))


@pytest.mark.parametrize(
    ("system", "architecture", "gpu", "is_index_up", "index"),
    [
        ("linux", "x86_64", None, True, "cpu"),
        ("linux", "x86_64", None, False, None),
        ("linux", "arm64", None, True, "cpu"),
        ("linux", "x86_64", RTX_4090, True, None),  # PyPI's own wheel is the CUDA 13 build
        ("linux", "x86_64", RTX_4090, False, None),
        ("linux", "arm64", RTX_4090, True, "cu130"),
        ("linux", "x86_64", OLD_DRIVER, True, "cu126"),
        ("linux", "x86_64", GTX_1080, True, "cu126"),
        ("windows", "x86_64", None, True, None),
        ("windows", "x86_64", RTX_4090, True, "cu130"),  # PyPI's Windows wheel has no CUDA
        ("windows", "x86_64", OLD_DRIVER, True, "cu126"),
        ("windows", "x86_64", RTX_4090, False, None),
        ("darwin", "arm64", None, True, None),
    ],
)
def test_the_build_fits_the_machine(system, architecture, gpu, is_index_up, index):
    machine = Machine(system, architecture, (3, 11), gpu)
    build = choose_torch_build(machine, lambda url: is_index_up)
    assert build.index_url == (INDEX + index if index else None)


def test_an_index_is_asked_only_where_the_choice_depends_on_it():
    def answers(url: str) -> bool:
        raise AssertionError("asked")

    choose_torch_build(Machine("darwin", "arm64", (3, 13)), answers)
    choose_torch_build(Machine("linux", "x86_64", (3, 13), RTX_4090), answers)


@pytest.mark.parametrize("index_url", [None, INDEX + "cpu"])
def test_the_version_is_pinned_exactly_wherever_it_comes_from(index_url):
    build = choose_torch_build(Machine("linux", "x86_64", (3, 10)), lambda url: bool(index_url))
    assert build.pip_arguments()[0] == TORCH
    assert build.pip_arguments()[1:] == (["--index-url", index_url] if index_url else [])


def test_without_a_gpu_the_flavour_is_cpu():
    assert wanted_flavour(Machine("linux", "x86_64", (3, 11))) == "cpu"


def test_a_server_that_is_not_there_does_not_answer():
    # port 9 of this machine: nobody listens there
    assert not answers_quickly("http://127.0.0.1:9")
