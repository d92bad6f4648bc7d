"""What the benches of speed measure and add up; speed itself is no matter here."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench._cases import Case
from bench._contenders import Reverie, accelerated
from bench._first_picture import MarkedRenderer, Marks
from bench._networks import random_network
from bench.scaling import GRIDS, Setting, run_in_turns
from bench.stages import TimedRenderer, split
from bench.startup import painted_s
from engine.diffusion.accelerators.base import Placement
from engine.enums import GuidanceMode
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RenderNews, RenderSpec
from tests import tiny_models
from tests.support.fakes import FakeRenderer

CPU = Placement(torch.device("cpu"), torch.float32)
SIDE = 32


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_grid_has_every_size_with_every_step_and_every_mode_of_guidance(device: str) -> None:
    grid = GRIDS[device]
    cases = list(grid.cases(grid.networks[0]))
    plain = {(c.size_px, c.steps) for c in cases if c.guidance is GuidanceMode.NONE}
    assert plain == {(size_px, steps) for size_px in grid.sizes_px for steps in grid.steps}
    assert {case.guidance for case in cases} == set(GuidanceMode)
    assert len(cases) == len(set(cases))


def test_settings_that_share_a_backbone_paint_what_each_would_paint_alone() -> None:
    network = random_network("sd", tiny_models.sd_unet, tiny_models.tiny_vae, CPU)
    backbone = accelerated(network, SIDE, "eager")
    cases = [Case("sd", SIDE, 1), Case("sd", SIDE, 2), Case("sd", SIDE, 2, GuidanceMode.FULL)]
    shared = [Reverie(network, case, backbone) for case in cases]
    for _ in range(3):
        in_turns = [contender.paint(picture()) for contender in shared]
    for case, painted in zip(cases, in_turns, strict=True):
        alone = Reverie.on("eager", network, case)
        expected = [alone.paint(picture()) for _ in range(3)][-1]
        assert np.array_equal(painted, expected)


def test_every_setting_gets_its_turn_in_every_round() -> None:
    network = random_network("sd", tiny_models.sd_unet, tiny_models.tiny_vae, CPU)
    case = Case("sd", SIDE, 1)
    settings = [Setting(name, case, Reverie.on("eager", network, case)) for name in ("a", "b")]
    run_in_turns(settings, {SIDE: [picture()]}, num_frames=2)
    assert all(len(setting.times_ms) >= 6 for setting in settings)
    figures = settings[0].as_json()
    assert (figures["accelerator"], figures["size_px"], figures["guidance"]) == ("a", SIDE, "none")
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


def test_the_parts_of_a_latency_add_up_to_it() -> None:
    names = {"input": 0.1, "gate": 0.2, "render": 20.0, "mix": 0.3, "read": 3.0, "present": 0.1}
    stages = {name: {"p50": p50_ms} for name, p50_ms in names.items()}
    model_ms = dict.fromkeys(("encode", "denoise", "decode"), 6.0)
    figures = split({"p50": 33.0, "p95": 40.0}, stages, model_ms, 30.0)
    assert figures["parts_ms"] == pytest.approx(
        {
            "effects and gate": 0.6, "encode": 6.0, "denoise": 6.0, "decode": 6.0,
            "tick and colours": 2.0, "waiting": 12.4,
        }
    )  # fmt: skip
    assert sum(figures["parts_ms"].values()) == pytest.approx(figures["latency_p50_ms"])


def test_a_timed_renderer_paints_as_usual_and_notes_the_models_functions() -> None:
    renderer = TimedRenderer()
    info = renderer.prepare(RenderSpec("house", 64, 64, "eager"), lambda progress: None)
    frame = Frame(np.zeros((64, 64, 3), dtype=np.uint8), 0, 0.0)
    assert renderer.render(frame, StreamParams().with_changes(info.defaults)) is not None
    noted = renderer.recorder.stage_percentiles()
    renderer.close()
    assert {name: times.count for name, times in noted.items()} == {
        "encode": 1, "denoise": 1, "decode": 1
    }  # fmt: skip


def test_a_start_is_judged_by_its_first_painted_picture() -> None:
    marks = [
        {"what": "engine", "time_s": 1.0},
        {"what": "painted", "time_s": 2.5},
        {"what": "painted", "time_s": 9.0},
    ]
    assert painted_s(marks) == 2.5


def test_a_start_is_over_when_the_best_accelerator_paints() -> None:
    fake, marks, is_best = FakeRenderer(), Marks(), threading.Event()
    renderer = MarkedRenderer(fake, "openvino", marks, is_best)
    info = renderer.prepare(RenderSpec("fake", SIDE, SIDE), lambda progress: None)
    frame = Frame(picture(), 0, 0.0)
    renderer.render(frame, StreamParams())
    assert not is_best.is_set()
    fake.fresh_news.append(RenderNews(replace(info, accelerator="openvino")))
    assert renderer.news() is not None
    renderer.render(frame, StreamParams())
    renderer.render(frame, StreamParams())
    assert is_best.is_set()
    told = [(mark["what"], mark["detail"]) for mark in marks.as_json()]
    assert told == [("prepared", "Half way"), ("painted", "none"), ("painted", "openvino")]
