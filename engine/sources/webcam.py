"""A camera as a live source: the newest picture only, read on its own thread.

The reader thread ("webcam") blocks in the driver, so that the capture thread never waits above a
second, whatever a camera or its cable does.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import cv2

from engine.errors import SourceError
from engine.frame import Image
from engine.mailbox import Mailbox
from engine.sources.base import Capture, SourceInfo
from engine.sources.cameras import CameraInfo, list_webcams

__all__ = ["CameraInfo", "WebcamSource", "choose_camera", "list_webcams"]

FPS_HZ = 30.0
FIRST_PICTURE_S = 6.0  # some cameras take seconds to wake
READ_S = 1.0
SILENCE_S = 3.0  # after which a camera counts as gone
BLACK_LEVEL = 12  # many cameras begin with black pictures…
MAX_BLACK = 30  # …of which so many are thrown away
MAX_FAILURES = 30  # reads in a row
BACKENDS = {
    "Linux": cv2.CAP_V4L2,
    "Windows": cv2.CAP_DSHOW,  # the order of its cameras is the one that we list
    "Darwin": cv2.CAP_AVFOUNDATION,
}
NO_CAMERA = {
    "Linux": "plug one in and check that /dev/video0 exists",
    "Windows": "plug one in and look for it in the Device Manager",
    "Darwin": "plug one in or allow camera access for this app under System Settings, Privacy & "
    "Security, Camera",
}
NOT_OPENED = {
    "Linux": "close the other program that uses it (fuser -v /dev/video{index} names it)",
    "Windows": "close the other program that uses it, and allow desktop apps under Settings, "
    "Privacy, Camera",
    "Darwin": "close the other program that uses it, and allow this app under System Settings, "
    "Privacy & Security, Camera",
}


class Device(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def isOpened(self) -> bool: ...
    def read(self) -> tuple[bool, Image]: ...
    def get(self, propId: int) -> float: ...
    def set(self, propId: int, value: float) -> bool: ...
    def release(self) -> None: ...


class WebcamSource:
    """One camera, named by index, by name or part of it, or "" for the first one.

    Asked for Motion JPEG (USB carries little uncompressed video) at the given size and 30 fps;
    what the camera agreed to stands in the description. Owned by the capture thread.
    """

    is_live = True

    def __init__(
        self,
        which: str = "",
        width_px: int = 1280,
        height_px: int = 720,
        open_device: Callable[[int], Device] | None = None,
        list_cameras: Callable[[], list[CameraInfo]] = list_webcams,
    ) -> None:
        self._which = which
        self._size = (width_px, height_px)
        self._open_device = open_device or open_capture
        self._list_cameras = list_cameras
        self._camera = CameraInfo(0, "")
        self._reader: _Reader | None = None
        self._last: Image | None = None
        self._silence_s = 0.0

    def open(self) -> SourceInfo:
        self.close()
        self._camera = choose_camera(self._which, self._list_cameras())
        device = self._open_device(self._camera.index)
        if not device.isOpened():
            device.release()
            raise SourceError(_not_opened(self._camera))
        description = _negotiate(device, *self._size)
        self._reader = _Reader(device)
        first = self._reader.pictures.take(FIRST_PICTURE_S)
        if first is None:
            self.close()
            raise SourceError(_not_opened(self._camera))
        self._last, self._silence_s = first, 0.0
        height_px, width_px = first.shape[:2]
        fps_hz = _rate_hz(device)
        return SourceInfo(
            f"webcam {self._camera.name}",
            width_px,
            height_px,
            fps_hz,
            f"{width_px}×{height_px} {description}",
        )

    def read(self) -> Capture:
        """The newest picture; the last one again while a camera hesitates for a second or two."""
        if self._reader is None or self._last is None:
            raise SourceError("The camera is not open; start the source again.")
        image = self._reader.pictures.take(READ_S)
        if image is not None:
            self._last, self._silence_s = image, 0.0
            return Capture(image, None)
        self._silence_s += READ_S
        if self._reader.pictures.is_finished or self._silence_s >= SILENCE_S:
            raise SourceError(
                f"The camera {self._camera.name} sends no pictures any more; check its cable or "
                "choose another source."
            )
        return Capture(self._last, None)

    def close(self) -> None:
        reader, self._reader, self._last = self._reader, None, None
        if reader is not None:
            reader.stop()


class _Reader:
    """Reads a device until told to stop; frees it when the last read has come back."""

    def __init__(self, device: Device) -> None:
        self.pictures: Mailbox[Image] = Mailbox()
        self._device = device
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webcam", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """A driver that hangs in a read is left to its daemon thread."""
        self._stop.set()
        self._thread.join(READ_S)

    def _run(self) -> None:
        try:
            self._read_all()
        finally:
            self.pictures.close()
            self._device.release()

    def _read_all(self) -> None:
        num_failures, num_black = 0, 0
        while not self._stop.is_set() and num_failures < MAX_FAILURES:
            is_read, bgr = self._device.read()
            if not is_read:
                num_failures += 1
                self._stop.wait(1 / FPS_HZ)  # a failing read may return at once
                continue
            num_failures = 0
            if num_black < MAX_BLACK and int(bgr.max()) < BLACK_LEVEL:
                num_black += 1
                continue
            num_black = MAX_BLACK
            self.pictures.put(cast("Image", cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)))


def choose_camera(which: str, cameras: list[CameraInfo]) -> CameraInfo:
    """The camera meant by an index, a name or a part of one; "" means the first.

    An index that isn't listed is tried as it is: not every system lists its cameras.
    Errors: SourceError naming the cameras that there are.
    """
    if which.isdecimal():
        index = int(which)
        return next((c for c in cameras if c.index == index), CameraInfo(index, f"number {index}"))
    if not which and not cameras and platform.system() != "Linux":
        return CameraInfo(0, "number 0")
    wanted = which.casefold()
    exact = [camera for camera in cameras if camera.name.casefold() == wanted]
    matching = exact or [camera for camera in cameras if wanted in camera.name.casefold()]
    if matching:
        return matching[0]
    fix = NO_CAMERA.get(platform.system(), "plug one in")
    if not cameras:
        raise SourceError(f"No camera was found: {fix}, or choose another source.")
    names = ", ".join(f"{camera.name} ({camera.index})" for camera in cameras)
    raise SourceError(f'No camera is called "{which}"; there are: {names}.')


def open_capture(index: int) -> Device:
    """Open a camera through the system's own interface. Errors: SourceError."""
    if sys.platform == "linux":
        _check_node(Path(f"/dev/video{index}"))
    # OpenCV reads this once; its own default of ten seconds is too long to notice a pulled cable.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # we say it in a sentence
    try:
        return cast("Device", cv2.VideoCapture(index, BACKENDS.get(platform.system(), cv2.CAP_ANY)))
    finally:
        cv2.utils.logging.setLogLevel(level)


