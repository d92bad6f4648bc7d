"""A real virtual camera, read back as a webcam. Look at tests/hardware/README.md."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from engine.fit import letterbox
from engine.frame import Frame, Image
from engine.sinks.virtual_camera import VirtualCameraSink, virtual_camera_advice
from engine.sources.pattern import paint_pattern, read_pattern
from engine.sources.webcam import WebcamSource

IS_READY, SENTENCE, _ = virtual_camera_advice()
pytestmark = [
    pytest.mark.virtual_camera,
    pytest.mark.skipif(not IS_READY, reason=SENTENCE),
    pytest.mark.skipif(sys.platform != "linux", reason="reads back through /dev/videoN"),
]
COLOURS = [(255, 255, 255), (220, 40, 40), (40, 200, 60), (50, 60, 210), (128, 128, 128)]


@contextmanager
def sending(image: Image) -> Iterator[WebcamSource]:
    """Send one picture thirty times a second and open its device as a camera meanwhile."""
    sink = VirtualCameraSink()
    sink.open(image.shape[1], image.shape[0], 30.0)
    device = sink.name.rpartition("/dev/video")[2]
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(1 / 30):
            sink.write(Frame(image, 0, 0.0), 0.0)

    sender = threading.Thread(target=send, name="test sender")
    sender.start()
    source = WebcamSource(device)
    try:
        source.open()
        yield source
    finally:
        source.close()
        stop.set()
        sender.join()
        sink.close()


def test_a_pattern_sent_is_read_back_from_the_device():
    with sending(paint_pattern(4321, 12.5, 512, 512)) as camera:
        image = camera.read().image
    assert image.shape == (720, 1280, 3)
    assert read_pattern(image).sequence == 4321


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_and_black_bars_arrive(colour):
    square = np.empty((512, 512, 3), np.uint8)
    square[:] = colour
    with sending(square) as camera:
        image = camera.read().image.astype(int)
    expected = letterbox(square, 1280, 720).astype(int)
    middle = np.abs(image - expected)[300:420, 500:780]
    bars = np.abs(image - expected)[300:420, 40:200]
    assert middle.max() <= 8
    assert bars.max() <= 4
