"""The input of a recorded show as a source: what the model was given, when it was given it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import av
from av.error import FFmpegError

from engine.errors import RecordingError, SourceError
from engine.recording.show_folder import INPUT_NAME, load_timeline
from engine.recording.timeline import Tick
from engine.sources.base import Capture, SourceInfo
from engine.sources.video_file import VideoFileSource

# Video files keep time in ticks, and no two pictures are nearer to each other than some of these.
TOLERANCE_S = 1e-3


class RecordedShowSource:
    """One picture for every tick of the timeline, at its time. Owned by one thread.

    A picture that was painted twice comes twice; one that was skipped comes as the one before. It
    ends with the timeline or where the recorded input ends; with `loops` it begins again.
    """

    is_live = False

    def __init__(self, folder: str | os.PathLike[str], loops: bool = True) -> None:
        self._wanted = folder
        self._loops = loops
        self._folder = Path(folder)
        self._ticks: tuple[Tick, ...] = ()
        self._captures: Iterator[Capture] = iter(())
        self._input: VideoFileSource | None = None
        self._begins_s = 0.0  # of this repetition, on the source's timeline
        self._last_s = 0.0

    def open(self) -> SourceInfo:
        self.close()
        try:
            self._folder, timeline, _ = load_timeline(self._wanted)
        except RecordingError as error:
            raise SourceError(str(error)) from error
        self._ticks = timeline.ticks
        self._begins_s = self._last_s = 0.0
        info = self._begin()
        fps_hz = info.fps_hz if len(self._ticks) == 1 else 1 / self._period_s
        return SourceInfo(
            f"show {self._folder.stem}", info.width_px, info.height_px, fps_hz, info.description
        )

    def read(self) -> Capture | None:
        capture = next(self._captures, None)
        if capture is None and self._loops and self._input is not None:
            self._begins_s = self._last_s + self._period_s
            self._begin()
            capture = next(self._captures, None)
        if capture is not None and capture.time_s is not None:
            self._last_s = capture.time_s
        return capture

    def close(self) -> None:
        self._captures = iter(())
        if self._input is not None:
            self._input.close()
            self._input = None

    @property
    def _period_s(self) -> float:
        """Of the ticks, on the average."""
        ticks = self._ticks
        return max(1e-3, (ticks[-1].time_s - ticks[0].time_s) / max(1, len(ticks) - 1))

    def _begin(self) -> SourceInfo:
        if self._input is not None:
            self._input.close()
        self._input = VideoFileSource(self._folder / INPUT_NAME, loops=False)
        info = self._input.open()
        self._captures = self._played(self._input)
        return info

    def _played(self, recorded: VideoFileSource) -> Iterator[Capture]:
        """Each picture at its ticks; a damaged one is covered by the one before it."""
        coming, shown, number = recorded.read(), None, -1
        for tick in self._ticks:
            due_s = tick.time_s - recorded.first_s
            while number < tick.picture:
                if coming is None:
                    return
                number += 1
                if _is_there(coming, due_s, is_wanted=number == tick.picture):
                    coming, shown = recorded.read(), coming
            capture = shown or coming
            if capture is not None:
                yield Capture(capture.image, self._begins_s + tick.time_s)


def _is_there(coming: Capture, due_s: float, is_wanted: bool) -> bool:
    """Whether the picture that has its turn can have been decoded, or only one after it could.

    is_wanted: it was recorded at `due_s`; else somewhat before.
    """
    time_s = coming.time_s or 0.0
    return time_s <= due_s + TOLERANCE_S if is_wanted else time_s < due_s - TOLERANCE_S


def num_pictures(path: Path) -> int:
    """How many pictures a file holds, without decoding any. Errors: RecordingError."""
    try:
        with av.open(f"file:{path}", metadata_errors="replace") as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))
    except (OSError, FFmpegError, IndexError) as error:
        raise RecordingError(
            f"{path} is damaged, cut off or not a video file: without it the show can't be "
            "painted again."
        ) from error
