"""P22: what a steady stream allocates outside the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from engine.diffusion.backbone import Rows
from engine.diffusion.fake import SCALE_FACTOR, FakeBackbone
from engine.diffusion.painter import Painter
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import GuidanceMode
from tests.streams import LATENT_SHAPE, MODES, frame, run, ticket

STREAM_LENGTH = 12
SIDE_PX = LATENT_SHAPE[1] * SCALE_FACTOR


class AllocationCounter(TorchDispatchMode):
    """Counts the operations that return new memory."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        known = {_storage(tensor) for tensor in _tensors((args, kwargs or {}))}
        result = func(*args, **(kwargs or {}))
        self.count += any(_storage(tensor) not in known for tensor in _tensors(result))
        return result


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _tensors(tree: object) -> list[Tensor]:
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, (list, tuple)):
        return [tensor for leaf in tree for tensor in _tensors(leaf)]
    return [tree] if isinstance(tree, Tensor) else []


class FrugalBackbone(FakeBackbone):
    """Answers from its own fixed memory, so that only the batch's allocations are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._memory = torch.zeros((8, *LATENT_SHAPE))
        self._latent = torch.zeros((1, *LATENT_SHAPE))
        self._picture = torch.zeros((1, 3, SIDE_PX, SIDE_PX))

    def encode(self, image: Tensor) -> Tensor:
        return self._latent

    def decode(self, latent: Tensor) -> Tensor:
        return self._picture

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        return torch.mul(x_t, 0.5, out=self._memory[: len(x_t)])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_p22_a_steady_stream_allocates_only_what_it_hands_out(mode: GuidanceMode, n: int) -> None:
    """One small tensor for every finished frame: its latent, for good (P21). Nothing else."""
    backbone = FrugalBackbone()
    its_ticket = ticket(backbone, n, mode)
    batch = StreamBatch(backbone)
    frames = [frame(k) for k in range(STREAM_LENGTH)]
    run(batch, [(latent, its_ticket) for latent in frames])

    with AllocationCounter() as counter:
        ticks = run(batch, [(latent, its_ticket) for latent in frames])

    assert sum(len(tick) for tick in ticks) == STREAM_LENGTH
    assert counter.count == STREAM_LENGTH


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rescale", [0.0, 0.7])
def test_a_frame_from_pixels_to_pixels_allocates_no_tensor(
    mode: GuidanceMode, rescale: float
) -> None:
    """The picture that is handed out is the only new memory."""
    backbone = FrugalBackbone()
    its_ticket = ticket(backbone, 4, mode, rescale=rescale)
    painter = Painter(backbone, SIDE_PX, SIDE_PX)
    image = np.zeros((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    for _ in range(STREAM_LENGTH):
        painter.paint(image, its_ticket)

    with AllocationCounter() as counter:
        painted = [painter.paint(image, its_ticket) for _ in range(STREAM_LENGTH)]

    assert None not in painted
    assert counter.count == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_rescale_without_guidance_costs_nothing(mode: GuidanceMode) -> None:
    backbone = FrugalBackbone()
    its_ticket = ticket(backbone, 4, mode, scale=1.0, rescale=0.7)
    batch = StreamBatch(backbone)
    frames = [frame(k) for k in range(STREAM_LENGTH)]
    run(batch, [(latent, its_ticket) for latent in frames])

    with AllocationCounter() as counter:
        run(batch, [(latent, its_ticket) for latent in frames])

    assert counter.count == STREAM_LENGTH
