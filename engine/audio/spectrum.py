"""From samples to loudness per band: pure functions on numpy arrays. Any thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.sound import SAMPLE_RATE_HZ

Samples = NDArray[np.float32]  # mono, -1…1
Floats = NDArray[np.float64]

WINDOW = 2048  # samples of one spectrum: 43 ms, bins 23.4 Hz apart
HOP = 512  # samples from one spectrum to the next: 10.7 ms
HOP_S = HOP / SAMPLE_RATE_HZ
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
CLIPPED = 0.99  # of full scale; a clipped sine stays there for several samples
NUM_CLIPPED = 3

HANN: Floats = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
# Parseval's theorem for the one-sided spectrum of a windowed signal: the bins' powers add up to
# the mean square of the samples.
POWER_SCALE = 2.0 / (WINDOW * float(np.sum(HANN**2)))


def power_spectrum(window: Samples) -> Floats:
    """Mean-square power per bin. window: (WINDOW,). Returns: (WINDOW // 2 + 1,).

    A sine of amplitude 1 adds up to 0.5 over its bins.
    """
    spectrum = np.fft.rfft(window * HANN)
    return (spectrum.real**2 + spectrum.imag**2) * POWER_SCALE


def band_edges_hz(num_bands: int) -> Floats:
    """The borders of so many bands of equal width in octaves. Returns: (num_bands + 1,)."""
    return np.geomspace(LOWEST_HZ, HIGHEST_HZ, num_bands + 1)


def band_weights(edges_hz: Floats) -> Floats:
    """How much of every bin belongs to every band; a bin on a border is shared.

    Returns: (bands, bins); every column between the outer edges sums to 1.
    """
    width_hz = SAMPLE_RATE_HZ / WINDOW
    centres_hz = np.arange(WINDOW // 2 + 1) * width_hz
    low = np.maximum(edges_hz[:-1, None], centres_hz - width_hz / 2)
    high = np.minimum(edges_hz[1:, None], centres_hz + width_hz / 2)
    return np.clip((high - low) / width_hz, 0.0, 1.0)


def is_clipped(samples: Samples) -> bool:
    """Whether the input is driven beyond what it can hold.

    One sample at full scale is a peak that just fits; several in a row are a cut one.
    """
    is_full = np.abs(samples) >= CLIPPED
    if not is_full.any():
        return False
    in_a_row = np.convolve(is_full, np.ones(NUM_CLIPPED), "valid")
    return bool(in_a_row.max() >= NUM_CLIPPED)
