"""Level and bands as 0-1, whatever the room's volume: adaptive gain and a falling envelope."""

from __future__ import annotations

import numpy as np

from engine.audio.sound import NUM_BANDS
from engine.audio.spectrum import HOP_S, Floats, band_edges_hz, band_weights

# The loudest recent moment is 1; half of it is forgotten after this time.
GAIN_HALF_LIFE_S = 3.0
# -54 dB of full scale: what never gets louder than this is the noise of the input, not music.
FLOOR = 0.002
# A band this far below the loudest one (-30 dB) is its neighbour's leakage, not a full band.
QUIETEST_BAND = 0.03
RELEASE_S = 0.12  # time constant of the fall; the rise is immediate
SILENT = 1e-3  # below this the fall has ended: what rests must be at rest exactly


class Loudness:
    """Follows the level and the bands. Thread: whoever analyses."""

    def __init__(self) -> None:
        self._weights = band_weights(band_edges_hz(NUM_BANDS))
        self._level = Follower(1)
        self._bands = Follower(NUM_BANDS)

    def hear(self, power: Floats) -> tuple[float, tuple[float, ...]]:
        """One hop. power: of `power_spectrum`. Returns: level 0-1, bands 0-1 from low to high."""
        level = self._level.follow(np.sqrt(power.sum(keepdims=True)))
        bands = self._bands.follow(np.sqrt(self._weights @ power))
        return float(level[0]), tuple(bands.tolist())

    @property
    def peak(self) -> float:
        """The loudest recent level, linear, at least the floor."""
        return max(FLOOR, float(self._level.peaks[0]))


class Follower:
    """Adaptive gain and envelope of several amplitudes at once."""

    def __init__(self, size: int) -> None:
        self.peaks = np.zeros(size)
        self._envelopes = np.zeros(size)

    def follow(self, amplitudes: Floats) -> Floats:
        """amplitudes: (size,), >= 0. Returns: (size,), 0-1."""
        self.peaks = np.maximum(amplitudes, self.peaks * 0.5 ** (HOP_S / GAIN_HALF_LIFE_S))
        gains = 1.0 / np.maximum(self.peaks, max(FLOOR, QUIETEST_BAND * float(self.peaks.max())))
        fallen = self._envelopes * np.exp(-HOP_S / RELEASE_S)
        envelopes = np.maximum(np.minimum(amplitudes * gains, 1.0), fallen)
        self._envelopes = np.where(envelopes < SILENT, 0.0, envelopes)
        return self._envelopes
