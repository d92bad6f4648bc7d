"""A camera as a live source, found again by what it is rather than by its number."""

from __future__ import annotations

import os
import platform
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

import cv2

from engine.clock import Clock, MonotonicClock
from engine.errors import SourceError, SourceFrozen, SourceInUseHere
from engine.frame import Image
from engine.sources.base import Capture, SourceInfo
from engine.sources.cameras import CameraInfo, find_again, list_webcams, twins_of
from engine.sources.device_users import programs_using
from engine.sources.stillness import Stillness, is_black
from engine.v4l2 import is_streaming

__all__ = ["CameraInfo", "WebcamSource", "choose_camera", "list_webcams"]

FPS_HZ = 30.0
FIRST_PICTURE_S = 6.0  # some cameras take seconds to wake
SILENCE_S = 3.0  # of failing reads, after which a camera counts as gone
MAX_BLACK = 30  # so many black pictures at the start are thrown away
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
    "Linux": "unplug it and plug it in again, and close other programs that use it "
    "(fuser -v /dev/video{index} names them)",
    "Windows": "close the other program that uses it, and allow desktop apps under Settings, "
    "Privacy, Camera",
    "Darwin": "close the other program that uses it, and allow this app under System Settings, "
    "Privacy & Security, Camera",
}
# By the number of channels; some cameras see grey only.
TO_RGB = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}


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
    what the camera agreed to stands in the description. Once opened it is that very camera: when
    it comes back under another number or in another port, it is found by name, serial number and
    port, and no other camera is taken in its place. `read` blocks in the driver.
    """

    is_live = True

    def __init__(
        self,
        which: str = "",
        width_px: int = 1280,
        height_px: int = 720,
        open_device: Callable[[int], Device] | None = None,
        list_cameras: Callable[[], list[CameraInfo]] = list_webcams,
        clock: Clock | None = None,
    ) -> None:
        self._which = which
        self._size = (width_px, height_px)
        self._open_device = open_device or open_capture
        self._list_cameras = list_cameras
        self._clock = clock or MonotonicClock()
        self._camera = CameraInfo(0, "")
        self._twins: tuple[CameraInfo, ...] | None = None  # known once the camera is
        self._device: Device | None = None
        self._first: Image | None = None  # taken while opening, not yet read
        self._stillness = Stillness()
        self._never = threading.Event()  # to wait for the clock alone

    def open(self) -> SourceInfo:
        self.close()
        self._camera = self._choose()
        self._device = self._open_device(self._camera.index)
        if not self._device.isOpened():
            raise why_not_opened(self._camera)
        description = _negotiate(self._device, *self._size)
        self._first = self._wake_up(self._device)
        height_px, width_px = self._first.shape[:2]
        return SourceInfo(
            f"webcam {self._camera.name}",
            width_px,
            height_px,
            _rate_hz(self._device),
            f"{width_px}×{height_px} {description}",
        )

    def read(self) -> Capture:
        """The next picture.

        Errors: SourceFrozen when it is the same all the time; SourceError when none comes.
        """
        first, self._first = self._first, None
        if first is not None:
            return Capture(first, None)
        if self._device is None:
            raise SourceError("The camera is not open; start the source again.")
        image = self._next_picture(self._device, SILENCE_S)
        if image is None:
            raise SourceError(
                f"The camera {self._camera.name} sends no pictures any more; check its cable or "
                "choose another source."
            )
        if self._is_frozen(image):
            raise self._frozen()
        return Capture(image, None)

    def close(self) -> None:
        device, self._device, self._first = self._device, None, None
        if device is not None:
            device.release()

    def _choose(self) -> CameraInfo:
        """The camera of the last time, or else the one that is asked for."""
        cameras = self._list_cameras()
        if self._twins is None:
            camera = choose_camera(self._which, cameras)
            if camera in cameras:  # one that isn't listed is known by its number only
                self._twins = twins_of(camera, cameras)
            return camera
        camera = find_again(self._camera, self._twins, cameras)
        if camera is None:
            raise SourceError(
                f"The camera {self._camera.name} is not there; plug it in again or choose another "
                "source."
            )
        return camera

    def _wake_up(self, device: Device) -> Image:
        """The first picture that isn't black, as many cameras begin, nor the one it froze at."""
        until_s = self._clock.now_s() + FIRST_PICTURE_S
        num_black, is_frozen = 0, False
        while (left_s := until_s - self._clock.now_s()) > 0:
            image = self._next_picture(device, left_s)
            if image is None:
                break
            num_black += is_black(image)
            is_frozen = self._is_frozen(image)
            if not is_frozen and (not is_black(image) or num_black > MAX_BLACK):
                return image
        raise self._frozen() if is_frozen else why_not_opened(self._camera)

    def _next_picture(self, device: Device, patience_s: float) -> Image | None:
        """RGB; None when every read fails for so long."""
        until_s = self._clock.now_s() + patience_s
        while (now_s := self._clock.now_s()) < until_s:
            image = _read(device)
            if image is not None:
                return image
            self._clock.wait_until(now_s + 1 / FPS_HZ, self._never)  # it may fail at once
        return None

    def _is_frozen(self, image: Image) -> bool:
        if self._camera.is_virtual:  # painted, not seen: it may well stand still
            return False
        return self._stillness.is_frozen(image, self._clock.now_s())

    def _frozen(self) -> SourceFrozen:
        return SourceFrozen(
            f"The camera {self._camera.name} has frozen: it sends the same picture again and "
            "again; unplug it and plug it in again, or choose another source."
        )


def _read(device: Device) -> Image | None:
    """One picture as RGB; None when the camera gives none, or nothing that is one."""
    is_read, raw = device.read()
    if not is_read or raw.size == 0:
        return None
    channels = 1 if raw.ndim == 2 else raw.shape[2]
    conversion = TO_RGB.get(channels)
    return None if conversion is None else cast("Image", cv2.cvtColor(raw, conversion))


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


def why_not_opened(camera: CameraInfo) -> SourceError:
    """Who has the camera, where the system tells; else what helps most often."""
    if is_streaming(camera.index):
        return _in_use(camera)
    fix = NOT_OPENED.get(platform.system(), "close the other program that uses it")
    return SourceError(
        f"The camera {camera.name} gives no picture: {fix.format(index=camera.index)}."
    )


def _in_use(camera: CameraInfo) -> SourceError:
    node = Path(f"/dev/video{camera.index}")
    users = programs_using(node)
    if any(user.pid == os.getpid() for user in users):
        return SourceInUseHere(
            f"The camera {camera.name} is still held by Reverie itself; it is tried again."
        )
    names = " or ".join(f"{user.name} (process {user.pid})" for user in users)
    who = names or f"another program (sudo fuser -v {node} names it)"
    return SourceError(
        f"The camera {camera.name} is taken by {who}; close it there or choose another source."
    )
