"""Sound of any rate and number of channels to mono at 48 kHz, chunk by chunk."""

from __future__ import annotations

import av
import numpy as np

from engine.audio.sound import SAMPLE_RATE_HZ
from engine.audio.spectrum import Samples


class Resampler:
    """Remembers what it needs from one chunk to the next. Thread: one at a time."""

    def __init__(self) -> None:
        # The channels are kept and averaged here: FFmpeg's own way to mono makes it louder.
        self._resampler = av.AudioResampler(format="fltp", rate=SAMPLE_RATE_HZ)

    def convert(self, frame: av.AudioFrame | None) -> Samples:
        """Any decoded frame; None: what is still held back. Returns: (n,) float32, may be empty."""
        parts = [part.to_ndarray().mean(axis=0) for part in self._resampler.resample(frame)]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def convert_mono(self, samples: Samples, rate_hz: int) -> Samples:
        """Mono samples (n,) at another rate."""
        if not len(samples):
            return samples
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        return self.convert(frame)
