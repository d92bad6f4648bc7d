"""Which cameras there are, by name, without switching any of them on. Any thread."""

from __future__ import annotations

import platform
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SYSFS = Path("/sys/class/video4linux")
# linux/videodev2.h: struct v4l2_capability and the request that fills it.
CAPABILITY = struct.Struct("=16s32s32sIII12x")
VIDIOC_QUERYCAP = 0x80685600
VIDEO_CAPTURE, VIDEO_CAPTURE_MPLANE, HAS_DEVICE_CAPS = 0x1, 0x1000, 0x80000000
LOOPBACK_DRIVER = "v4l2 loopback"


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera. index: what `webcam:N` takes; on Linux the N of /dev/videoN."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class Capability:
    """What a Linux video node says about itself."""

    driver: str
    can_capture: bool


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
    sysfs: Path = SYSFS, query: Callable[[int], bytes | None] | None = None
) -> list[CameraInfo]:
    """Cameras under `sysfs`; `query` returns a node's raw capability, None if it can't be asked."""
    cameras: list[tuple[bool, CameraInfo]] = []
    for node in sysfs.glob("video*"):
        index = int(node.name.removeprefix("video"))
        raw = (query or query_capability)(index)
        capability = parse_capability(raw) if raw is not None else Capability("", can_capture=True)
        if capability.can_capture:
            name = (node / "name").read_text(encoding="utf-8", errors="replace").strip()
            cameras.append((capability.driver == LOOPBACK_DRIVER, CameraInfo(index, name)))
    return [camera for _, camera in sorted(cameras, key=lambda item: (item[0], item[1].index))]


def parse_capability(raw: bytes) -> Capability:
    """Read a struct v4l2_capability."""
    driver, _card, _bus, _version, capabilities, device_caps = CAPABILITY.unpack(raw)
    flags = device_caps if capabilities & HAS_DEVICE_CAPS else capabilities
    can_capture = bool(flags & (VIDEO_CAPTURE | VIDEO_CAPTURE_MPLANE))
    return Capability(driver.split(b"\0")[0].decode("utf-8", "replace"), can_capture)


def query_capability(index: int) -> bytes | None:
    """Ask /dev/video`index` what it can do; None when it may not or can't be opened."""
    import fcntl  # not on Windows

    buffer = bytearray(CAPABILITY.size)
    try:
        with Path(f"/dev/video{index}").open("rb", buffering=0) as node:
            fcntl.ioctl(node, VIDIOC_QUERYCAP, buffer)
    except OSError:
        return None
    return bytes(buffer)


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
