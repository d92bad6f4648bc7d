"""From a source through a real (tiny, untrained) diffusion model to a sink."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.api import Engine, Frame, RenderSpec, ShowSpec, StreamParams, renderer_for
from engine.pipeline import Makers
from engine.sources import make_source
from tests.support.fakes import FakeSink
from tests.tiny_models import write

PATIENCE_S = 100.0
NUM_FRAMES = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("house"), "house")


def play(model: Path, **values: object) -> list[tuple[Frame, float]]:
    """An offline show of the demo scene; returns what the sink got."""
    sink = FakeSink()
    engine = Engine(makers=Makers(renderer=renderer_for, source=make_source, sink=lambda uri: sink))
    show = ShowSpec(
        source="demo",
        sinks=("fake",),
        render=RenderSpec(str(model), 64, 64, "eager"),
        params=StreamParams().with_changes({"prompt": "ink", "strength": 0.5, **values}),
        is_realtime=False,
        max_frames=NUM_FRAMES,
    )
    engine.start(show)
    try:
        assert engine.wait(PATIENCE_S)
    finally:
        engine.stop(PATIENCE_S)
    errors = [event.message for event in engine.poll_events() if event.severity == "error"]
    assert errors == []
    return sink.written


@pytest.mark.parametrize("num_inference_steps", [1, 3])
def test_offline_runs_are_bit_identical(model: Path, num_inference_steps: int) -> None:
    first, second = (play(model, num_inference_steps=num_inference_steps) for _ in range(2))
    assert [f.sequence for f, _ in first] == [f.sequence for f, _ in second]
    assert [time_s for _, time_s in first] == [time_s for _, time_s in second]
    assert len(first) == NUM_FRAMES
    for (one, _), (other, _) in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_every_frame_is_painted_at_its_own_time_whatever_the_steps(model: Path) -> None:
    shown = play(model, num_inference_steps=4, similarity_filter=False)
    assert [frame.sequence for frame, _ in shown] == list(range(NUM_FRAMES))


def test_the_seed_and_the_prompt_change_the_picture(model: Path) -> None:
    pictures = [
        play(model, seed=seed, prompt=prompt)[-1][0].image
        for seed, prompt in ((1, "ink"), (2, "ink"), (1, "neon"))
    ]
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
