from __future__ import annotations

import numpy as np
import pytest

from engine.frame import Image
from engine.params import StreamParams
from engine.similarity import (
    GateMemory,
    SimilarityGate,
    decide,
    skip_probability,
    thumbnail_of,
    worst_block_similarity,
)

SIZES = [(64, 64), (256, 256), (512, 512), (720, 1280)]
every_size = pytest.mark.parametrize("size", SIZES)


def flat(size: tuple[int, int], level: float) -> Image:
    return np.full((*size, 3), round(level * 255), np.uint8)


def with_sensor_noise(image: Image, seed: int, sigma: float = 2.0) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(np.round(image + noise), 0, 255).astype(np.uint8)


def with_square(image: Image, share: float, level: float) -> Image:
    height_px, width_px = image.shape[:2]
    side_px = round((share * height_px * width_px) ** 0.5)
    changed = image.copy()
    top_px, left_px = height_px // 3, width_px // 3
    changed[top_px : top_px + side_px, left_px : left_px + side_px] = round(level * 255)
    return changed


def with_sparks(image: Image, share: float, level: float) -> Image:
    changed = image.copy()
    changed[np.random.default_rng(0).random(image.shape[:2]) < share] = round(level * 255)
    return changed


def similarity(one: Image, other: Image) -> float:
    return worst_block_similarity(thumbnail_of(one), thumbnail_of(other))


@every_size
@pytest.mark.parametrize("change", [with_square, with_sparks])
def test_three_percent_of_a_dark_picture_lighting_up_is_always_admitted(
    size: tuple[int, int], change: object
) -> None:
    dark = flat(size, 0.05)

    assert skip_probability(similarity(dark, change(dark, 0.03, 0.35)), threshold=0.98) == 0.0


@every_size
@pytest.mark.parametrize("level", [0.0, 0.05, 0.5, 1.0])
def test_sensor_noise_is_not_motion(size: tuple[int, int], level: float) -> None:
    picture = flat(size, level)
    noisy = [with_sensor_noise(picture, seed) for seed in range(2)]

    assert similarity(*noisy) > 0.985
    if min(size) >= 256:
        assert skip_probability(similarity(*noisy), threshold=0.98) > 0.8


@every_size
def test_equal_pictures_are_wholly_similar_and_black_and_white_not_at_all(
    size: tuple[int, int],
) -> None:
    noisy = with_sensor_noise(flat(size, 0.4), seed=0)

    assert similarity(noisy, noisy) == 1.0
    assert similarity(flat(size, 0.0), flat(size, 1.0)) == pytest.approx(0.0, abs=1e-6)


def test_a_fade_of_the_whole_picture_is_seen() -> None:
    assert similarity(flat((256, 256), 0.5), flat((256, 256), 0.47)) < 0.98


def test_the_worst_block_decides_wherever_it_is() -> None:
    still = flat((256, 256), 0.3)
    for row in range(0, 256, 64):
        for column in range(0, 256, 64):
            moved = still.copy()
            moved[row : row + 16, column : column + 16] = 200
            assert similarity(still, moved) < 0.9


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("share", [-0.2, 0.0, 0.3, 0.8, 1.0])
def test_p9_the_share_of_skips_is_the_papers_probability(threshold: float, share: float) -> None:
    """4000 draws, within 3 %: (similarity - threshold) / (1 - threshold), never below 0."""
    draws = np.random.default_rng(0).random(4000)
    level = 1.0 - (threshold + share * (1.0 - threshold))
    memory = GateMemory(np.zeros((64, 64), np.float32))
    thumbnail = np.full((64, 64), level, np.float32)

    decisions = [
        decide(memory, thumbnail, draw=draw, threshold=threshold, max_skips=1) for draw in draws
    ]

    skipped = np.mean([not decision.is_admitted for decision in decisions])
    assert skipped == pytest.approx(max(0.0, share), abs=0.03)
    assert decisions[0].similarity == pytest.approx(1.0 - level, abs=1e-6)


def test_a_threshold_of_one_never_skips() -> None:
    gate, params = SimilarityGate(), StreamParams(similarity_threshold=1.0)
    still = flat((64, 64), 0.5)

    assert all(gate.admit(still, params) for _ in range(100))
    assert gate.similarity == 1.0


@pytest.mark.parametrize("max_skips", [0, 1, 10])
def test_p10_a_still_scene_is_painted_again_after_max_skips(max_skips: int) -> None:
    gate, params = SimilarityGate(), StreamParams(max_skips=max_skips)
    still = flat((64, 64), 0.5)

    admitted = [gate.admit(still, params) for _ in range(5 * (max_skips + 1))]

    assert admitted == ([True] + [False] * max_skips) * 5


def test_p10_the_count_of_skips_starts_anew_with_every_admission() -> None:
    gate, params = SimilarityGate(), StreamParams(max_skips=3)
    dark, light = flat((64, 64), 0.2), flat((64, 64), 0.8)

    admitted = [gate.admit(image, params) for image in [dark] * 3 + [light] * 5 + [dark]]

    assert admitted == [True, False, False, True, False, False, False, True, True]


def test_a_slow_drift_is_seen_once_it_has_added_up() -> None:
    gate, params = SimilarityGate(), StreamParams(max_skips=300)
    drift = [flat((64, 64), 0.3 + k / 255) for k in range(12)]

    admitted = [gate.admit(image, params) for image in drift]

    assert admitted[0]
    assert any(admitted[2:7])


def test_the_same_seed_draws_the_same_decisions() -> None:
    params = StreamParams()
    frames = [with_sensor_noise(flat((128, 128), 0.4), seed) for seed in range(60)]

    def decisions(seed: int) -> list[bool]:
        gate = SimilarityGate(seed)
        return [gate.admit(image, params) for image in frames]

    assert decisions(0) == decisions(0)
    assert decisions(0) != decisions(1)


def test_a_reset_forgets_the_last_picture() -> None:
    gate, params = SimilarityGate(), StreamParams()
    still = flat((64, 64), 0.5)
    gate.admit(still, params)
    assert not gate.admit(still, params)

    gate.reset()

    assert gate.similarity == 0.0
    assert gate.admit(still, params)


def test_the_thumbnail_is_the_same_for_every_size_of_a_flat_picture() -> None:
    for size in [*SIZES, (31, 57)]:
        thumbnail = thumbnail_of(flat(size, 0.2))
        assert thumbnail.shape == (64, 64)
        np.testing.assert_allclose(thumbnail, 0.2, atol=1e-6)
