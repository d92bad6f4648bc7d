"""How fast Reverie paints by steps, size, guidance mode and accelerator.

Every accelerator that is usable here; a frame is RGB in host memory to RGB in host memory. Within
one network all settings take turns, so that a busy machine slows them alike.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import torch

from bench._cases import Case
from bench._common import print_result, say
from bench._compare import example_images
from bench._contenders import NotHere, Reverie, accelerated, usable_accelerators
from bench._networks import HOUSE, Network, make_network
from engine.diffusion.accelerators.base import Placement, torch_device
from engine.diffusion.backbone import Backbone
from engine.enums import GuidanceMode
from engine.frame import Image

ROUNDS = 3
GUIDED_STEPS = 2
TURN_S = 0.1  # at least


@dataclass(frozen=True)
class Grid:
    """Every size with every number of steps; every mode of guidance at the first size.

    frames: of each turn. warm_up: beside those that fill the batch.
    """

    networks: tuple[str, ...]
    sizes_px: tuple[int, ...]
    steps: tuple[int, ...]
    frames: int
    warm_up: int

    def cases(self, network: str) -> Iterator[Case]:
        for size_px in self.sizes_px:
            yield from (Case(network, size_px, steps) for steps in self.steps)
        for mode in (mode for mode in GuidanceMode if mode is not GuidanceMode.NONE):
            yield Case(network, self.sizes_px[0], GUIDED_STEPS, mode)


# By PyTorch's name of the device.
GRIDS = {
    "cpu": Grid((HOUSE, "unet-18m"), (256, 384, 512), (1, 2, 4), frames=2, warm_up=0),
    "cuda": Grid(("sd1.5",), (512, 768, 1024), (1, 2, 4), frames=50, warm_up=20),
}


@dataclass
class Setting:
    """One point of the grid on one accelerator."""

    accelerator: str
    case: Case
    contender: Reverie
    times_ms: list[float] = field(default_factory=list[float])

    def run(self, images: Sequence[Image], num_frames: int) -> None:
        """One turn: so many frames, and more of fast ones."""
        torch.set_num_threads(self.contender.num_threads)
        begun_s, index = time.perf_counter(), 0
        while index < num_frames or time.perf_counter() - begun_s < TURN_S:
            start_s = time.perf_counter()
            self.contender.paint(images[index % len(images)])
            self.times_ms.append((time.perf_counter() - start_s) * 1e3)
            index += 1

    def as_json(self) -> dict[str, Any]:
        p50_ms, p95_ms = np.percentile(self.times_ms, (50, 95))
        return {
            "network": self.case.network,
            "accelerator": self.accelerator,
            "size_px": self.case.size_px,
            "steps": self.case.steps,
            "guidance": str(self.case.guidance),
            "p50_ms": round(float(p50_ms), 3),
            "p95_ms": round(float(p95_ms), 3),
            "fps_hz": round(1e3 / float(p50_ms), 2),
        }


def backbones(network: Network, sizes_px: Sequence[int]) -> dict[tuple[str, int], Backbone]:
    """By accelerator and size; those that can't be had here are told and left out."""
    made: dict[tuple[str, int], Backbone] = {}
    for accelerator in usable_accelerators():
        try:
            for size_px in sizes_px:
                made[accelerator, size_px] = accelerated(network, size_px, accelerator)
                say(f"{network.name} {size_px}² is ready on {accelerator}")
        except NotHere as error:
            say(f"{network.name} on {accelerator}: {error}")
    return made


def measure(network: Network, grid: Grid) -> list[dict[str, Any]]:
    """All settings of one network."""
    made = backbones(network, grid.sizes_px)
    images = {size_px: example_images(size_px) for size_px in grid.sizes_px}
    settings = [
        Setting(accelerator, case, Reverie(network, case, backbone))
        for case in grid.cases(network.name)
        for (accelerator, size_px), backbone in made.items()
        if size_px == case.size_px
    ]
    for setting in settings:  # the first calls with each number of rows may compile or record it
        setting.run(images[setting.case.size_px], setting.case.steps + grid.warm_up)
        setting.times_ms.clear()
    run_in_turns(settings, images, grid.frames)
    for setting in settings:
        setting.contender.close()
    return [setting.as_json() for setting in settings]


def run_in_turns(
    settings: Sequence[Setting], images: Mapping[int, Sequence[Image]], num_frames: int
) -> None:
    """Each round goes through every setting."""
    for _ in range(ROUNDS):
        for setting in settings:
            setting.run(images[setting.case.size_px], num_frames)


def table(cells: Sequence[Mapping[str, Any]]) -> str:
    """A line for each network and accelerator, for whoever waits."""

    def who(cell: Mapping[str, Any]) -> str:
        return f"{cell['network']} {cell['accelerator']}"

    return "\n".join(
        f"{name}: {', '.join(str(cell['fps_hz']) for cell in row)} fps"
        for name, row in groupby(sorted(cells, key=who), key=who)
    )


def main() -> None:
    """Measure every network of this machine's grid and print."""
    device = torch_device()
    place = Placement(device, torch.float32 if device.type == "cpu" else torch.float16)
    grid = GRIDS["cuda" if device.type == "cuda" else "cpu"]
    cells: list[dict[str, Any]] = []
    for name in grid.networks:
        cells += measure(make_network(name, place), grid)
        say(table(cells))
    print_result("scaling", {"rounds": ROUNDS, "frames": grid.frames, "cells": cells})


if __name__ == "__main__":
    main()
