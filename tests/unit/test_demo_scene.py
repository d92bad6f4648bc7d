from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.sources import make_source
from engine.sources.demo import (
    EASE_S,
    LOOP_S,
    STILL_S,
    paint,
    pose_at,
    scene_time_s,
)
from engine.sources.generator import FPS_HZ


@pytest.mark.parametrize(
    ("width", "height"), [(256, 256), (321, 181), (180, 320), (8, 300), (1280, 720)]
)
def test_the_scene_has_the_wanted_size(width, height):
    image = paint(1.0, width, height)
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8


def test_the_same_moment_is_painted_the_same():
    np.testing.assert_array_equal(paint(3.21, 200, 200), paint(3.21, 200, 200))


def test_nothing_moves_during_the_rest_and_something_does_outside_it():
    rest_s = LOOP_S - STILL_S
    still = [paint(LOOP_S + rest_s + t, 200, 200) for t in (0.0, 1.3, STILL_S - 0.01)]
    for image in still[1:]:
        np.testing.assert_array_equal(image, still[0])
    moving = [paint(t, 200, 200) for t in np.arange(1.0, rest_s - EASE_S, 0.5)]
    for before, after in pairwise(moving):
        assert np.mean(before != after) > 0.05


def test_scene_time_never_goes_back_nor_faster_than_the_clock():
    steps_s = np.diff([scene_time_s(t) for t in np.arange(0, 3 * LOOP_S, 1 / FPS_HZ)])
    assert steps_s.min() >= 0
    assert steps_s.max() <= 1 / FPS_HZ + 1e-9


def test_the_figure_blinks_and_looks_both_ways():
    poses = [pose_at(t / FPS_HZ) for t in range(600)]
    assert min(pose.eyes for pose in poses) < 0.2
    assert max(pose.eyes for pose in poses) == 1.0
    assert min(pose.yaw_deg for pose in poses) < -20
    assert max(pose.yaw_deg for pose in poses) > 20


def test_the_picture_is_rich_in_mid_tones():
    image = paint(2.0, 512, 512)
    luma = image @ np.array([0.2126, 0.7152, 0.0722])
    assert np.mean((luma > 50) & (luma < 205)) > 0.6
    assert np.mean((image == 0) | (image == 255)) < 0.05


def test_the_source_keeps_thirty_pictures_a_second_on_its_own_timeline():
    source = make_source("demo", 64, 64)
    info = source.open()
    captures = [source.read() for _ in range(4)]
    assert (info.width_px, info.height_px, info.fps_hz) == (64, 64, 30.0)
    assert [capture.time_s for capture in captures] == [n / 30 for n in range(4)]
    np.testing.assert_array_equal(captures[3].image, paint(3 / 30, 64, 64))