def _negotiate(device: Device, width_px: int, height_px: int) -> str:
    """Ask for the format; return what was agreed, e.g. "MJPG 30 fps"."""
    device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    device.set(cv2.CAP_PROP_FRAME_WIDTH, width_px)
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, height_px)
    device.set(cv2.CAP_PROP_FPS, FPS_HZ)
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    rate_hz = _rate_hz(device)
    rate = f"{rate_hz:.4g} fps" if rate_hz else ""
    return f"{_fourcc_text(device.get(cv2.CAP_PROP_FOURCC))} {rate}".strip()


def _rate_hz(device: Device) -> float:
    """The rate that the camera states; 0 where it states none or nonsense."""
    rate_hz = device.get(cv2.CAP_PROP_FPS)
    return rate_hz if 0 < rate_hz < 1000 else 0.0


def _fourcc_text(code: float) -> str:
    letters = int(code).to_bytes(4, "little", signed=code < 0).decode("ascii", "replace")
    return letters if letters.isalnum() else ""


def _check_node(node: Path) -> None:
    """Errors: SourceError when the device file is missing or closed to this user."""
    if not node.exists():
        raise SourceError(f"There is no camera {node}; plug it in or choose another one.")
    if not os.access(node, os.R_OK | os.W_OK):
        raise SourceError(
            f"You may not use the camera {node}: join the group that owns it "
            '(sudo usermod -aG video "$USER") and log in again.'
        )


def _not_opened(camera: CameraInfo) -> str:
    fix = NOT_OPENED.get(platform.system(), "close the other program that uses it")
    return f"The camera {camera.name} gives no picture: {fix.format(index=camera.index)}."
