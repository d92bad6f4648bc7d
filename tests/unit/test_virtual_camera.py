from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
import pyvirtualcam
from pyvirtualcam.camera import BACKENDS

from engine.errors import SinkError
from engine.fit import letterbox
from engine.frame import Frame
from engine.sinks import make_sink, virtual_camera
from engine.sinks.virtual_camera import VirtualCameraSink, virtual_camera_advice


class MemoryCamera:
    """A virtual camera backend that keeps what it is sent."""

    opened: ClassVar[list[MemoryCamera]] = []

    def __init__(self, *, width, height, fps, fourcc, device, **_) -> None:
        if device == "missing":
            raise RuntimeError("there is no such device!")
        self.asked = (width, height, fps)
        self.sent: list[np.ndarray] = []
        self.is_closed = False
        self.is_broken = False
        self._device = device or "memory 1"
        MemoryCamera.opened.append(self)

    def send(self, frame: np.ndarray) -> None:
        if self.is_broken:
            raise RuntimeError("pipe closed.")
        self.sent.append(frame.reshape(720, 1280, 3).copy())

    def device(self) -> str:
        return self._device

    def native_fourcc(self) -> None:
        return None

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def backends(monkeypatch) -> Iterator[list[MemoryCamera]]:
    """Only the memory backend, as the last of the registered ones would be."""
    before = dict(BACKENDS)
    BACKENDS.clear()
    pyvirtualcam.register_backend("memory", MemoryCamera)
    monkeypatch.setattr(MemoryCamera, "opened", [])
    yield MemoryCamera.opened
    BACKENDS.clear()
    BACKENDS.update(before)


def frame(level: int = 200, side_px: int = 512) -> Frame:
    return Frame(np.full((side_px, side_px, 3), level, np.uint8), 0, 0.0)


def test_a_square_picture_is_letterboxed_to_720p_at_thirty_a_second(backends):
    sink = make_sink("vcam")
    sink.open(512, 512, 60.0)
    sink.write(frame(), 1.0)
    assert sink.rate_hz == 30.0
    assert backends[0].asked == (1280, 720, 30.0)
    np.testing.assert_array_equal(backends[0].sent[1], letterbox(frame().image, 1280, 720))
    sink.close()
    assert backends[0].is_closed


def test_other_programs_find_a_black_camera_before_the_first_picture(backends):
    sink = make_sink("vcam")
    sink.open(512, 512, 30.0)
    assert [picture.max() for picture in backends[0].sent] == [0]
    sink.close()


def test_every_write_is_sent_at_once_whatever_the_rate(backends):
    sink = make_sink("vcam")
    sink.open(512, 512, 30.0)
    for level in range(1, 20):
        sink.write(frame(level), 0.0)
    assert [picture.max() for picture in backends[0].sent] == list(range(20))
    sink.close()


def test_the_named_device_is_opened_and_shown(backends):
    sink = make_sink("vcam:OBS Virtual Camera")
    assert sink.name == "virtual camera OBS Virtual Camera"
    sink.open(512, 512, 30.0)
    assert backends[0].device() == "OBS Virtual Camera"
    sink.close()


def test_the_device_that_was_found_is_shown(backends):
    sink = make_sink("vcam")
    sink.open(512, 512, 30.0)
    assert sink.name == "virtual camera memory 1"
    sink.close()
    sink.close()


@pytest.mark.parametrize(
    ("system", "fix"),
    [
        ("Linux", "modprobe v4l2loopback .*exclusive_caps=1"),
        ("Windows", "stop OBS's own virtual camera, or install Unity Capture"),
        ("Darwin", "OBS Studio 30"),
        ("FreeBSD", "Linux, Windows and macOS only"),
    ],
)
def test_every_reason_and_the_fix_of_each_system_are_in_one_sentence(monkeypatch, system, fix):
    class Refusing:
        def __init__(self, **_) -> None:
            raise RuntimeError("All cameras are in use.\nTry later.")

    pyvirtualcam.register_backend("other", Refusing)
    monkeypatch.setattr(virtual_camera.platform, "system", lambda: system)
    sentence = (
        r"^The virtual camera missing can't be opened \('memory' backend: there is no such "
        rf"device; 'other' backend: All cameras are in use; Try later\): .*{fix}.*\.$"
    )
    with pytest.raises(SinkError, match=sentence):
        VirtualCameraSink("missing").open(512, 512, 30.0)


def test_a_single_backends_reason_stands_alone_without_questions_and_pointers(monkeypatch):
    class Refusing:
        def __init__(self, **_) -> None:
            raise RuntimeError("No device found. Did you run 'modprobe'? See also the manual.")

    BACKENDS.clear()
    pyvirtualcam.register_backend("lonely", Refusing)
    is_ready, sentence, fix = virtual_camera.virtual_camera_advice()
    assert not is_ready
    assert sentence == f"A virtual camera can't be opened (No device found): {fix}."


def test_an_unknown_backend_names_the_known_ones():
    with pytest.raises(SinkError, match='no virtual camera backend "nope" here; known: memory'):
        VirtualCameraSink(backend="nope").open(512, 512, 30.0)


def test_a_machine_without_any_backend_says_what_to_do():
    BACKENDS.clear()
    with pytest.raises(SinkError, match="A virtual camera can't be opened"):
        VirtualCameraSink().open(512, 512, 30.0)


def test_a_camera_that_breaks_while_sending_is_closed_and_named(backends):
    sink = make_sink("vcam")
    sink.open(512, 512, 30.0)
    backends[0].is_broken = True
    with pytest.raises(SinkError, match=r"camera memory 1 went away \(pipe closed\); add it again"):
        sink.write(frame(), 0.0)
    assert backends[0].is_closed
    with pytest.raises(SinkError, match="not open"):
        sink.write(frame(), 0.0)


def test_advice_is_the_same_check_that_a_show_makes(backends):
    assert virtual_camera_advice() == (True, "The virtual camera memory 1 is ready.", "")
    assert backends[0].is_closed
    is_ok, sentence, fix = virtual_camera_advice("missing")
    assert not is_ok
    assert "no such device" in sentence
    assert fix


def test_a_device_that_disappears_or_is_another_one_now_is_noticed_within_a_second(
    backends, tmp_path
):
    node = tmp_path / "video20"
    sink = VirtualCameraSink(str(node))
    for change in (lambda: None, lambda: (tmp_path / "other").rename(node)):
        node.write_bytes(b"")
        (tmp_path / "other").write_bytes(b"")
        sink.open(512, 512, 30.0)
        sink.write(frame(), 1.0)
        node.unlink()
        change()
        sink.write(frame(), 1.9)
        with pytest.raises(SinkError, match=r"video20 went away \(its driver was removed\)"):
            sink.write(frame(), 2.1)
        assert backends[-1].is_closed
