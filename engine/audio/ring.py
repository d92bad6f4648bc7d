"""Samples from the sound driver's own thread to the one that analyses, without a lock."""

from __future__ import annotations

import numpy as np

from engine.audio.spectrum import Samples


class Ring:
    """The newest samples. One thread writes and never waits; one reads.

    Each end moves only its own count, and a count is assigned after the samples it speaks of, so
    that neither needs a lock. A reader that is late loses the oldest samples, counted in `lost`.
    """

    def __init__(self, capacity: int) -> None:
        self._samples = np.zeros(capacity, np.float32)
        self._num_written = 0
        self._num_read = 0
        self.lost = 0

    def write(self, samples: Samples) -> None:
        """samples: (n,). Thread: the writer."""
        samples = samples[-len(self._samples) :]
        start = self._num_written % len(self._samples)
        num_first = min(len(samples), len(self._samples) - start)
        self._samples[start : start + num_first] = samples[:num_first]
        self._samples[: len(samples) - num_first] = samples[num_first:]
        self._num_written += len(samples)

    def read(self) -> Samples:
        """All that is new, oldest first; a copy. Thread: the reader.

        Of a full ring half is given: the writer may be overwriting the rest at this moment.
        """
        end = self._num_written
        num_new = end - self._num_read
        if num_new > len(self._samples) // 2:
            self.lost += num_new - len(self._samples) // 2
            num_new = len(self._samples) // 2
        self._num_read = end
        start = (end - num_new) % len(self._samples)
        num_wrapped = max(0, start + num_new - len(self._samples))
        return np.concatenate([self._samples[start : start + num_new], self._samples[:num_wrapped]])
