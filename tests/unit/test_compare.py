"""The comparison counts right and compares like with like; speed itself is no matter here."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from bench._cases import Case, Effort
from bench._compare import RateTable, figures_of, likeness, run_case
from bench._contenders import NotHere, Reverie
from bench._networks import Network, random_network
from bench._peers import Diffusers, StreamDiffusion
from bench._roofline import Call, Rates, count_calls, floor_ms
from bench._still import Turn, resting, run_turn, still_images
from engine.diffusion.accelerators import ACCELERATORS
from engine.diffusion.accelerators.base import Placement
from engine.enums import GuidanceMode
from tests import tiny_models

CPU = Placement(torch.device("cpu"), torch.float32)
SIDE = 32
# diffusers turns tensors into arrays in a way that numpy 2 deprecates
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module", params=["sd", "sdxl"])
def network(request: pytest.FixtureRequest) -> Network:
    unet = {"sd": tiny_models.sd_unet, "sdxl": tiny_models.sdxl_unet}[request.param]
    return random_network(request.param, unet, tiny_models.tiny_vae, CPU)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def settled(contender: Any, steps: int) -> np.ndarray:
    return [contender.paint(picture()) for _ in range(steps + 1)][-1]


def test_arithmetic_is_counted_as_by_torch_itself(network: Network) -> None:
    contender = Reverie.on("eager", network, Case(network.name, SIDE, 2))
    for _ in range(2):  # until the batch is full: its tables are computed with every new row
        contender.paint(picture())
    with FlopCounterMode(display=False) as theirs, sdpa_kernel(SDPBackend.MATH):
        contender.paint(picture())  # as plain products: it doesn't know a processor's attention
    ours = count_calls(lambda: contender.paint(picture()))
    assert sum(call.flops for call in ours) == theirs.get_total_flops() > 0


def test_traffic_is_every_input_and_the_output_once() -> None:
    a, b, bias = torch.zeros(3, 5), torch.zeros(5, 7), torch.zeros(7)
    (call,) = count_calls(lambda: torch.addmm(bias, a, b))
    assert call == Call(flops=2 * 3 * 5 * 7, moved_bytes=4 * (15 + 35 + 7 + 21))


def test_the_floor_is_the_longer_of_arithmetic_and_traffic_of_each_call() -> None:
    calls = [Call(flops=100.0, moved_bytes=1.0), Call(flops=1.0, moved_bytes=100.0)]
    assert floor_ms(calls, Rates(flops_hz=1000.0, bytes_hz=500.0)) == pytest.approx(100 + 200)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_diffusers_and_reverie_paint_the_same_picture(network: Network, steps: int) -> None:
    case = Case(network.name, SIDE, steps)
    ours = settled(Reverie.on("eager", network, case), steps)
    theirs = settled(Diffusers(network, case), steps)
    assert likeness(theirs, ours)["distance"] < 2e-3  # both are rounded to 8 bits


def test_pictures_of_random_weights_have_contrast(network: Network) -> None:
    painted = settled(Reverie.on("eager", network, Case(network.name, SIDE, 1)), 1)
    assert 20 < float(painted.std()) < 110


def test_one_step_after_the_other_paints_what_the_batch_paints(network: Network) -> None:
    case = Case(network.name, SIDE, 3)
    alone = Reverie.on("eager", network, Case(network.name, SIDE, 3, is_batched=False))
    assert np.array_equal(alone.paint(picture()), settled(Reverie.on("eager", network, case), 3))


def test_full_guidance_is_the_same_in_diffusers_and_reverie(network: Network) -> None:
    case = Case(network.name, SIDE, 2, GuidanceMode.FULL)
    ours = settled(Reverie.on("eager", network, case), 2)
    assert likeness(settled(Diffusers(network, case), 2), ours)["distance"] < 2e-3


@pytest.mark.parametrize(
    ("make", "case", "reason"),
    [
        (Diffusers, Case("sd", SIDE, 2, GuidanceMode.SELF_NEGATIVE), "no self_negative guidance"),
        (Diffusers, Case("sd", SIDE, 2, is_batched=False), "never batches the steps"),
    ],
)
def test_who_cannot_take_part_says_why(
    network: Network, make: Any, case: Case, reason: str
) -> None:
    with pytest.raises(NotHere, match=reason):
        make(network, case)


def test_streamdiffusion_that_is_not_installed_says_how_to_get_it(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "streamdiffusion", ModuleType("streamdiffusion"))
    monkeypatch.delitem(sys.modules, "streamdiffusion.pipeline", raising=False)
    reason = "SDXL" if network.name == "sdxl" else "pip install --no-deps"
    with pytest.raises(NotHere, match=reason):
        StreamDiffusion(network, Case(network.name, SIDE, 1))


def test_a_case_names_every_contender_and_compares_with_the_reference(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {name: ACCELERATORS[name] for name in ("eager", "openvino-gpu")}  # one absent, one quick
    monkeypatch.setattr("bench._contenders.ACCELERATORS", own)
    row = run_case(Case(network.name, SIDE, 2), network, Effort(2, 3, 1), FixedRates())
    assert {*row["contenders"], *row["absent"]} == {
        "streamdiffusion 0.1.1", "diffusers", "reverie eager", "reverie openvino-gpu"
    }  # fmt: skip
    eager = row["contenders"]["reverie eager"]
    assert eager["distance"] == 0.0
    assert eager["joules"] is None
    assert len(eager["round_p50_ms"]) == 2
    assert 0 < eager["p50_ms"] <= eager["p95_ms"]
    assert row["contenders"]["diffusers"]["distance"] < 2e-3


@pytest.mark.parametrize("network", ["sd"], indirect=True)
def test_on_a_still_scene_reveries_gate_lets_few_frames_through(network: Network) -> None:
    side_px, num_frames = 128, 40
    contender = Reverie.on("eager", network, Case(network.name, side_px, 1))
    turn = Turn()
    run_turn(turn, resting(contender), still_images(side_px), num_frames, period_s=0.0)
    contender.close()
    assert 4 <= turn.painted < 20  # the first, one after ten skips in a row, and a few by chance
    figures = turn.as_json()
    assert (figures["frames"], figures["joules"]) == (num_frames, None)
    assert figures["busy_ms"] > 0


def test_who_has_no_filter_does_not_rest(network: Network) -> None:
    with pytest.raises(NotHere, match="no similarity filter"):
        resting(Diffusers(network, Case(network.name, SIDE, 1)))


class FixedRates(RateTable):
    """A machine of known rates."""

    def __init__(self) -> None:
        super().__init__(CPU)

    def of(self, dtype: torch.dtype) -> Rates:
        return Rates(1e9, 1e9)


def test_half_the_precision_moves_half_the_bytes() -> None:
    calls = [Call(flops=0.0, moved_bytes=8e6)]
    entrants = [
        SimpleNamespace(
            contender=SimpleNamespace(dtype=dtype), frame_ms=[10.0], round_ms=[[10.0]],
            prepare_s=1.0, energy_j=None,
        )
        for dtype in (torch.float32, torch.bfloat16)
    ]  # fmt: skip
    whole, half = (figures_of(entrant, calls, FixedRates()) for entrant in entrants)
    assert (whole["floor_ms"], half["floor_ms"]) == (8.0, 4.0)
    assert whole["share_of_floor"] == 0.8


def test_likeness_is_a_relative_distance_and_a_peak_signal_to_noise_ratio() -> None:
    grey = np.full((4, 4, 3), 100, dtype=np.uint8)
    assert likeness(grey, grey) == {"distance": 0.0, "psnr_db": None}
    assert likeness(grey + 1, grey) == {"distance": 0.01, "psnr_db": 48.1}
