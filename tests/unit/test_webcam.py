from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SourceError, SourceFrozen, SourceInUseHere
from engine.sources import webcam
from engine.sources.cameras import (
    CameraInfo,
    find_again,
    list_linux_webcams,
    numbered,
    twins_of,
)
from engine.sources.device_users import programs_using
from engine.sources.stillness import LIMIT_S, Stillness
from engine.sources.webcam import WebcamSource, choose_camera
from engine.v4l2 import LOOPBACK_DRIVER, Capability
from tests.support.manual_clock import JumpingClock

C920 = CameraInfo(0, "HD Pro Webcam C920", serial="AB12", bus="usb-1")
CAMERAS = [C920, CameraInfo(2, "Integrated Camera"), CameraInfo(4, "Integrated Camera IR")]


def picture(level: int, height_px: int = 72, width_px: int = 128) -> np.ndarray:
    return np.full((height_px, width_px, 3), level, np.uint8)


class FakeDevice:
    """A `cv2.VideoCapture` that gives what is in its row; None, and the end, are failed reads.

    Every read takes a thirtieth of a second of the clock that it is given.
    """

    def __init__(
        self,
        *pictures: np.ndarray | None,
        is_opened: bool = True,
        clock: JumpingClock | None = None,
    ) -> None:
        self.row = deque(pictures)
        self.clock = clock
        self.is_opened = is_opened
        self.num_released = 0
        self.asked: list[tuple[int, float]] = []

    def isOpened(self) -> bool:
        return self.is_opened

    def read(self) -> tuple[bool, np.ndarray | None]:
        if self.clock is not None:
            self.clock.advance(1 / 30)
        item = self.row.popleft() if self.row else None
        return item is not None, item

    def get(self, prop: int) -> float:
        mjpg = float(cv2.VideoWriter.fourcc(*"MJPG"))
        return {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_FOURCC: mjpg}.get(prop, 0.0)

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        return True

    def release(self) -> None:
        self.num_released += 1


def started(device: FakeDevice, which: str = "", cameras: list[CameraInfo] = CAMERAS):
    clock = device.clock = device.clock or JumpingClock()
    return WebcamSource(
        which, open_device=lambda _: device, list_cameras=lambda: cameras, clock=clock
    )


def test_the_negotiated_format_is_shown_and_motion_jpeg_is_asked_for_first():
    device = FakeDevice(picture(80))
    info = started(device).open()
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


def test_the_first_picture_is_not_lost_and_pictures_are_rgb_without_a_time():
    second = picture(0)
    second[:] = (30, 60, 200)  # BGR
    source = started(FakeDevice(picture(50), second))
    source.open()
    assert source.read().image.max() == 50
    capture = source.read()
    assert capture.time_s is None
    np.testing.assert_array_equal(capture.image[0, 0], [200, 60, 30])


def test_black_pictures_at_the_start_are_thrown_away():
    device = FakeDevice(*[picture(2)] * 5, picture(90), picture(3))
    source = started(device)
    source.open()
    assert source.read().image.max() == 90
    assert source.read().image.max() == 3  # black later on is what the camera sees


def test_a_camera_with_its_lid_on_still_opens():
    device = FakeDevice(*[picture(0)] * (webcam.MAX_BLACK + 1))
    assert started(device).open().width_px == 128


def test_a_hesitating_camera_is_waited_for_and_a_silent_one_is_gone():
    source = started(FakeDevice(picture(50), None, None, picture(60)))
    source.open()
    assert [source.read().image.max() for _ in range(2)] == [50, 60]
    with pytest.raises(SourceError, match="C920 sends no pictures any more; check its cable"):
        source.read()


def test_a_closed_camera_is_released_once():
    device = FakeDevice(picture(50))
    source = started(device)
    source.open()
    source.close()
    source.close()
    assert device.num_released == 1
    with pytest.raises(SourceError, match="not open"):
        source.read()


def test_pictures_may_change_their_size_and_be_grey_and_what_is_no_picture_is_passed_over():
    grey = np.full((20, 30), 77, np.uint8)
    odd = np.zeros((20, 30, 2), np.uint8)  # raw YUYV
    empty = np.zeros((0, 0, 3), np.uint8)
    source = started(FakeDevice(picture(50), picture(60, 480, 640), odd, empty, grey))
    source.open()
    assert [source.read().image.shape for _ in range(3)] == [
        (72, 128, 3),
        (480, 640, 3),
        (20, 30, 3),
    ]


