"""Group normalization as OpenVINO is given it, against PyTorch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

pytest.importorskip("openvino")

import openvino

from engine.diffusion.accelerators.openvino_graph import to_graph


@pytest.mark.parametrize("mean", [0.0, 30.0])
@pytest.mark.parametrize("shape", [(2, 12, 8, 6), (2, 12, 10)])
def test_a_group_far_from_zero_keeps_its_variance(shape: tuple[int, ...], mean: float) -> None:
    norm = nn.GroupNorm(4, 12)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.copy_(torch.randn(12, generator=generator))
    picture = torch.randn(shape, generator=generator)
    picture += mean + torch.arange(12.0).view(1, -1, *[1] * (len(shape) - 2))
    graph = to_graph(norm, (picture,))
    compiled = openvino.compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    ours = torch.as_tensor(compiled([picture.numpy()])[0])
    with torch.no_grad():
        theirs = norm(picture)
    assert float((ours - theirs).abs().max()) < 2e-5
