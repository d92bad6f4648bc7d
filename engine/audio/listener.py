"""An input and the analysis of it, driven by whoever knows the time."""

from __future__ import annotations

import numpy as np

from engine.audio.analyser import Analyser
from engine.audio.base import AudioInput
from engine.audio.sound import SAMPLE_RATE_HZ, Sound
from engine.audio.spectrum import HOP, Samples

# A device's samples come in lumps and its clock is not ours: their time is smoothed, unless it is
# off by more than this.
LARGEST_DRIFT_S = 0.1
DRIFT_GAIN = 0.05
# A driver that gives nothing for so long leaves silence behind, whether or not it comes back.
STALLED_S = 0.25


class Listener:
    """Hears what has become due. Thread: one at a time."""

    def __init__(self, source: AudioInput) -> None:
        self._source = source
        self._analyser = Analyser()
        self._samples: Samples = np.zeros(0, np.float32)
        self._newest_s = 0.0

    def open(self, now_s: float) -> str:
        """Returns: the name for people. Errors: AudioError."""
        self._newest_s = now_s
        return self._source.open(now_s)

    def close(self) -> None:
        self._source.close()

    def listen(self, now_s: float) -> Sound | None:
        """What the newest whole hop sounds like; None when none has become whole.

        Errors: AudioError when the input is gone.
        """
        fresh = self._source.read(now_s)
        if not len(fresh) and now_s - self._newest_s > STALLED_S:
            return self.listen_to_silence(now_s)
        return self._hear(fresh, now_s)

    def listen_to_silence(self, now_s: float) -> Sound | None:
        """As if the input had given silence since the last call: what was heard fades."""
        num_due = max(0, round((now_s - self._newest_s) * SAMPLE_RATE_HZ))
        return self._hear(np.zeros(min(num_due, SAMPLE_RATE_HZ), np.float32), now_s)

    def _hear(self, fresh: Samples, now_s: float) -> Sound | None:
        newest_s = self._newest_s = time_of_newest(self._newest_s, len(fresh), now_s)
        self._samples = np.concatenate([self._samples, fresh])
        sound = None
        while len(self._samples) >= HOP:
            hop, self._samples = self._samples[:HOP], self._samples[HOP:]
            sound = self._analyser.hear(hop, newest_s - len(self._samples) / SAMPLE_RATE_HZ)
        return sound


def time_of_newest(before_s: float, num_fresh: int, now_s: float) -> float:
    """When the newest sample sounded: so much after `before_s`, and a little of the clocks' drift.

    before_s: of the newest sample until now.
    """
    expected_s = before_s + num_fresh / SAMPLE_RATE_HZ
    drift_s = now_s - expected_s
    if not num_fresh:
        return before_s
    if abs(drift_s) > LARGEST_DRIFT_S:
        return now_s
    return expected_s + drift_s * DRIFT_GAIN
