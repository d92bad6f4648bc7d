"""A sound file, or a clip's sound, played in real time, without a sound card, over and over."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from engine.audio.resample import Resampler
from engine.audio.sound import SAMPLE_RATE_HZ
from engine.audio.spectrum import Samples
from engine.errors import AudioError
from engine.file_names import expanded

# A longer pause of the reader (a suspended laptop) is skipped, not made up for.
LONGEST_CATCH_UP_S = 1.0


class AudioFile:
    """Samples become due as the clock goes on. Damaged parts are jumped over.

    At its end the file begins again. Owned by the thread "audio", offline by the render thread.
    """

    def __init__(self, path: str, is_realtime: bool = True) -> None:
        self._path = expanded(path)
        self._longest_s = LONGEST_CATCH_UP_S if is_realtime else math.inf
        self._container: Any = None  # PyAV's containers are untyped in parts
        self._chunks: Iterator[Samples] = iter(())
        self._left: Samples = np.zeros(0, np.float32)
        self._start_s = 0.0
        self._num_given = 0

    def open(self, now_s: float) -> str:
        self.close()
        self._start()
        self._start_s, self._num_given = now_s, 0
        return f"file {self._path.name}"

    def read(self, now_s: float) -> Samples:
        num_due = round((now_s - self._start_s) * SAMPLE_RATE_HZ) - self._num_given
        if num_due > self._longest_s * SAMPLE_RATE_HZ:
            num_late, num_due = num_due, round(self._longest_s * SAMPLE_RATE_HZ)
            self._num_given += num_late - num_due
        self._num_given += max(0, num_due)
        return self._take(max(0, num_due))

    def close(self) -> None:
        container, self._container = self._container, None
        self._chunks = iter(())
        self._left = np.zeros(0, np.float32)
        if container is not None:
            container.close()

    def _take(self, num_wanted: int) -> Samples:
        parts, num_held = [self._left], len(self._left)
        while num_held < num_wanted:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._start()
                chunk = self._left
            parts.append(chunk)
            num_held += len(chunk)
        held = np.concatenate(parts)
        self._left = held[num_wanted:]
        return held[:num_wanted]

    def _start(self) -> None:
        """From the beginning, with the first samples decoded: a hollow file fails here."""
        self.close()
        try:
            # Never another protocol of FFmpeg's; and titles in old encodings are no reason to fail.
            self._container = av.open(f"file:{self._path}", metadata_errors="replace")
        except (OSError, FFmpegError) as error:
            reason = getattr(error, "strerror", None) or "not a sound file"
            raise AudioError(f"The sound file {self._path} can't be opened: {reason}.") from error
        if not self._container.streams.audio:
            self.close()
            raise AudioError(f"{self._path} holds no sound; choose another file.")
        self._chunks = self._decoded()
        self._left = next(self._chunks, np.zeros(0, np.float32))
        if not len(self._left):
            self.close()
            raise AudioError(f"{self._path} holds no sound that can be decoded; choose another.")

    def _decoded(self) -> Iterator[Samples]:
        """Chunks that aren't empty, up to the end or to where the file is cut off."""
        resampler = Resampler()
        for packet in self._packets():
            try:
                frames = packet.decode()
            except FFmpegError:
                continue
            for frame in frames:
                yield from _unless_empty(resampler.convert(frame))
        yield from _unless_empty(resampler.convert(None))

    def _packets(self) -> Iterator[Any]:
        try:
            yield from self._container.demux(self._container.streams.audio[0])
        except FFmpegError:
            return


def _unless_empty(samples: Samples) -> Iterator[Samples]:
    if len(samples):
        yield samples
