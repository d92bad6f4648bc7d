"""The gate in front of the stream batch: what it holds back, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.diffusion.fake import FakeBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.frame import Frame
from engine.gating import GateKeeper
from engine.params import StreamParams
from engine.similarity import GateMemory, SimilarityGate, decide
from tests.streams import MODES, frame, ticket

unit = st.floats(0, 1)


def scene(level: int, sequence: int) -> Frame:
    return Frame(np.full((64, 64, 3), level, np.uint8), sequence, float(sequence))


class GatedStream:
    """Gate and batch as the render thread drives them; every scene has its own latent."""

    def __init__(self, its_ticket: Ticket, backbone: FakeBackbone) -> None:
        self.gate = GateKeeper(SimilarityGate())
        self.batch = StreamBatch(backbone)
        self.ticket = its_ticket
        self.shown: object = None  # the level of the scene on screen
        self.ticks = 0
        self._sequence = 0

    def feed(self, level: int, params: StreamParams) -> None:
        entered = scene(level, self._sequence)
        self._sequence += 1
        if not self.gate.admits(entered, params, self.batch.in_flight):
            return
        self.ticks += 1
        self.batch.admit(frame(level), self.ticket, (level, entered.sequence))
        for finished in self.batch.tick():
            self.shown, sequence = finished.tag
            self.gate.has_come_out(sequence)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_p11_a_scene_that_comes_to_rest_shows_its_final_picture_after_n_ticks(
    mode: object, n: int
) -> None:
    backbone = FakeBackbone()
    params = StreamParams(num_inference_steps=n, max_skips=300)
    stream = GatedStream(ticket(backbone, n, mode), backbone)
    for level in [10, 10, 10, 10, 60, 110, 160, 210]:
        stream.feed(level, params)

    for _ in range(n - 1):
        stream.feed(210, params)

    assert stream.shown == 210


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_p11_afterwards_the_model_rests(n: int) -> None:
    backbone = FakeBackbone()
    params = StreamParams(num_inference_steps=n, max_skips=300)
    stream = GatedStream(ticket(backbone, n), backbone)
    for _ in range(100):
        stream.feed(50, params)

    # the parameters' first n ticks, and at most those that bring the last of them out
    assert n <= stream.ticks <= 2 * n
    assert stream.gate.state.value.is_skipping


@given(st.lists(unit, max_size=200), st.integers(0, 30), unit)
def test_the_gate_never_skips_longer_than_its_limit(
    levels: list[float], max_skips: int, threshold: float
) -> None:
    memory, run, longest = GateMemory(), 0, 0
    for level in levels:
        thumbnail = np.full((64, 64), level, np.float32)
        decision = decide(memory, thumbnail, draw=0.0, threshold=threshold, max_skips=max_skips)
        memory = decision.memory
        run = 0 if decision.is_admitted else run + 1
        longest = max(longest, run)

    assert longest <= max_skips


@given(st.lists(st.tuples(unit, unit), min_size=1, max_size=50), unit)
def test_whatever_differs_by_more_than_the_threshold_allows_is_admitted(
    draws: list[tuple[float, float]], threshold: float
) -> None:
    memory = GateMemory()
    for level, draw in draws:
        thumbnail = np.full((64, 64), level, np.float32)
        decision = decide(memory, thumbnail, draw=draw, threshold=threshold, max_skips=300)
        memory = decision.memory
        assert decision.is_admitted or decision.similarity > threshold
        assert 0.0 <= decision.similarity <= 1.0


def test_the_fake_paints_different_scenes_differently() -> None:
    """A guard for this module: the scenes' latents differ."""
    assert not torch.equal(frame(10), frame(60))
