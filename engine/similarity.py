"""The similarity gate: whether a picture differs enough from the last painted one to be painted.

A pure decision on small luma thumbnails, and the little state around it. Thread: the render thread.
Source: the stochastic similarity filter of Kodaira et al. 2023, arXiv:2312.12491, section 3.4.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.frame import Image
from engine.params import StreamParams

SAMPLE_PX = 256  # larger pictures are sampled at so many places along each side
THUMBNAIL_PX = 64
BLOCKS = 8  # along each side
BLOCK_PX = THUMBNAIL_PX // BLOCKS

Thumbnail = NDArray[np.float32]  # luma 0-1, (THUMBNAIL_PX, THUMBNAIL_PX)


def thumbnail_of(image: Image) -> Thumbnail:
    """A picture's luma at 64×64, from RGB uint8 HWC of any size.

    The square of luma is averaged, not luma itself: roughly linear light, in which a few bright
    sparks in the dark outweigh the sensor's noise, as they do for the eye.
    """
    side = min(SAMPLE_PX, max(image.shape))
    samples = cv2.resize(image, (side, side), interpolation=cv2.INTER_NEAREST)
    luma = cv2.cvtColor(samples, cv2.COLOR_RGB2GRAY)
    light = np.square(luma, dtype=np.float32)
    small = cv2.resize(light, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(np.sqrt(small) / 255.0, dtype=np.float32)


def worst_block_similarity(reference: Thumbnail, thumbnail: Thumbnail) -> float:
    """How alike two pictures are where they differ most: 1 is the same, 0 black against white.

    1 - the root-mean-square luma difference of the least similar of 8×8 blocks. The paper's cosine
    over the whole picture is blind to what moves in a small part of it, and to fades; cosines of
    blocks are blind to fades and see motion in the noise of dark ones.
    """
    squares = np.square(thumbnail - reference)
    of_blocks = np.reshape(squares, (BLOCKS, BLOCK_PX, BLOCKS, BLOCK_PX)).mean(axis=(1, 3))
    return 1.0 - math.sqrt(of_blocks.max())


def skip_probability(similarity: float, threshold: float) -> float:
    """0 below the threshold, rising straight to 1 for equal pictures.

    Source: arXiv:2312.12491, eq. 10. A threshold of 1 never skips.
    """
    if threshold >= 1.0:
        return 0.0
    return max(0.0, (similarity - threshold) / (1.0 - threshold))


@dataclass(frozen=True, slots=True)
class GateMemory:
    """What the gate remembers. reference: the last admitted picture."""

    reference: Thumbnail | None = None
    skips_in_row: int = 0


@dataclass(frozen=True, slots=True)
class GateDecision:
    """similarity: to the last admitted picture, 0-1; 0 where there was none."""

    is_admitted: bool
    similarity: float
    memory: GateMemory


def decide(
    memory: GateMemory, thumbnail: Thumbnail, *, draw: float, threshold: float, max_skips: int
) -> GateDecision:
    """Admit or skip one picture. draw: uniform in [0, 1).

    At most `max_skips` pictures in a row are skipped; every admission starts the count anew.
    """
    if memory.reference is None:
        return GateDecision(True, 0.0, GateMemory(thumbnail))
    similarity = worst_block_similarity(memory.reference, thumbnail)
    is_skip_drawn = draw < skip_probability(similarity, threshold)
    if is_skip_drawn and memory.skips_in_row < max_skips:
        return GateDecision(
            False, similarity, GateMemory(memory.reference, memory.skips_in_row + 1)
        )
    return GateDecision(True, similarity, GateMemory(thumbnail))


class SimilarityGate:
    """`decide` with its memory and its own seeded generator.

    Painting on until the last admitted frame is out, and after a change of parameters, is the
    caller's part (engine/gating.py), which knows what is in flight.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # a dither, no secret  # nosec B311
        self._memory = GateMemory()
        self._similarity = 0.0

    @property
    def similarity(self) -> float:
        """Of the last picture asked about, at its worst block."""
        return self._similarity

    def admit(self, image: Image, params: StreamParams) -> bool:
        """Whether this picture is worth painting. image: RGB uint8 HWC, any size."""
        decision = decide(
            self._memory,
            thumbnail_of(image),
            draw=self._random.random(),
            threshold=params.similarity_threshold,
            max_skips=params.max_skips,
        )
        self._memory = decision.memory
        self._similarity = decision.similarity
        return decision.is_admitted

    def reset(self) -> None:
        """Forget the reference: the next picture is admitted."""
        self._memory = GateMemory()
        self._similarity = 0.0
