"""Ticks as CUDA graphs on a real card. Look at tests/hardware/README.md."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.diffusion.in_process import StreamRenderer
from engine.enums import GuidanceMode
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderSpec
from tests import tiny_models

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available() or torch.version.hip is not None, reason="needs an NVIDIA GPU"
    ),
]

SIDE = 64
STEADY = 6
MOST_DIFFERENCE = 2  # of 255: another stream may make libraries choose other kernels
BASE = StreamParams(prompt="a red fox", num_inference_steps=2)
MOVES = [
    {"prompt": "a blue bird"},
    {"strength": 0.95},
    {"seed": 9},
    {"guidance_scale": 3.0},
    {"delta": 0.4},
    {"guidance_rescale": 0.7},
    {"guidance_mode": GuidanceMode.FULL, "negative_prompt": "fog"},
    {"guidance_mode": GuidanceMode.STEP_NEGATIVE},
    {"guidance_mode": GuidanceMode.NONE},
    {"num_inference_steps": 4},
    {"num_inference_steps": 1},
    {"token_merging": 0.5},
    {"feature_reuse": 2},
    {},
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("models") / "sd1-lcm", "sd1-lcm")


class Show:
    """A renderer that is fed one frame after the other."""

    def __init__(self, model: Path, accelerator: str, ticks_in_flight: int = 1) -> None:
        self.renderer = StreamRenderer()
        spec = RenderSpec(str(model), SIDE, SIDE, accelerator, ticks_in_flight=ticks_in_flight)
        self.info = self.renderer.prepare(spec, lambda progress: None)
        self.sequence = 0

    def play(self, num_frames: int, params: StreamParams) -> list[np.ndarray | None]:
        painted: list[np.ndarray | None] = []
        for _ in range(num_frames):
            generator = np.random.default_rng(self.sequence)
            image = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            frame = self.renderer.render(Frame(image, self.sequence, self.sequence / 30), params)
            painted.append(None if frame is None else frame.image)
            self.sequence += 1
        return painted


def test_recorded_ticks_paint_what_eager_ones_do_while_everything_moves(model: Path) -> None:
    ours, plain = Show(model, "graphs"), Show(model, "eager")
    for move in MOVES * 2:
        params = BASE.with_changes(move)
        for a, b in zip(ours.play(STEADY, params), plain.play(STEADY, params), strict=True):
            assert (a is None) == (b is None)
            if a is not None and b is not None:
                assert np.abs(a.astype(int) - b.astype(int)).max() <= MOST_DIFFERENCE
    assert ours.renderer.news() is None  # no recording has failed
    assert ours.info.accelerator_notes == ()
    for show in (ours, plain):
        show.renderer.close()


def test_words_are_encoded_on_another_thread_while_a_tick_is_recorded(model: Path) -> None:
    show, is_over = Show(model, "graphs"), threading.Event()

    def read_words() -> None:
        number = 0
        while not is_over.is_set():
            torch.randn(256, 256, device="cuda") @ torch.randn(256, 256, device="cuda")
            show.renderer.remember([BASE.with_changes({"prompt": f"word {number}"})])
            number += 1

    thread = threading.Thread(target=read_words)
    thread.start()
    for steps in (1, 2, 3, 4):
        show.play(2 * STEADY, BASE.with_changes({"num_inference_steps": steps}))
    is_over.set()
    thread.join()
    assert show.renderer.news() is None
    show.renderer.close()


@pytest.mark.parametrize("ticks_in_flight", [1, 2])
def test_a_steady_show_allocates_nothing_on_the_card(model: Path, ticks_in_flight: int) -> None:
    show = Show(model, "graphs", ticks_in_flight)
    show.play(2 * STEADY, BASE)
    before = torch.cuda.memory_stats()["allocation.all.allocated"]
    show.play(2 * STEADY, BASE)
    assert torch.cuda.memory_stats()["allocation.all.allocated"] == before
    show.renderer.close()


def test_two_ticks_in_flight_paint_the_same_pictures_each_a_tick_later(model: Path) -> None:
    one, two = Show(model, "graphs"), Show(model, "graphs", ticks_in_flight=2)
    ours = [image for image in two.play(4 * STEADY, BASE) if image is not None]
    ours += [frame.image for frame in two.renderer.flush()]
    plain = [image for image in one.play(4 * STEADY, BASE) if image is not None]
    plain += [frame.image for frame in one.renderer.flush()]
    assert len(ours) == len(plain) == 4 * STEADY
    for a, b in zip(ours, plain, strict=True):
        assert np.abs(a.astype(int) - b.astype(int)).max() <= MOST_DIFFERENCE
    for show in (one, two):
        show.renderer.close()
