"""The virtual camera: other programs (Zoom, OBS, a browser) see the show as a webcam."""

from __future__ import annotations

import importlib
import math
import platform
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import SinkError
from engine.fit import letterbox
from engine.frame import Frame
from engine.v4l2 import lost_loopbacks, node_indices, revive_loopback

# What every program that opens a camera understands; other sizes turn green or fail in some.
WIDTH_PX, HEIGHT_PX, RATE_HZ = 1280, 720, 30.0
LOOK_EVERY_S = 1.0  # how often it is checked whether the device is still there
FIXES = {
    "Linux": "install v4l2loopback (Debian, Ubuntu: sudo apt install v4l2loopback-dkms) and load "
    'it: sudo modprobe v4l2loopback video_nr=20 card_label="Reverie" exclusive_caps=1 (with '
    "exclusive_caps=1 browsers and Zoom take it for a camera while Reverie sends; with 0 any "
    "program may open it at any time, but browsers don't list it)",
    "Windows": "install OBS Studio 26 or later and stop OBS's own virtual camera, or install Unity "
    "Capture to use both at once",
    "Darwin": "install OBS Studio 30 or later, start its virtual camera once, allow the extension "
    "in System Settings, stop it again, and quit OBS",
}


class VirtualCameraSink:
    """Sends every picture, letterboxed to 1280×720, 30 times a second. Owned by one sink thread.

    device: e.g. "/dev/video20" or "OBS Virtual Camera"; None takes the first free one.
    backend: one of pyvirtualcam's; None tries all.
    The presenter keeps the time: pyvirtualcam's own pacing is never used.
    """

    rate_hz: float | None = RATE_HZ
    wants_standby = True  # other programs may be looking already

    def __init__(self, device: str | None = None, backend: str | None = None) -> None:
        self._device = device
        self._backend = backend
        self._camera: Any = None
        self._picture = np.zeros((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
        self._node: tuple[Path, int] | None = None  # its device file, where it has one
        self._look_s = -math.inf

    @property
    def name(self) -> str:
        device = self._device if self._camera is None else self._camera.device
        return f"virtual camera {device}" if device else "virtual camera"

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        self.close()
        self._camera = _open_camera(self._device, self._backend)
        self._picture[:] = 0
        self._node = _device_file(str(self._camera.device))
        self._look_s = -math.inf
        self._send()  # v4l2loopback is no camera to other programs before its first picture

    def write(self, frame: Frame, presented_s: float) -> None:
        if self._camera is None:
            raise SinkError("The virtual camera is not open; add it again.")
        if presented_s >= self._look_s:
            self._look_s = presented_s + LOOK_EVERY_S
            self._check_node()
        letterbox(frame.image, WIDTH_PX, HEIGHT_PX, self._picture)
        self._send()

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def _check_node(self) -> None:
        """Writing to a device that is gone is reported to nobody."""
        if self._node is not None and _device_file(str(self._node[0])) != self._node:
            name = self.name
            self.close()
            raise SinkError(f"The {name} went away (its driver was removed); load it again.")

    def _send(self) -> None:
        try:
            self._camera.send(self._picture)
        except (RuntimeError, OSError, ValueError) as error:
            name = self.name
            self.close()
            raise SinkError(f"The {name} went away ({_clause(error)}); add it again.") from error


def virtual_camera_advice(device: str | None = None) -> tuple[bool, str, str]:
    """Whether a show could open a virtual camera now: (ok, sentence, fix). Opens and closes it."""
    try:
        camera = _open_camera(device, None)
    except SinkError as error:
        return False, str(error), fix_for(platform.system())
    name = str(camera.device)
    camera.close()
    return True, f"The virtual camera {name} is ready.", ""


def fix_for(system: str) -> str:
    """What to do on a system (as `platform.system()` calls it) without a virtual camera."""
    return FIXES.get(system, "virtual cameras work on Linux, Windows and macOS only")


def _open_camera(device: str | None, backend: str | None) -> Any:
    """A pyvirtualcam camera. Errors: SinkError with every backend's reason and the fix."""
    try:
        pyvirtualcam: Any = importlib.import_module("pyvirtualcam")  # it has no type stubs
    except (ImportError, OSError) as error:
        raise SinkError(f"Virtual cameras can't be used here: {_clause(error)}.") from error
    backends: dict[str, object] = pyvirtualcam.camera.BACKENDS
    if backend is not None and backend not in backends:
        known = ", ".join(sorted(backends)) or "none"
        raise SinkError(f'There is no virtual camera backend "{backend}" here; known: {known}.')
    for index in lost_loopbacks(node_indices()):
        revive_loopback(index)
    try:
        return pyvirtualcam.Camera(WIDTH_PX, HEIGHT_PX, RATE_HZ, device=device, backend=backend)
    except RuntimeError as error:
        wanted = f"The virtual camera {device}" if device else "A virtual camera"
        raise SinkError(
            f"{wanted} can't be opened ({_reasons(error)}): {fix_for(platform.system())}."
        ) from error


def _device_file(device: str) -> tuple[Path, int] | None:
    """A device file and which one of that name it is; None where there is none (OBS)."""
    path = Path(device)
    try:
        return path, path.stat().st_ino
    except (OSError, ValueError):
        return None


def _reasons(error: RuntimeError) -> str:
    """What each backend says is wrong; what it asks and points to comes with the fix."""
    reasons = [line.partition(". ")[0] for line in str(error).splitlines()]
    if len(reasons) == 1:
        return _clause(RuntimeError(reasons[0].rpartition(" backend: ")[2]))
    return _clause(RuntimeError("\n".join(reasons)))


def _clause(error: Exception) -> str:
    """An error's lines as one clause."""
    lines = [line.strip().rstrip(".!") for line in str(error).splitlines()]
    return "; ".join(line for line in lines if line) or type(error).__name__
