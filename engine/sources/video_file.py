"""A video file as a source: its own clock, endless by looping, and seeking."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from engine.errors import SourceError
from engine.file_names import expanded
from engine.frame import Image
from engine.sources.base import Capture, SourceInfo

DEFAULT_FPS_HZ = 25.0  # where a file doesn't say
HD_HEIGHT_PX = 720  # untagged pictures of this height and above are BT.709, smaller ones BT.601
# ITU-T H.273 matrix coefficients to the converter's SWS_CS_ numbers, which differ for two of them.
MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
BT709, BT601 = 1, 5
MAX_DAMAGED_READS = 100  # in a row, after which the rest of a file counts as unreadable
# The sides of larger pictures are divided while their colours are converted, which takes a third of
# the time for 8K (0.02 s instead of 0.06 s of one core). No model paints more than this.
LARGEST_SIDE_PX = 2048
# What a display matrix (a b, c d) of right angles asks for: x' = a·x + c·y, y' = b·x + d·y.
TURNS: Mapping[tuple[int, ...], Callable[[Image], Any]] = {
    (0, 1, -1, 0): lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    (-1, 0, 0, -1): lambda image: cv2.rotate(image, cv2.ROTATE_180),
    (0, -1, 1, 0): lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
    (-1, 0, 0, 1): lambda image: cv2.flip(image, 1),
    (1, 0, 0, -1): lambda image: cv2.flip(image, 0),
    (0, 1, 1, 0): cv2.transpose,
    (0, -1, -1, 0): lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
}


class VideoFileSource:
    """Every picture of a file at the time that the file gives it. Owned by one thread.

    Damaged pictures are jumped over; a file without a whole one is an error. With `loops` the
    timeline goes on rising through every repetition and never ends; a single picture is held.
    Pictures larger than LARGEST_SIDE_PX are made smaller.
    """

    is_live = False

    def __init__(self, path: str | os.PathLike[str], loops: bool = True) -> None:
        self._path = expanded(path)
        self._loops = loops
        self._container: Any = None  # PyAV's containers and streams are untyped in parts
        self._stream: Any = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._turn: Callable[[Image], object] | None = None
        self._reformatter = VideoReformatter()
        self._timeline = Timeline(1 / DEFAULT_FPS_HZ)
        self._first_s = 0.0  # the first picture's own time
        self._num_passed = 0  # pictures since the last beginning
        self._single: Image | None = None  # all that the file holds

    @property
    def first_s(self) -> float:
        """The file's own time of the first whole picture, which captures count from."""
        return self._first_s

    def open(self) -> SourceInfo:
        self.close()
        try:
            # Never another protocol of FFmpeg's; and titles in old encodings are no reason to fail.
            self._container = av.open(f"file:{self._path}", metadata_errors="replace")
        except (OSError, FFmpegError) as error:
            raise SourceError(_why_not_open(self._path, error)) from error
        if not self._container.streams.video:
            self.close()
            raise SourceError(f"{self._path} holds no video; choose another file.")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        return self._start()

    def read(self) -> Capture | None:
        if self._single is not None:
            return Capture(self._single, self._timeline.place(None))
        frame = next(self._frames, None)
        if frame is None and self._loops and self._container is not None:
            frame, is_single = self._rewound(), self._num_passed == 1
            self._num_passed = 0
            self._single = self._rgb(frame) if is_single else None
        if frame is None:
            return None
        self._num_passed += 1
        return Capture(self._rgb(frame), self._timeline.place(_time_s(frame)))

    def seek(self, time_s: float) -> None:
        """Go on from the picture shown at `time_s` of the file (clipped to the file).

        The captures' own timeline keeps rising. Errors: SourceError when the file can't seek.
        """
        if self._container is None:
            raise SourceError(f"{self._path} is not open; start the source first.")
        target_s = self._first_s + max(0.0, time_s)
        try:
            self._container.seek(round(target_s / self._stream.time_base), stream=self._stream)
        except (OSError, FFmpegError) as error:
            raise SourceError(f"{self._path} can't be wound; play it from the start.") from error
        self._frames = self._skipped_to(target_s)
        self._num_passed = 2  # what is left after it says nothing about the length of the file
        self._timeline.jump()

    def close(self) -> None:
        container, self._container, self._stream = self._container, None, None
        self._frames, self._single, self._num_passed = iter(()), None, 0
        if container is not None:
            container.close()

    def _start(self) -> SourceInfo:
        """Decode the first picture, so that a hollow file fails at open."""
        fps_hz = float(self._stream.average_rate or 0)
        self._timeline = Timeline(1 / (fps_hz or DEFAULT_FPS_HZ))
        self._frames = self._decoded()
        first = next(self._frames, None)
        if first is None:
            self.close()
            raise SourceError(
                f"{self._path} holds no picture that can be decoded: it is empty, cut off or "
                "damaged; choose another file."
            )
        self._first_s = _time_s(first) or 0.0
        # Asked of one picture only: one whose side data was read holds itself, and its memory,
        # until the next garbage collection.
        self._turn = TURNS.get(_display_matrix(first))
        self._frames = _chain(first, self._frames)
        height_px, width_px = self._rgb(first).shape[:2]
        codec = self._stream.codec_context.name
        own = f"{first.width}×{first.height} {codec}"
        is_smaller = max(first.width, first.height) > LARGEST_SIDE_PX
        description = f"{own}, as {width_px}×{height_px}" if is_smaller else own
        return SourceInfo(f"file {self._path.name}", width_px, height_px, fps_hz, description)

    def _decoded(self) -> Iterator[av.VideoFrame]:
        """Every whole picture from here to the end; what is damaged is jumped over."""
        for packet in self._packets():
            try:
                frames = self._stream.decode(packet)
            except FFmpegError:
                continue
            yield from (frame for frame in frames if not frame.is_corrupt)

    def _packets(self) -> Iterator[Any]:
        """Packets up to the end or to where nothing can be read any more, then the flushing one."""
        num_damaged = 0
        while num_damaged < MAX_DAMAGED_READS:
            try:
                for packet in self._container.demux(self._stream):
                    num_damaged = 0
                    yield packet
                return  # the last one flushes
            except FFmpegError:
                num_damaged += 1
        yield None

    def _rewound(self) -> av.VideoFrame:
        """The first picture again; a file that can't seek is opened anew."""
        try:
            self._container.seek(0)
            self._stream.codec_context.flush_buffers()
        except (OSError, FFmpegError):
            timeline = self._timeline
            self.open()
            self._timeline = timeline
        self._frames = self._decoded()
        self._timeline.jump()
        frame = next(self._frames, None)
        if frame is None:
            raise SourceError(f"{self._path} can no longer be read; choose another file.")
        return frame

    def _skipped_to(self, target_s: float) -> Iterator[av.VideoFrame]:
        """From the picture that is on screen at `target_s`, or else the last one."""
        frames = self._decoded()
        shown: av.VideoFrame | None = None
        for frame in frames:
            if shown is not None and (_time_s(frame) or 0.0) > target_s:
                yield shown
                yield frame
                yield from frames
                return
            shown = frame
        if shown is not None:
            yield shown

    def _rgb(self, frame: av.VideoFrame) -> Image:
        """RGB uint8, upright; transparency lies on black."""
        has_alpha = any(component.is_alpha for component in frame.format.components)
        shrink = math.ceil(max(frame.width, frame.height) / LARGEST_SIDE_PX)
        try:
            converted = self._reformatter.reformat(
                frame,
                width=max(1, frame.width // shrink),
                height=max(1, frame.height // shrink),
                format="rgba" if has_alpha else "rgb24",
                src_colorspace=_matrix(frame),
                src_color_range=frame.color_range or None,
                dst_color_range=ColorRange.JPEG,
                interpolation=Interpolation.AREA if shrink > 1 else None,
            )
        except (FFmpegError, ValueError) as error:
            raise SourceError(
                f"{self._path} has pictures of a kind that can't be shown ({frame.format.name}); "
                "convert it to H.264."
            ) from error
        pixels = cast("Image", converted.to_ndarray())
        image = _on_black(pixels) if has_alpha else pixels
        return image if self._turn is None else cast("Image", self._turn(image))


class Timeline:
    """Turns a file's own times into ones that start at 0 and always rise."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_s: float | None = None  # of the timeline
        self._offset_s: float | None = None  # from the file's time to the timeline

    def jump(self) -> None:
        """The next picture follows the last one, wherever in the file it comes from."""
        self._offset_s = None

    def place(self, file_s: float | None) -> float:
        """The timeline's time of a picture; None where the file doesn't say."""
        following_s = 0.0 if self._last_s is None else self._last_s + self._interval_s
        if file_s is None:
            self._last_s = following_s
            return following_s
        if self._offset_s is None:
            self._offset_s = following_s - file_s
        time_s = file_s + self._offset_s
        if self._last_s is not None and time_s <= self._last_s:  # broken stamps
            time_s = following_s
            self._offset_s = time_s - file_s
        self._last_s = time_s
        return time_s


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest


def _time_s(frame: av.VideoFrame) -> float | None:
    return None if frame.pts is None else frame.time


def _matrix(frame: av.VideoFrame) -> int:
    untagged = BT709 if frame.height >= HD_HEIGHT_PX else BT601
    return MATRICES.get(int(frame.colorspace), untagged)


def _display_matrix(frame: av.VideoFrame) -> tuple[int, ...]:
    """(a, b, c, d) of how the camera was held, rounded to right angles; empty where not said."""
    side_data = cast("Iterable[Any]", frame.side_data)
    said = [data for data in side_data if data.type.name == "DISPLAYMATRIX"]
    if not said:
        return ()
    matrix = np.frombuffer(bytes(said[0]), np.int32)[[0, 1, 3, 4]] / 2**16
    return tuple(int(value) for value in np.rint(matrix))


def _on_black(rgba: Image) -> Image:
    alpha = cv2.cvtColor(rgba[..., 3], cv2.COLOR_GRAY2RGB)
    return cast("Image", cv2.multiply(np.ascontiguousarray(rgba[..., :3]), alpha, scale=1 / 255))


def _why_not_open(path: Path, error: OSError | FFmpegError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no file {path}; check the path."
    if isinstance(error, PermissionError):
        return f"You may not read {path}; change its permissions or choose another file."
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; choose a video file in it."
    return f"{path} is damaged, cut off or not a video file; choose another file."
