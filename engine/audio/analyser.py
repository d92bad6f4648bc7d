"""One hop of samples in, one `Sound` out; every part of the hearing in one place."""

from __future__ import annotations

import numpy as np

from engine.audio.loudness import Loudness
from engine.audio.onsets import Onsets
from engine.audio.sound import AudioState, Sound
from engine.audio.spectrum import HOP, HOP_S, WINDOW, Samples, is_clipped, power_spectrum
from engine.audio.tempo import MEMORY_S, Track, estimate_tempo, follow

TEMPO_EVERY = round(0.25 / HOP_S)  # hops
CLIPPED_FOR = round(1.0 / HOP_S)  # hops that the warning stays lit


class Analyser:
    """Hears hop by hop. Its own time is the sound's: seconds of samples heard, however they came.

    Thread: one at a time.
    """

    def __init__(self) -> None:
        self._window = np.zeros(WINDOW, np.float32)
        self._loudness = Loudness()
        self._onsets = Onsets()
        self._flux = np.zeros(round(MEMORY_S / HOP_S))
        self._num_hops = 0
        self._clipped_left = 0
        self._track = Track()

    def hear(self, hop: Samples, time_s: float) -> Sound:
        """hop: (HOP,), -1…1; time_s: engine clock of its last sample."""
        self._window[:-HOP] = self._window[HOP:]
        self._window[-HOP:] = hop
        power = power_spectrum(self._window)
        level, bands = self._loudness.hear(power)
        self._flux[:-1] = self._flux[1:]
        self._flux[-1] = self._onsets.hear(power, self._loudness.peak)
        self._num_hops += 1
        self._clipped_left = CLIPPED_FOR if is_clipped(hop) else max(0, self._clipped_left - 1)
        if self._num_hops % TEMPO_EVERY == 0:
            self._follow_tempo()
        return Sound(
            level=level,
            bands=bands,
            onset=self._onsets.envelope,
            bpm=self._track.tempo.bpm,
            beat_phase=self._track.phase_at(self._heard_s),
            confidence=self._track.tempo.confidence,
            is_clipped=self._clipped_left > 0,
            time_s=time_s,
            state=AudioState.LISTENING,
        )

    @property
    def _heard_s(self) -> float:
        return self._num_hops * HOP_S

    def _follow_tempo(self) -> None:
        heard = self._flux[-min(self._num_hops, len(self._flux)) :]
        self._track = follow(self._track, estimate_tempo(heard), self._heard_s)
