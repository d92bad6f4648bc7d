"""A real camera, where there is one. Look at tests/hardware/README.md."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.sources.webcam import WebcamSource, list_webcams

CAMERAS = list_webcams()
pytestmark = [
    pytest.mark.camera,
    pytest.mark.skipif(not CAMERAS, reason="this machine has no camera"),
]


def test_a_camera_opened_by_name_sends_pictures_of_the_promised_size():
    source = WebcamSource(CAMERAS[0].name)
    info = source.open()
    images = [source.read().image for _ in range(15)]
    source.close()
    assert CAMERAS[0].name in info.name
    assert {image.shape for image in images} == {(info.height_px, info.width_px, 3)}
    assert any(np.any(a != b) for a, b in pairwise(images))


def test_a_camera_can_be_closed_and_opened_again():
    source = WebcamSource(str(CAMERAS[0].index))
    for _ in range(2):
        source.open()
        assert source.read().image.max() > 0
        source.close()
