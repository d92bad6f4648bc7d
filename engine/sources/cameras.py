"""Which cameras there are, by name, without switching any of them on. Any thread."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.v4l2 import LOOPBACK_DRIVER, SYSFS, Capability, node_indices, query_capability

UNKNOWN = Capability("", can_capture=True, can_output=False)  # a node that we may not ask
NO_CAMERA_FIX = "plug one in; until then the demo scene, files and the screen are there"
VIRTUAL_NAMES = ("virtual", "unity video capture")  # parts of what they are called, in lower case


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera. index: what `webcam:N` takes; on Linux the N of /dev/videoN.

    Indices change when a camera is plugged in again; name, serial and bus say which one it is.
    serial: empty where the system doesn't tell or the camera has none. bus: the port; where the
    system doesn't tell, the how manieth of its name. is_virtual: another program paints it.
    """

    index: int
    name: str
    serial: str = ""
    bus: str = ""
    is_virtual: bool = False


def list_webcams() -> list[CameraInfo]:
    """The cameras of this machine, best first choice first; empty where none is known.

    Linux: nodes that capture, virtual cameras last. Windows: DirectShow's order, which is also the
    order in which they are opened. macOS: AVFoundation's order; OpenCV may number several cameras
    differently.
    """
    system = platform.system()
    if system == "Linux":
        return list_linux_webcams()
    names = _names_through_ffmpeg({"Windows": "dshow", "Darwin": "avfoundation"}.get(system, ""))
    return numbered(names)


def camera_advice(cameras: Sequence[CameraInfo]) -> tuple[bool, str, str]:
    """Whether a show could take a camera now: (ok, what was found, fix)."""
    if not cameras:
        return False, "no camera found", NO_CAMERA_FIX
    return True, ", ".join(camera.name for camera in cameras), ""


def find_again(
    wanted: CameraInfo, twins: Iterable[CameraInfo], cameras: Iterable[CameraInfo]
) -> CameraInfo | None:
    """`wanted` among `cameras`, whatever number it has by now; None when it isn't there.

    twins: cameras of the same name and serial that were there beside it. One of them is not it,
    but the same camera in another port is.
    """
    same = [c for c in cameras if (c.name, c.serial) == (wanted.name, wanted.serial)]
    in_place = [camera for camera in same if camera.bus == wanted.bus]
    taken = {twin.bus for twin in twins}
    moved = [camera for camera in same if camera.bus not in taken]
    return next(iter(in_place + moved), None)


def twins_of(camera: CameraInfo, cameras: Iterable[CameraInfo]) -> tuple[CameraInfo, ...]:
    """Those that only the bus tells from `camera`."""
    return tuple(
        other
        for other in cameras
        if (other.name, other.serial) == (camera.name, camera.serial) and other.bus != camera.bus
    )


def list_linux_webcams(
    sysfs: Path = SYSFS, query: Callable[[int], Capability | None] = query_capability
) -> list[CameraInfo]:
    """Cameras under `sysfs`, as far as `query` says that they capture."""
    cameras: list[CameraInfo] = []
    for index in node_indices(sysfs):
        capability = query(index) or UNKNOWN
        if capability.can_capture:
            cameras.append(_linux_camera(index, sysfs / f"video{index}", capability))
    return sorted(cameras, key=lambda camera: camera.is_virtual)


def _linux_camera(index: int, node: Path, capability: Capability) -> CameraInfo:
    # One device may have several nodes; the kernel numbers them.
    bus = "#".join(part for part in (capability.bus, _attribute(node / "index")) if part)
    return CameraInfo(
        index,
        _attribute(node / "name"),
        # node/device is the USB interface; the device itself, which has the number, is above it.
        _attribute((node / "device").resolve().parent / "serial"),
        bus,
        is_virtual=capability.driver == LOOPBACK_DRIVER,
    )


def _attribute(path: Path) -> str:
    """What sysfs says; empty where it doesn't."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def numbered(names: Iterable[str]) -> list[CameraInfo]:
    """Cameras in the order of their names; those of one name are told apart by their order."""
    seen: Counter[str] = Counter()
    cameras: list[CameraInfo] = []
    for index, name in enumerate(names):
        is_virtual = any(part in name.casefold() for part in VIRTUAL_NAMES)
        cameras.append(CameraInfo(index, name, bus=f"#{seen[name]}", is_virtual=is_virtual))
        seen[name] += 1
    return cameras


def _names_through_ffmpeg(input_format: str) -> list[str]:
    """Video devices by FFmpeg's own listing; empty where that format isn't built in."""
    import av  # not needed on Linux, and not quick to import
    from av.error import FFmpegError

    try:
        devices = av.enumerate_input_devices(input_format)
    except (AttributeError, ValueError, OSError, FFmpegError):  # AttributeError: older PyAV
        return []
    videos = [device for device in devices if "video" in (device.media_types or ["video"])]
    names = [device.description or device.name for device in videos]
    return [name for name in names if not name.startswith("Capture screen")]
