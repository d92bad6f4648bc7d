"""torch.compile with its real compiler, on a module small enough to wait for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.diffusion.accelerators import compiler_missing
from engine.diffusion.accelerators.compiled import _cache_in, _new_run

CPU = torch.device("cpu")
SIDE = 16
pytestmark = [
    pytest.mark.skipif(bool(compiler_missing("cpu")), reason="there is no C++ compiler"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of PyTorch at PyTorch
]


def _counted(name: str) -> int:
    from torch._dynamo.utils import counters

    return int(counters["inductor"][name])


def test_what_was_compiled_computes_the_same_and_is_not_compiled_again(tmp_path: Path) -> None:
    dynamo: Any = torch._dynamo
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.SiLU()).eval().requires_grad_(False)
    image = torch.randn(1, 3, SIDE, SIDE)
    before = _counted("fxgraph_cache_hit")

    with torch.inference_mode(), _cache_in(tmp_path):
        first = _new_run(module, CPU)(image)
        assert _counted("fxgraph_cache_hit") == before
        dynamo.reset()  # as a new start
        second = _new_run(module, CPU)(image)

    assert torch.allclose(first, module(image), atol=1e-5)
    assert torch.equal(second, first)
    assert _counted("fxgraph_cache_hit") == before + 1
    assert any(tmp_path.rglob("*.so"))
