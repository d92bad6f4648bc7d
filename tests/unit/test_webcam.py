from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources import webcam
from engine.sources.cameras import CameraInfo, list_linux_webcams
from engine.sources.webcam import WebcamSource, choose_camera
from engine.v4l2 import LOOPBACK_DRIVER, Capability

C920 = CameraInfo(0, "HD Pro Webcam C920")
CAMERAS = [C920, CameraInfo(2, "Integrated Camera"), CameraInfo(4, "Integrated Camera IR")]


def picture(level: int) -> np.ndarray:
    return np.full((72, 128, 3), level, np.uint8)


class FakeDevice:
    """A `cv2.VideoCapture` that gives what is put into its queue; None is a failed read."""

    def __init__(self, *pictures: np.ndarray | None, is_opened: bool = True) -> None:
        self.queue: queue.Queue[np.ndarray | None] = queue.Queue()
        self._lock = threading.Lock()
        self.is_waiting = threading.Event()  # set once all that was given has been read
        self.give(*pictures)
        self.is_opened = is_opened
        self.is_released = False
        self.asked: list[tuple[int, float]] = []
        self.num_reads = 0

    def give(self, *pictures: np.ndarray | None) -> None:
        with self._lock:
            self.is_waiting.clear()
            for item in pictures:
                self.queue.put(item)

    def isOpened(self) -> bool:
        return self.is_opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.num_reads += 1
        with self._lock:
            if self.queue.empty():
                self.is_waiting.set()
        item = self.queue.get()
        return item is not None, item

    def get(self, prop: int) -> float:
        mjpg = float(cv2.VideoWriter.fourcc(*"MJPG"))
        return {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_FOURCC: mjpg}.get(prop, 0.0)

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        return True

    def release(self) -> None:
        self.is_released = True


@pytest.fixture
def sources() -> Iterator[list[tuple[WebcamSource, FakeDevice]]]:
    opened: list[tuple[WebcamSource, FakeDevice]] = []
    yield opened
    for source, device in opened:
        device.give(picture(1))  # so that the reader's last read comes back
        source.close()


def started(sources, device: FakeDevice, which: str = "") -> WebcamSource:
    source = WebcamSource(which, open_device=lambda _: device, list_cameras=lambda: CAMERAS)
    sources.append((source, device))
    return source


def test_the_negotiated_format_is_shown_and_motion_jpeg_is_asked_for_first(sources):
    device = FakeDevice(picture(80))
    info = started(sources, device).open()
    assert info.name == "webcam HD Pro Webcam C920"
    assert info.description == "128×72 MJPG 30 fps"
    assert (info.width_px, info.height_px, info.fps_hz) == (128, 72, 30.0)
    assert device.asked == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30.0),
        (cv2.CAP_PROP_BUFFERSIZE, 1),
    ]


def test_only_the_newest_picture_is_read_and_it_is_rgb_without_a_time(sources):
    device = FakeDevice(picture(50))
    source = started(sources, device)
    source.open()
    newest = picture(0)
    newest[:] = (30, 60, 200)  # BGR
    device.give(picture(60), picture(70), newest)
    assert device.is_waiting.wait(5)
    capture = source.read()
    assert capture.time_s is None
    np.testing.assert_array_equal(capture.image[0, 0], [200, 60, 30])


def test_black_pictures_at_the_start_are_thrown_away(sources):
    device = FakeDevice(*[picture(2)] * 5, picture(90))
    source = started(sources, device)
    source.open()
    assert device.num_reads >= 6
    device.give(picture(3))  # black later on is what the camera sees
    assert source.read().image.max() == 3


def test_a_camera_with_its_lid_on_still_opens(sources):
    device = FakeDevice(*[picture(0)] * (webcam.MAX_BLACK + 1))
    assert started(sources, device).open().width_px == 128


