"""Whole shows on recorded ticks: every live control acts, and a failed recording ends nothing.

`tests.support.tape` stands in for CUDA graphs; see `tests/hardware` for those themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pynvml
import pytest
import torch

from engine.diffusion import acceleration
from engine.diffusion.accelerators import ACCELERATORS, AcceleratorEntry, candidates
from engine.diffusion.accelerators.eager import EagerAccelerator
from engine.diffusion.accelerators.graphs import GraphsAccelerator
from engine.diffusion.in_process import StreamRenderer
from engine.diffusion.recorder import GraphRecorder, Work
from engine.enums import Cost, GuidanceMode
from engine.errors import AcceleratorError
from engine.frame import Frame
from engine.parameter import Value
from engine.params import EFFECTS, PARAMETERS, StreamParams
from engine.renderer import RenderSpec
from tests import tiny_models
from tests.support.tape import Tape

SIDE = 32
STEADY = 4  # frames until a batch of two is full and its tick recorded
BASE = StreamParams(
    prompt="a red fox::0.6 | a blue bird::0.4",
    negative_prompt="fog",
    guidance_mode=GuidanceMode.ONETIME_NEGATIVE,  # everything about guidance has an effect
    guidance_rescale=0.2,
    num_inference_steps=2,
    seed_blend=0.3,
)
OTHER_TICKS = {"guidance_mode", "token_merging", "feature_reuse"}  # they change what is computed
TEXTS = {"prompt": "a red fox", "negative_prompt": "rain"}
LIVE = [n for n, each in PARAMETERS.items() if each.cost is Cost.LIVE and n not in EFFECTS]


class Taped(EagerAccelerator):
    """Graphs on a tape."""

    tape = Tape()

    def accelerate(self, backbone, spec, example, on_progress):  # type: ignore[no-untyped-def]
        super().accelerate(backbone, spec, example, on_progress)
        backbone.recorder = GraphRecorder(Taped.tape)
        return backbone


class BrokenTape(Tape):
    """Fails as a card does that has no memory left for another graph."""

    def capture(self, work: Work) -> Work:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB.")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.write(tmp_path_factory.mktemp("models") / "sd1-lcm", "sd1-lcm")


@pytest.fixture(scope="module")
def shows(model: Path) -> Iterator[tuple[Show, Show]]:
    """Two that paint the same: on the tape, and as it comes."""
    pair = taped(model, Tape()), Show(model)
    yield pair
    for show in pair:
        show.renderer.close()


class Show:
    """A renderer that is fed one frame after the other."""

    def __init__(self, model: Path) -> None:
        self.renderer = StreamRenderer()
        spec = RenderSpec(str(model), SIDE, SIDE, "eager")
        self.info = self.renderer.prepare(spec, lambda progress: None)
        self.sequence = 0

    def play(self, num_frames: int, params: StreamParams) -> list[bytes | None]:
        painted: list[bytes | None] = []
        for _ in range(num_frames):
            generator = np.random.default_rng(self.sequence)
            image = generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            frame = self.renderer.render(Frame(image, self.sequence, self.sequence / 30), params)
            painted.append(None if frame is None else frame.image.tobytes())
            self.sequence += 1
        return painted


def taped(model: Path, tape: Tape) -> Show:
    Taped.tape = tape
    entry = AcceleratorEntry("taped", "Taped", lambda: None, __name__, Taped.__name__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acceleration, "candidates", lambda name: [entry])
        return Show(model)


def moved(name: str) -> Value:
    """Another value than the one it starts from."""
    parameter, now = PARAMETERS[name], getattr(BASE, name)
    if name in TEXTS:
        return TEXTS[name]
    if isinstance(now, bool):
        return not now
    if parameter.choices:
        return next(choice for choice in parameter.choices if choice != now)
    last = parameter.maximum
    return last if now != last else parameter.minimum


@pytest.mark.parametrize("name", LIVE)
def test_every_live_control_moves_on_recorded_ticks(shows: tuple[Show, Show], name: str) -> None:
    ours, plain = shows
    assert ours.play(STEADY, BASE) == plain.play(STEADY, BASE)
    num_recorded, num_replayed = Taped.tape.num_recorded, Taped.tape.num_replayed
    for params in (BASE.with_changes({name: moved(name)}), BASE):
        assert ours.play(STEADY, params) == plain.play(STEADY, params)
    assert ours.renderer.news() is None  # nothing had to go without
    if name not in OTHER_TICKS:
        assert Taped.tape.num_recorded == num_recorded
        assert Taped.tape.num_replayed == num_replayed + 2 * STEADY


def test_a_show_starts_with_its_tick_recorded(model: Path) -> None:
    tape = Tape()
    show = taped(model, tape)
    defaults = StreamParams().with_changes(show.info.defaults)
    num_recorded, num_frames = tape.num_recorded, 2 * defaults.num_inference_steps
    num_replayed = tape.num_replayed
    show.play(num_frames, defaults)  # while the batch fills, too
    assert tape.num_recorded == num_recorded
    assert tape.num_replayed == num_replayed + num_frames
    show.renderer.close()


def test_a_recording_that_fails_in_the_middle_of_a_show_costs_one_sentence(model: Path) -> None:
    tape = BrokenTape()
    show, plain = taped(model, Tape()), Show(model)
    backbone: Any = show.renderer._ready().backbone
    backbone.recorder = GraphRecorder(tape)
    assert show.play(2 * STEADY, BASE) == plain.play(2 * STEADY, BASE)
    news = show.renderer.news()
    assert news is not None
    assert "CUDA out of memory" in news.sentence
    assert news.info == replace(show.info, accelerator_notes=(news.sentence,))
    assert show.renderer.news() is None
    for each in (show, plain):
        each.renderer.close()


def test_a_recording_that_fails_at_the_start_is_in_what_became_ready(model: Path) -> None:
    show = taped(model, BrokenTape())
    (note,) = show.info.accelerator_notes
    assert "can't be recorded as a CUDA graph here" in note
    assert show.play(STEADY, BASE)[-1] is not None
    assert show.renderer.news() is None
    show.renderer.close()


def test_without_an_nvidia_card_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_driver() -> None:
        raise pynvml.NVMLError_LibraryNotFound

    monkeypatch.setattr(pynvml, "nvmlInit", no_driver)
    with pytest.raises(AcceleratorError, match="needs an NVIDIA graphics card and its driver"):
        ACCELERATORS["graphs"].create()


def test_a_card_that_pytorch_cannot_use_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(AcceleratorError, match="PyTorch can't use an NVIDIA card here"):
        GraphsAccelerator()


def test_on_a_card_a_show_starts_with_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    proven = [entry.name for entry in candidates("auto") if not entry.has_to_prove_itself]
    assert proven == ["graphs", "eager"]
