"""Runs all contenders of each case in turns, and says how fast, how like and how near the floor."""

from __future__ import annotations

import argparse
import gc
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench._cases import PROGRAMMES, QUICK_PROGRAMMES, Case, Effort, Programme
from bench._common import make_result, say
from bench._contenders import Contender, NotHere, Reverie, usable_accelerators
from bench._networks import Network, make_network
from bench._peers import Diffusers, StreamDiffusion
from bench._roofline import Call, EnergyMeter, Rates, count_calls, floor_ms, measure_rates
from bench._still import NUM_FRAMES, run_still
from engine.diffusion.accelerators.base import Placement, torch_device
from engine.frame import Image

REFERENCE = "reverie eager"
NUM_IMAGES = 8


@dataclass
class Entrant:
    """A contender with what was measured of it. prepare_s: made and warmed up, apart."""

    contender: Contender
    prepare_s: float
    round_ms: list[list[float]] = field(default_factory=list[list[float]])
    energy_j: float | None = None

    @property
    def frame_ms(self) -> list[float]:
        return [time_ms for times_ms in self.round_ms for time_ms in times_ms]


def makers() -> dict[str, Callable[[Network, Case], Contender]]:
    """Everybody, in the order of the table."""
    own = {f"reverie {name}": partial(Reverie.on, name) for name in usable_accelerators()}
    return {"streamdiffusion 0.1.1": StreamDiffusion, "diffusers": Diffusers, **own}


def run_case(case: Case, network: Network, effort: Effort, rates: RateTable) -> dict[str, Any]:
    """One row of the result."""
    images = example_images(case.size_px)
    entrants: dict[str, Entrant] = {}
    absent: dict[str, str] = {}
    for name, make in makers().items():
        try:
            entrants[name] = enter(partial(make, network, case), images, effort, case)
        except NotHere as error:
            absent[name] = str(error)
    for _ in range(effort.rounds):
        for entrant in entrants.values():
            run_round(entrant, images, effort.frames, rates.meter)
    calls = count_calls(lambda: entrants[REFERENCE].contender.paint(images[0]))
    pictures = {name: settled(e.contender, images[0], case) for name, e in entrants.items()}
    figures = {
        name: {**figures_of(entrant, calls, rates), **likeness(pictures[name], pictures[REFERENCE])}
        for name, entrant in entrants.items()
    }
    for entrant in entrants.values():
        entrant.contender.close()
    work = {
        "gflop": sum(c.flops for c in calls) / 1e9,
        "mb": sum(c.moved_bytes for c in calls) / 1e6,
    }
    about = {name: str(value) for name, value in asdict(case).items()}
    return {"case": about, "work_per_frame": work, "contenders": figures, "absent": absent}


def enter(
    make: Callable[[], Contender], images: Sequence[Image], effort: Effort, case: Case
) -> Entrant:
    """Errors: NotHere."""
    start_s = time.perf_counter()
    contender = make()
    torch.set_num_threads(contender.num_threads)
    for index in range(effort.warm_up + case.steps):
        contender.paint(images[index % len(images)])
    return Entrant(contender, time.perf_counter() - start_s)


def run_round(
    entrant: Entrant, images: Sequence[Image], num_frames: int, meter: EnergyMeter
) -> None:
    """A picture is on the host when `paint` returns, so that each frame's time is whole."""
    torch.set_num_threads(entrant.contender.num_threads)
    before_j, times_ms = meter.read_j(), []
    for index in range(num_frames):
        start_s = time.perf_counter()
        entrant.contender.paint(images[index % len(images)])
        times_ms.append((time.perf_counter() - start_s) * 1e3)
    entrant.round_ms.append(times_ms)
    after_j = meter.read_j()
    if before_j is not None and after_j is not None:
        entrant.energy_j = (entrant.energy_j or 0.0) + after_j - before_j


def settled(contender: Contender, image: Image, case: Case) -> Image:
    """What comes out once the whole batch holds the same picture."""
    torch.set_num_threads(contender.num_threads)
    painted = [contender.paint(image) for _ in range(case.steps)][-1]
    if painted is None:
        raise RuntimeError("the batch is full and nothing comes out")
    return painted


class RateTable:
    """The machine's rates by precision, measured once each."""

    def __init__(self, place: Placement) -> None:
        self.place, self.meter = place, EnergyMeter()
        self._rates: dict[torch.dtype, Rates] = {}

    def of(self, dtype: torch.dtype) -> Rates:
        if dtype not in self._rates:
            self._rates[dtype] = measure_rates(self.place.device, dtype)
        return self._rates[dtype]

    def as_json(self) -> dict[str, dict[str, float]]:
        """In teraflop and gigabyte a second."""
        return {
            str(dtype).removeprefix("torch."): {
                "tflops": round(rates.flops_hz / 1e12, 3),
                "copy_gb_s": round(rates.bytes_hz / 1e9, 2),
            }
            for dtype, rates in self._rates.items()
        }


