"""Which cameras there are, by name, without switching any of them on. Any thread."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.v4l2 import LOOPBACK_DRIVER, SYSFS, Capability, node_indices, query_capability

UNKNOWN = Capability("", can_capture=True, can_output=False)  # a node that we may not ask


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera. index: what `webcam:N` takes; on Linux the N of /dev/videoN."""

    index: int
    name: str


def list_webcams() -> list[CameraInfo]:
    """The cameras of this machine, best first choice first; empty where none is known.

    Linux: nodes that capture, virtual cameras last. Windows: DirectShow's order, which is also the
    order in which they are opened. macOS: AVFoundation's order; OpenCV may number several cameras
    differently.
    """
    system = platform.system()
    if system == "Linux":
        return list_linux_webcams()
    return _list_through_ffmpeg({"Windows": "dshow", "Darwin": "avfoundation"}.get(system, ""))


def list_linux_webcams(
    sysfs: Path = SYSFS, query: Callable[[int], Capability | None] = query_capability
) -> list[CameraInfo]:
    """Cameras under `sysfs`, as far as `query` says that they capture."""
    cameras: list[tuple[bool, CameraInfo]] = []
    for index in node_indices(sysfs):
        capability = query(index) or UNKNOWN
        if capability.can_capture:
            name = (sysfs / f"video{index}" / "name").read_text("utf-8", "replace").strip()
            cameras.append((capability.driver == LOOPBACK_DRIVER, CameraInfo(index, name)))
    return [camera for _, camera in sorted(cameras, key=lambda item: item[0])]


def _list_through_ffmpeg(input_format: str) -> list[CameraInfo]:
    """Video devices by FFmpeg's own listing; empty where that format isn't built in."""
    import av  # not needed on Linux, and not quick to import
    from av.error import FFmpegError

    try:
        devices = av.enumerate_input_devices(input_format)
    except (AttributeError, ValueError, OSError, FFmpegError):  # AttributeError: older PyAV
        return []
    videos = [device for device in devices if "video" in (device.media_types or ["video"])]
    names = [device.description or device.name for device in videos]
    cameras = [name for name in names if not name.startswith("Capture screen")]
    return [CameraInfo(index, name) for index, name in enumerate(cameras)]
