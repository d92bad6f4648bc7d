"""The recorder: H.264 in fragmented MP4, with the times at which pictures were really shown.

A fragment is closed at every key picture, at least once a second, so that a killed process leaves
a file that plays up to its last second.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import numpy as np
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from engine.errors import SinkError
from engine.file_names import expanded
from engine.fit import letterbox
from engine.frame import Frame, Image

TIME_BASE = Fraction(1, 90_000)
KEY_EVERY_S = 1.0
BT709 = 1  # of primaries, transfer and matrix alike in ITU-T H.273
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or record to another disk",
    errno.EDQUOT: "your disk quota is used up; free some space or record to another disk",
    errno.EFBIG: "the file has grown larger than this disk allows; record to another disk",
    errno.EACCES: "you may not write there; choose a folder of your own",
    errno.EPERM: "you may not write there; choose a folder of your own",
    errno.EROFS: "that disk is read-only; choose another folder",
    errno.ENOENT: "that folder does not exist; create it or choose another",
    errno.ENOTDIR: "a part of that path is a file, not a folder; choose another folder",
    errno.EIO: "the disk does not answer; check the drive or record to another",
}


@dataclass(frozen=True)
class Encoding:
    """How pictures become H.264. The pixel format is one of FFmpeg's."""

    encoder: str
    pixel_format: str
    options: Mapping[str, str]

    @property
    def is_lossless(self) -> bool:
        return self.pixel_format == "rgb24"


# For people and their players…
VIEWING = Encoding(
    "libx264",
    "yuv420p",
    {"preset": "veryfast", "crf": "18", "x264-params": "bframes=0:rc-lookahead=8"},
)
# …and for painting again: every picture comes back bit for bit. 0.5 ms and 17 kB a picture of the
# demo scene at 256×256 on one core, 1.5 ms and 120 kB of a camera's noise; slower presets save an
# eighth of that for four times the work.
LOSSLESS = Encoding("libx264rgb", "rgb24", {"preset": "ultrafast", "qp": "0"})