def noisy(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 70, (72, 128, 3), np.uint8)


def read_until_frozen(source: WebcamSource, clock: JumpingClock) -> float:
    start_s = clock.now_s()
    with pytest.raises(SourceFrozen, match="C920 has frozen: it sends the same picture"):
        all(source.read() for _ in range(1000))
    return clock.now_s() - start_s


def test_a_camera_that_repeats_its_picture_bit_for_bit_is_frozen_after_two_seconds():
    frozen = [noisy(9)] * 200
    device = FakeDevice(*map(noisy, range(60)), *frozen)
    source = started(device)
    source.open()
    for _ in range(60):
        source.read()
    assert LIMIT_S < read_until_frozen(source, device.clock) < LIMIT_S + 0.2


def test_a_frozen_camera_is_still_frozen_when_it_opens_with_the_same_picture():
    device = FakeDevice(*[noisy(9)] * 400)
    source = started(device)
    source.open()
    read_until_frozen(source, device.clock)
    with pytest.raises(SourceFrozen):
        source.open()
    device.row = deque([noisy(9), noisy(9), noisy(10)])  # a stale one or two, then a new one
    source.open()
    np.testing.assert_array_equal(source.read().image, noisy(10)[..., ::-1])


def test_a_lid_and_a_virtual_camera_may_stand_still():
    lid = started(FakeDevice(*[picture(0)] * 300))
    lid.open()
    assert all(lid.read() for _ in range(200))
    painted = [CameraInfo(0, "OBS Virtual Camera", is_virtual=True)]
    source = started(FakeDevice(*[picture(90)] * 300), cameras=painted)
    source.open()
    assert all(source.read() for _ in range(250))


@given(st.lists(st.integers(0, 2), max_size=60), st.floats(0.01, 1.0))
def test_only_a_run_of_equal_pictures_counts_as_frozen(levels: list[int], period_s: float):
    stillness = Stillness()
    frozen = [
        stillness.is_frozen(picture(50 + level, 2, 2), n * period_s)
        for n, level in enumerate(levels)
    ]
    for n, is_frozen in enumerate(frozen):
        run = next((k for k in range(n + 1) if levels[n - k] != levels[n]), n + 1)
        if is_frozen:
            assert (run - 1) * period_s > LIMIT_S - 1e-6
        else:
            assert (run - 1) * period_s <= LIMIT_S + 1e-6 or run <= 8


@pytest.mark.parametrize(
    ("system", "fix"),
    [
        ("Linux", r"unplug it .*fuser -v /dev/video0"),
        ("Windows", "allow desktop apps under Settings, Privacy, Camera"),
        ("Darwin", "System Settings, Privacy & Security, Camera"),
    ],
)
def test_a_busy_camera_says_how_to_free_it_on_each_system(monkeypatch, system, fix):
    monkeypatch.setattr(webcam.platform, "system", lambda: system)
    device = FakeDevice(is_opened=False)
    with pytest.raises(SourceError, match=f"C920 gives no picture: .*{fix}"):
        started(device).open()


def test_a_camera_that_never_sends_is_an_error():
    source = started(FakeDevice())
    with pytest.raises(SourceError, match="gives no picture"):
        source.open()


def test_who_has_the_camera_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(webcam, "is_streaming", lambda index: True)
    other = webcam.programs_using  # a real program with a real open file, at another path
    node = tmp_path / "video0"
    node.write_bytes(b"")
    monkeypatch.setattr(webcam, "programs_using", lambda _: other(node))
    with held_by_another_program(node) as process:
        who = rf"C920 is taken by .*python.* \(process {process.pid}\); close it there"
        with pytest.raises(SourceError, match=who):
            started(FakeDevice(is_opened=False)).open()
    with pytest.raises(SourceError, match=r"another program \(sudo fuser -v /dev/video0 names it"):
        started(FakeDevice(is_opened=False)).open()
    with node.open("rb"), pytest.raises(SourceInUseHere, match="held by Reverie itself"):
        started(FakeDevice(is_opened=False)).open()


@contextmanager
def held_by_another_program(path: Path) -> Iterator[subprocess.Popen[str]]:
    code = "import sys; held = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.communicate("")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_only_those_that_hold_the_file_count(tmp_path):
    assert programs_using(tmp_path / "video9") == []
    (tmp_path / "video9").write_bytes(b"")
    with (tmp_path / "video9").open("rb"):
        assert [user.pid for user in programs_using(tmp_path / "video9")] == [os.getpid()]


