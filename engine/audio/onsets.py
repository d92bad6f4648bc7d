"""Where notes and drums begin: spectral flux, and picking its peaks as they come.

Sources: Dixon, "Onset detection revisited", DAFx 2006 (spectral flux); Böck and Widmer, "Maximum
filter vibrato suppression for onset detection", DAFx 2013 (the maximum over neighbouring bands);
Böck, Krebs and Schedl, "Evaluating the online capabilities of onset detection methods", ISMIR 2012
(log-filtered spectrum, picking without looking ahead).
"""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.audio.spectrum import (
    HIGHEST_HZ,
    HOP_S,
    LOWEST_HZ,
    Floats,
    band_weights,
)

BANDS_PER_OCTAVE = 6
COMPRESSION = 20.0  # log(1 + 20·a), a relative to the loudest recent moment: dims what is masked
LAG = 2  # spectra two hops apart overlap by half; adjacent ones are too alike
MEAN_S = 0.4  # an onset stands out from the flux of this time
THRESHOLD = 0.05
RATIO = 1.6
REFRACTORY_S = 0.05  # nothing begins twice within this
FADE_S = 0.12  # time constant of the onset envelope
SILENT = 1e-3


class Onsets:
    """Spectral flux, onsets and their envelope, hop by hop. Thread: whoever analyses."""

    def __init__(self) -> None:
        octaves = np.log2(HIGHEST_HZ / LOWEST_HZ)
        edges_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, round(octaves * BANDS_PER_OCTAVE) + 1)
        self._weights = band_weights(edges_hz)
        silence = np.zeros(len(self._weights))
        self._past: deque[Floats] = deque([silence] * LAG, maxlen=LAG)
        self._recent = np.zeros(round(MEAN_S / HOP_S))
        self._num_heard = 0
        self._since_s = REFRACTORY_S
        self._strongest = THRESHOLD
        self.envelope = 0.0

    def hear(self, power: Floats, peak: float) -> float:
        """One hop. power: of `power_spectrum`; peak: the loudest recent level, linear.

        Returns: the flux, >= 0. The envelope, 0-1, is `envelope` afterwards.
        """
        bands = np.sqrt(self._weights @ power)
        flux = spectral_flux(self._past[0] / peak, bands / peak)
        self._past.append(bands)
        self._pick(flux)
        self._recent[self._num_heard % len(self._recent)] = flux
        self._num_heard += 1
        return flux

    def _pick(self, flux: float) -> None:
        self._since_s += HOP_S
        stands_out = flux > THRESHOLD + RATIO * float(self._recent.mean())
        self.envelope *= float(np.exp(-HOP_S / FADE_S))
        if stands_out and self._since_s >= REFRACTORY_S:
            self._since_s = 0.0
        if stands_out and self._since_s < LAG * HOP_S:  # the flux rises for as long as the lag
            self._strongest = max(flux, self._strongest * 0.9)
            self.envelope = max(self.envelope, min(1.0, flux / self._strongest))
        if self.envelope < SILENT:
            self.envelope = 0.0


def spectral_flux(before: Floats, now: Floats) -> float:
    """By how much a spectrum has risen: the mean over bands of the rise of log(1 + C·a).

    before, now: amplitudes per band, (bands,). A band is compared with the largest of itself and
    its two neighbours, so that a tone that glides is no onset.
    """
    was = np.log10(1.0 + COMPRESSION * before)
    widest = was.copy()
    np.maximum(widest[1:], was[:-1], out=widest[1:])
    np.maximum(widest[:-1], was[1:], out=widest[:-1])
    rise = np.log10(1.0 + COMPRESSION * now) - widest
    return float(np.mean(np.maximum(rise, 0.0)))
