"""A scene that hardly changes, with and without the similarity filter.

Pictures come as fast as the contender paints them all, in both turns; resting shows in how long it
is busy and in what the card uses, not in the rate.
Source of the expectation: Kodaira et al. 2023, arXiv:2312.12491, section 4 (1/2.39 of the energy on
an RTX 3060).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bench._cases import Case
from bench._contenders import Contender, NotHere, Reverie
from bench._networks import Network
from bench._peers import StreamDiffusion
from bench._roofline import EnergyMeter
from engine.frame import Image
from engine.params import StreamParams
from engine.similarity import SimilarityGate
from engine.sources.demo import paint

NUM_IMAGES = 8
SCENE_S = 1.0
NOISE_LEVELS = 1.5  # a calm sensor's standard deviation, of 255
NUM_ROUNDS = 2
NUM_FRAMES = {"cpu": 40, "cuda": 600}
NUM_TRIES = 5  # to see how fast it paints

Painter = Callable[[Image], bool]  # returns whether the picture was painted


@dataclass
class Turn:
    """What was measured with the filter on, or off, of every frame that came, painted or not."""

    frames: int = 0
    painted: int = 0
    busy_s: float = 0.0
    processor_s: float = 0.0
    energy_j: float | None = None

    def as_json(self) -> dict[str, Any]:
        joules = None if self.energy_j is None else round(self.energy_j / self.frames, 4)
        return {
            "frames": self.frames,
            "painted": self.painted,
            "busy_ms": round(self.busy_s / self.frames * 1e3, 3),
            "processor_ms": round(self.processor_s / self.frames * 1e3, 3),
            "joules": joules,
        }


class Painting:
    """Every picture is painted."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender

    def __call__(self, image: Image) -> bool:
        self._contender.paint(image)
        return True


class Gated(Painting):
    """Reverie behind its gate at the default settings, as a show has it."""

    def __init__(self, contender: Reverie) -> None:
        super().__init__(contender)
        self._gate, self._params = SimilarityGate(), StreamParams()

    def __call__(self, image: Image) -> bool:
        return self._gate.admit(image, self._params) and super().__call__(image)


class Filtering(Painting):
    """streamdiffusion with its own filter at its own defaults; it sleeps through what it skips."""

    def __init__(self, contender: StreamDiffusion) -> None:
        super().__init__(contender)
        self._stream = contender

    def __call__(self, image: Image) -> bool:
        before = self._stream.last_result
        self._stream.rest_when_still(True)
        super().__call__(image)
        self._stream.rest_when_still(False)
        return self._stream.last_result is not before


def resting(contender: Contender) -> Painter:
    """Errors: NotHere."""
    if isinstance(contender, Reverie):
        return Gated(contender)
    if isinstance(contender, StreamDiffusion):
        return Filtering(contender)
    raise NotHere("it has no similarity filter")


class Entrant:
    """One contender with both of its ways. Errors: NotHere."""

    def __init__(self, contender: Contender, images: Sequence[Image], num_tries: int) -> None:
        self.contender = contender
        self.painters = {"off": Painting(contender), "on": resting(contender)}
        self.turns = {name: Turn() for name in self.painters}
        torch.set_num_threads(contender.num_threads)
        times_s = [_busy_s(self.painters["off"], images[0]) for _ in range(num_tries)]
        self.period_s = statistics.median(times_s)

    def run(self, images: Sequence[Image], num_frames: int, meter: EnergyMeter) -> None:
        """Both ways in turn."""
        torch.set_num_threads(self.contender.num_threads)
        for name, painter in self.painters.items():
            before_j = meter.read_j()
            turn = self.turns[name]
            run_turn(turn, painter, images, num_frames, self.period_s)
            after_j = meter.read_j()
            if before_j is not None and after_j is not None:
                turn.energy_j = (turn.energy_j or 0.0) + after_j - before_j


def run_turn(
    turn: Turn, painter: Painter, images: Sequence[Image], num_frames: int, period_s: float
) -> None:
    """Pictures come at the same rate whether they are painted or not."""
    due_s = time.perf_counter()
    for index in range(num_frames):
        start_s, start_processor_s = time.perf_counter(), time.process_time()
        turn.painted += painter(images[index % len(images)])
        turn.busy_s += time.perf_counter() - start_s
        turn.processor_s += time.process_time() - start_processor_s
        due_s = max(due_s + period_s, time.perf_counter())
        time.sleep(max(0.0, due_s - time.perf_counter()))
    turn.frames += num_frames


def _busy_s(painter: Painter, image: Image) -> float:
    start_s = time.perf_counter()
    painter(image)
    return time.perf_counter() - start_s


def still_images(side_px: int) -> list[Image]:
    """One picture of the demo scene, as a camera would see it again and again."""
    source = np.random.default_rng(0)
    scene = paint(SCENE_S, side_px, side_px).astype(np.float32)
    noisy = [scene + source.normal(0.0, NOISE_LEVELS, scene.shape) for _ in range(NUM_IMAGES)]
    return [image.round().clip(0, 255).astype(np.uint8) for image in noisy]


def run_still(
    case: Case,
    network: Network,
    makers: Mapping[str, Callable[[Network, Case], Contender]],
    meter: EnergyMeter,
    num_frames: int,
) -> dict[str, Any]:
    """One row of the result: every contender that knows how to rest."""
    images = still_images(case.size_px)
    entrants: dict[str, Entrant] = {}
    absent: dict[str, str] = {}
    for name, make in makers.items():
        try:
            entrants[name] = Entrant(make(network, case), images, NUM_TRIES + case.steps)
        except NotHere as error:
            absent[name] = str(error)
    for _ in range(NUM_ROUNDS):
        for entrant in entrants.values():
            entrant.run(images, num_frames, meter)
    for entrant in entrants.values():
        entrant.contender.close()
    figures = {
        name: {way: turn.as_json() for way, turn in entrant.turns.items()}
        for name, entrant in entrants.items()
    }
    return {"contenders": figures, "absent": absent}