def test_a_hesitating_camera_repeats_its_last_picture_and_a_silent_one_is_gone(
    sources, monkeypatch
):
    monkeypatch.setattr(webcam, "READ_S", 0.01)
    monkeypatch.setattr(webcam, "SILENCE_S", 0.03)
    source = started(sources, FakeDevice(picture(50)))
    source.open()
    assert [source.read().image.max() for _ in range(2)] == [50, 50]
    with pytest.raises(SourceError, match="C920 sends no pictures any more; check its cable"):
        source.read()


def test_a_pulled_camera_is_an_error_and_is_freed(sources, monkeypatch):
    monkeypatch.setattr(webcam, "MAX_FAILURES", 2)
    device = FakeDevice(picture(50))
    source = started(sources, device)
    source.open()
    device.give(None, None)
    with pytest.raises(SourceError, match="sends no pictures any more"):
        source.read()
    source.close()
    assert device.is_released


@pytest.mark.parametrize(
    ("system", "fix"),
    [
        ("Linux", r"fuser -v /dev/video0"),
        ("Windows", "allow desktop apps under Settings, Privacy, Camera"),
        ("Darwin", "System Settings, Privacy & Security, Camera"),
    ],
)
def test_a_busy_camera_says_how_to_free_it_on_each_system(sources, monkeypatch, system, fix):
    monkeypatch.setattr(webcam.platform, "system", lambda: system)
    device = FakeDevice(is_opened=False)
    with pytest.raises(SourceError, match=f"C920 gives no picture: close the other program.*{fix}"):
        started(sources, device).open()
    assert device.is_released


def test_a_camera_that_never_sends_is_an_error(sources, monkeypatch):
    monkeypatch.setattr(webcam, "FIRST_PICTURE_S", 0.01)
    monkeypatch.setattr(webcam, "READ_S", 0.01)
    with pytest.raises(SourceError, match="gives no picture"):
        started(sources, FakeDevice()).open()


@pytest.mark.parametrize(
    ("which", "index"),
    [("", 0), ("2", 2), ("7", 7), ("c920", 0), ("integrated", 2), ("integrated camera ir", 4)],
)
def test_a_camera_is_chosen_by_index_name_or_part_of_it(which, index):
    assert choose_camera(which, CAMERAS).index == index


def test_an_exact_name_wins_over_a_longer_one():
    longer_first = [CameraInfo(0, "Cam Pro"), CameraInfo(1, "Cam")]
    assert choose_camera("cam", longer_first).index == 1


def test_an_unknown_name_lists_the_cameras_there_are():
    with pytest.raises(
        SourceError, match=r'called "elgato"; there are: HD Pro Webcam C920 \(0\), '
    ):
        choose_camera("elgato", CAMERAS)


@pytest.mark.parametrize(
    ("system", "fix"),
    [("Linux", "/dev/video0 exists"), ("Windows", "Device Manager"), ("Darwin", "allow camera")],
)
def test_no_camera_at_all_says_what_to_do(monkeypatch, system, fix):
    monkeypatch.setattr(webcam.platform, "system", lambda: system)
    with pytest.raises(SourceError, match=f"No camera was found: .*{fix}"):
        choose_camera("logitech", [])


def test_linux_cameras_are_listed_by_name_without_metadata_nodes_and_loopbacks_last(tmp_path: Path):
    nodes = {
        0: ("Loop", Capability(LOOPBACK_DRIVER, can_capture=True, can_output=False)),
        1: ("Camera metadata", Capability("uvcvideo", can_capture=False, can_output=False)),
        2: ("Camera", Capability("uvcvideo", can_capture=True, can_output=False)),
        10: ("Locked camera", None),
    }
    for index, (name, _) in nodes.items():
        (tmp_path / f"video{index}").mkdir()
        (tmp_path / f"video{index}" / "name").write_text(name + "\n")
    assert list_linux_webcams(tmp_path, lambda index: nodes[index][1]) == [
        CameraInfo(2, "Camera"),
        CameraInfo(10, "Locked camera"),
        CameraInfo(0, "Loop"),
    ]


def test_a_machine_without_video_devices_has_no_cameras(tmp_path):
    assert list_linux_webcams(tmp_path / "absent") == []