def figures_of(entrant: Entrant, calls: list[Call], rates: RateTable) -> dict[str, Any]:
    """calls: those of a frame in the reference's precision; others move as many numbers."""
    p50_ms, p95_ms = np.percentile(entrant.frame_ms, (50, 95))
    dtype = entrant.contender.dtype
    share = dtype.itemsize / rates.place.dtype.itemsize
    scaled = [Call(call.flops, call.moved_bytes * share) for call in calls]
    lowest_ms = floor_ms(scaled, rates.of(dtype))
    energy_j = entrant.energy_j
    return {
        "p50_ms": round(float(p50_ms), 3),
        "p95_ms": round(float(p95_ms), 3),
        "fps_hz": round(1e3 / float(p50_ms), 2),
        "round_p50_ms": [round(float(np.median(times)), 3) for times in entrant.round_ms],
        "prepare_s": round(entrant.prepare_s, 2),
        "precision": str(dtype).removeprefix("torch."),
        "floor_ms": round(lowest_ms, 3),
        "share_of_floor": round(lowest_ms / float(p50_ms), 3),
        "joules": None if energy_j is None else round(energy_j / len(entrant.frame_ms), 4),
    }


def likeness(picture: Image, reference: Image) -> dict[str, float | None]:
    """distance: ‖picture - reference‖ / ‖reference‖, both 0-255. psnr_db: None when identical."""
    difference = picture.astype(np.float64) - reference
    mean_square = float(np.mean(difference**2))
    norm = float(np.linalg.norm(reference.astype(np.float64)))
    return {
        "distance": round(float(np.linalg.norm(difference)) / norm, 5),
        "psnr_db": round(10 * math.log10(255.0**2 / mean_square), 1) if mean_square else None,
    }


def example_images(side_px: int) -> list[Image]:
    """Seeded noise; zeros would flatter some kernels."""
    source = np.random.default_rng(0)
    return [
        source.integers(0, 256, (side_px, side_px, 3), dtype=np.uint8) for _ in range(NUM_IMAGES)
    ]


def run(programme: Programme) -> dict[str, Any]:
    """Everything, one network after the other."""
    device = torch_device()
    place = Placement(device, torch.float32 if device.type == "cpu" else torch.float16)
    rates = RateTable(place)
    rows: dict[str, Any] = {}
    still: dict[str, Any] = {}
    for name in dict.fromkeys(case.network for case in programme.cases):
        network = make_network(name, place)
        for case in (case for case in programme.cases if case.network == name):
            rows[case.name] = row = run_case(case, network, programme.effort, rates)
            say(summary(case.name, row))
        for case in (case for case in programme.still if case.network == name):
            num_frames = NUM_FRAMES[device.type]
            still[case.name] = run_still(case, network, makers(), rates.meter, num_frames)
            say(f"{case.name}, a still scene: {still[case.name]['contenders']}")
        del network
        gc.collect()
    effort = asdict(programme.effort)
    return {"rates": rates.as_json(), "effort": effort, "cases": rows, "still": still}


def summary(name: str, row: dict[str, Any]) -> str:
    """A few lines for whoever waits."""
    lines = [
        f"  {who:<22} {f['p50_ms']:8.1f} ms  {f['fps_hz']:7.1f} fps  {f['share_of_floor']:.0%} of "
        f"the floor, distance {f['distance']}"
        for who, f in row["contenders"].items()
    ]
    lines += [f"  {who:<22} {reason}" for who, reason in row["absent"].items()]
    return "\n".join([name, *lines])


def main() -> None:
    """Parse, measure, write."""
    parser = argparse.ArgumentParser(prog="bench/compare.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two cases, a few frames each")
    parser.add_argument("--json", type=Path, metavar="OUT", help="else on the standard output")
    text = "where pip install --no-deps --target DIR streamdiffusion==0.1.1 has put it"
    parser.add_argument("--streamdiffusion", metavar="DIR", help=text)
    options = parser.parse_args()
    if options.streamdiffusion:
        sys.path.append(options.streamdiffusion)
    programmes = QUICK_PROGRAMMES if options.quick else PROGRAMMES
    figures = run(programmes["cuda" if torch.cuda.is_available() else "cpu"])
    result = json.dumps(make_result("compare", figures), indent=2)
    if options.json:
        options.json.write_text(result + "\n", "utf-8")
    else:
        print(result)