class RecorderSink:
    """Writes one MP4 file. Owned by one sink thread.

    An existing file is never overwritten: "show.mp4" becomes "show-2.mp4", and `name` says so.
    Pictures of another size than at open are letterboxed; an odd side loses its last line.
    """

    rate_hz: float | None = None
    wants_standby = False  # a recording begins with the first real picture

    def __init__(self, path: str | os.PathLike[str], encoding: Encoding = VIEWING) -> None:
        self._encoding = encoding
        self._wanted = expanded(path)
        self.path = self._wanted
        # Ours: PyAV leaves a file of its own open when not even the header could be written.
        self._file: IO[bytes] | None = None
        self._container: Any = None  # PyAV's containers and streams are untyped in parts
        self._stream: Any = None
        self._reformatter = VideoReformatter()
        self._size = (0, 0)
        self._first_s = 0.0
        self._last_pts = -1
        self._key_pts = 0

    @property
    def name(self) -> str:
        if self.path == self._wanted:
            return f"recording {self.path.name}"
        return f"recording {self.path.name} ({self._wanted.name} was there already)"

    def open(self, width_px: int, height_px: int, fps_hz: float) -> None:
        if width_px < 2 or height_px < 2:
            raise SinkError(f"Can't record pictures of {width_px}×{height_px}; make them larger.")
        self._size = (width_px // 2 * 2, height_px // 2 * 2)
        self._last_pts, self._key_pts = -1, 0
        try:
            self.path = claim_unused_path(self._wanted)
        except OSError as error:
            raise SinkError(f"Can't record to {self._wanted}: {reason_of(error)}.") from error
        try:
            self._file = self.path.open("r+b", buffering=0)
            self._container = av.open(self._file, "w", format="mp4", options=FRAGMENTED)
            self._stream = self._add_stream(fps_hz)
        except (OSError, FFmpegError, UnknownCodecError) as error:
            self._abandon()
            self.path.unlink(missing_ok=True)
            raise SinkError(f"Can't record to {self.path}: {reason_of(error)}.") from error

    def write(self, frame: Frame, presented_s: float) -> None:
        pts = self._next_pts(presented_s)
        try:
            picture = self._picture(frame.image)
            picture.pts, picture.time_base = pts, TIME_BASE
            if pts - self._key_pts >= KEY_EVERY_S / TIME_BASE or pts == 0:
                picture.pict_type, self._key_pts = PictureType.I, pts
            self._container.mux(self._stream.encode(picture))
        except (OSError, FFmpegError) as error:
            self._abandon()
            raise SinkError(f"The recording {self.path} stopped: {reason_of(error)}; "
                            f"{self._remains()}.") from error  # fmt: skip

    def close(self) -> None:
        """Finish the file. A file that never got a picture is removed."""
        if self._container is None:
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except (OSError, FFmpegError) as error:
            raise SinkError(f"The end of {self.path} is missing: {reason_of(error)}.") from error
        finally:
            self._container = self._stream = None
            self._close_file()
            if self._last_pts < 0:
                self.path.unlink(missing_ok=True)

    def _add_stream(self, fps_hz: float) -> Any:
        """The encoder, told the nominal rate but timed by each picture's own pts."""
        stream: Any = self._container.add_stream(
            self._encoding.encoder,
            rate=Fraction(fps_hz or 30.0).limit_denominator(1001),
            options=dict(self._encoding.options),
        )
        stream.width, stream.height = self._size
        stream.pix_fmt = self._encoding.pixel_format
        context = stream.codec_context
        context.time_base = stream.time_base = TIME_BASE
        context.thread_count = encoder_threads(os.cpu_count() or 1)
        if not self._encoding.is_lossless:
            context.color_primaries = context.color_trc = context.colorspace = BT709
            context.color_range = ColorRange.MPEG
        context.open()  # fails here, not at the first picture
        return stream

    def _next_pts(self, presented_s: float) -> int:
        """Ticks since the first picture, always rising."""
        if self._last_pts < 0:
            self._first_s = presented_s
        pts = max(self._last_pts + 1, round((presented_s - self._first_s) / TIME_BASE))
        self._last_pts = pts
        return pts

    def _picture(self, image: Image) -> av.VideoFrame:
        """RGB to the encoder's size, and where people watch it to BT.709 limited-range yuv420p."""
        width_px, height_px = self._size
        if image.shape[0] // 2 * 2 != height_px or image.shape[1] // 2 * 2 != width_px:
            image = letterbox(image, width_px, height_px)
        image = np.ascontiguousarray(image[:height_px, :width_px])
        picture = av.VideoFrame.from_ndarray(image, format="rgb24")
        if self._encoding.is_lossless:
            return picture
        return self._reformatter.reformat(
            picture,
            format=self._encoding.pixel_format,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )

    def _remains(self) -> str:
        """What is left of a broken file, as a clause; one that can't be played is removed.

        A full disk is tried again and again, and must not fill up with empty files as well.
        """
        if holds_pictures(self.path):
            return "what was recorded until then is kept"
        self.path.unlink(missing_ok=True)
        return "nothing had been written yet"

    def _abandon(self) -> None:
        """Let go of a broken file; what it holds stays."""
        container, self._container, self._stream = self._container, None, None
        try:
            if container is not None:
                container.close()
        except (OSError, FFmpegError):
            return  # the failure that brought us here is the one to report
        finally:
            self._close_file()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def holds_pictures(path: Path) -> bool:
    """Whether anything of a broken recording can be played."""
    try:
        with av.open(f"file:{path}") as container:
            return any(packet.size for packet in container.demux(video=0))
    except (OSError, FFmpegError, IndexError):
        return False


def claim_unused_path(wanted: Path) -> Path:
    """Create an empty file at `wanted`, or at the first free "name-N.suffix", and return its path.

    Created exclusively, so that two recordings never share a file. Errors: OSError.
    """
    number = 1
    path = wanted
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            number += 1
            path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        else:
            return path


def encoder_threads(num_cores: int) -> int:
    """How many cores the encoder may use: a quarter, so that the model keeps the rest."""
    return max(1, min(4, num_cores // 4))


def reason_of(error: OSError | FFmpegError | UnknownCodecError) -> str:
    """The cause as a clause, with the fix where there is one."""
    if isinstance(error, UnknownCodecError):
        return "this build of PyAV has no x264; install the one from PyPI"
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or str(error)).strip(". ")