def test_the_camera_is_found_again_under_another_number_and_no_other_is_taken():
    cameras = [C920, CameraInfo(2, "Integrated Camera", bus="usb-7")]
    opened: list[int] = []

    def open_device(index: int) -> FakeDevice:
        opened.append(index)
        return FakeDevice(picture(50), clock=clock)

    clock = JumpingClock()
    source = WebcamSource("0", open_device=open_device, list_cameras=lambda: cameras, clock=clock)
    source.open()
    cameras[:] = [CameraInfo(0, "Integrated Camera", bus="usb-7")]
    with pytest.raises(SourceError, match="C920 is not there; plug it in again"):
        source.open()
    cameras.append(CameraInfo(3, C920.name, C920.serial, bus="usb-4"))
    source.open()
    assert opened == [0, 3]


TWIN_A, TWIN_B = CameraInfo(0, "Cam", bus="usb-1"), CameraInfo(1, "Cam", bus="usb-2")


@pytest.mark.parametrize(
    ("wanted", "before", "now", "found"),
    [
        (TWIN_A, [TWIN_A, TWIN_B], [TWIN_B], None),
        (TWIN_A, [TWIN_A, TWIN_B], [CameraInfo(0, "Cam", bus="usb-2")], None),
        (TWIN_B, [TWIN_A, TWIN_B], [CameraInfo(5, "Cam", bus="usb-2"), TWIN_A], 5),
        (TWIN_A, [TWIN_A, TWIN_B], [TWIN_B, CameraInfo(6, "Cam", bus="usb-3")], 6),
        (TWIN_A, [TWIN_A], [CameraInfo(4, "Cam", bus="usb-9")], 4),
        (C920, [C920], [CameraInfo(4, C920.name, "XY34", "usb-1")], None),
        (C920, [C920], [CameraInfo(1, C920.name, "AB12", "usb-8")], 1),
    ],
)
def test_a_camera_is_known_by_name_serial_and_port(wanted, before, now, found):
    again = find_again(wanted, twins_of(wanted, before), now)
    assert (None if again is None else again.index) == found


cameras_at_ports = st.lists(
    st.builds(CameraInfo, st.just(0), st.sampled_from("ab"), st.just(""), st.sampled_from("1234")),
    min_size=1,
    max_size=4,
    unique_by=lambda camera: (camera.name, camera.bus),
)


@given(cameras_at_ports, st.data())
def test_a_twin_that_was_there_before_is_never_taken_for_the_lost_camera(before, data):
    wanted = data.draw(st.sampled_from(before))
    left = [camera for camera in before if camera != wanted]
    assert find_again(wanted, twins_of(wanted, before), left) is None
    assert find_again(wanted, twins_of(wanted, before), before) == wanted


def test_where_no_port_is_told_cameras_of_one_name_are_known_by_their_order():
    cameras = numbered(["Cam", "OBS Virtual Camera", "Cam"])
    assert [(c.index, c.bus, c.is_virtual) for c in cameras] == [
        (0, "#0", False),
        (1, "#0", True),
        (2, "#1", False),
    ]


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
        0: ("Loop", Capability(LOOPBACK_DRIVER, True, False, "platform:v4l2loopback-000")),
        1: ("Camera metadata", Capability("uvcvideo", False, False, "usb-0000:00:14.0-2")),
        2: ("Camera", Capability("uvcvideo", True, False, "usb-0000:00:14.0-2")),
        10: ("Locked camera", None),
    }
    sysfs, usb = tmp_path / "sysfs", tmp_path / "usb1" / "1-2" / "1-2:1.0"
    usb.mkdir(parents=True)
    (usb.parent / "serial").write_text("4F2A\n")
    for index, (name, _) in nodes.items():
        (sysfs / f"video{index}").mkdir(parents=True)
        (sysfs / f"video{index}" / "name").write_text(name + "\n")
    (sysfs / "video2" / "index").write_text("0\n")
    (sysfs / "video2" / "device").symlink_to(usb)
    assert list_linux_webcams(sysfs, lambda index: nodes[index][1]) == [
        CameraInfo(2, "Camera", "4F2A", "usb-0000:00:14.0-2#0"),
        CameraInfo(10, "Locked camera"),
        CameraInfo(0, "Loop", "", "platform:v4l2loopback-000", is_virtual=True),
    ]


def test_a_machine_without_video_devices_has_no_cameras(tmp_path):
    assert list_linux_webcams(tmp_path / "absent") == []
