"""Tempo and beat phase out of the flux of the last seconds: pure functions, and a small tracker.

The tempo is where the flux resembles itself at one, two, three and four beats' distance (a comb
over the autocorrelation; Scheirer 1998, Klapuri et al. 2006), weighted by how likely tempi are
(log-Gaussian around 120; Ellis 2007, "Beat tracking by dynamic programming"). The phase is where a
row of pulses of that tempo meets most flux.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.audio.spectrum import HOP_S, Floats

SLOWEST_BPM, FASTEST_BPM = 50.0, 210.0
CANDIDATES_BPM: Floats = np.geomspace(SLOWEST_BPM, FASTEST_BPM, 720)  # 0.2 % apart
LIKELY_BPM, SPREAD_OCTAVES = 120.0, 1.0
TEETH = np.arange(1, 5)
# A tempo whose half beats are as strong as its beats is the double tempo heard at half speed.
HALF_BEAT_PENALTY = 0.2
MEMORY_S = 8.0
NEEDED_S = 4.0
# Correlation over the last quarter of the lags rests on too few values to say anything.
USABLE_LAGS = 0.75
LEAST_FLUX = 0.02  # less than this above its surroundings is the ripple of a steady sound
LOCAL_MEAN_S = 0.5
PHASE_STEPS = 96
# The comb's mean correlation: noise stays below the first, a plain beat is above the second.
DOUBTFUL, CERTAIN = 0.15, 0.6
# The flux of a click is largest this long after it, half a hop to the hop's end included.
FLUX_DELAY_S = 1.5 * HOP_S

# How fast the tracked tempo gives way to new estimates, four times a second.
TEMPO_GAIN, PHASE_GAIN, CONFIDENCE_GAIN = 0.3, 0.5, 0.3
NEAR = 0.04  # relative; what differs by less is the same tempo, measured again
BELIEVABLE = 0.1
VOTES_NEEDED = 4  # a tempo that differs is taken when it is found so many times in a row


@dataclass(frozen=True, slots=True)
class Tempo:
    """bpm; phase: 0-1 since the last beat, at the end of the flux; confidence 0-1."""

    bpm: float = 0.0
    phase: float = 0.0
    confidence: float = 0.0


def estimate_tempo(flux: Floats) -> Tempo:
    """The tempo of a flux at one value per hop, newest last. flux: (n,), >= 0.

    Confidence 0 for silence and for less than NEEDED_S.
    """
    standing_out = without_local_mean(flux)
    if len(flux) * HOP_S < NEEDED_S or not standing_out.any():
        return Tempo()
    bpm, resemblance = _best_tempo(autocorrelation(standing_out))
    salience = float(np.clip((resemblance - DOUBTFUL) / (CERTAIN - DOUBTFUL), 0.0, 1.0))
    has_heard = min(1.0, len(flux) * HOP_S / MEMORY_S)
    return Tempo(bpm, phase_of(standing_out, bpm), salience * has_heard)


def without_local_mean(flux: Floats) -> Floats:
    """What stands out from the flux around it, >= 0; (n,)."""
    width = min(len(flux), round(LOCAL_MEAN_S / HOP_S))
    mean = np.convolve(flux, np.ones(width) / width, "same")
    return np.maximum(flux - mean - LEAST_FLUX, 0.0)


def autocorrelation(values: Floats) -> Floats:
    """Correlation coefficient with itself, by lag; [0] is 1. (n,) to (n,).

    Each lag is divided by how much of the values overlaps, so that long lags count as much.
    """
    deviations = values - values.mean()
    size = len(values)
    spectrum = np.fft.rfft(deviations, 2 * size)
    sums = np.fft.irfft(spectrum * spectrum.conj())[:size]
    means = sums / np.arange(size, 0, -1)
    return means / means[0] if means[0] > 0 else np.zeros(size)


def phase_of(values: Floats, bpm: float) -> float:
    """How far into a beat the end of `values` is, 0-1.

    Every beat back counts a little less than the one after it.
    """
    period = 60.0 / bpm / HOP_S  # in hops
    shifts = np.arange(PHASE_STEPS) / PHASE_STEPS * period
    beats_back = np.arange(int(len(values) / period) - 1)
    places = len(values) - 1 - (shifts[:, None] + beats_back * period)
    strengths = np.interp(places, np.arange(len(values)), values)
    scores = strengths @ 0.9**beats_back
    best = _vertex(np.roll(scores, 1 - int(scores.argmax()))[:3]) + int(scores.argmax())
    since_s = best / PHASE_STEPS * period * HOP_S + FLUX_DELAY_S
    return since_s * bpm / 60.0 % 1.0


def _best_tempo(correlation: Floats) -> tuple[float, float]:
    """The most plausible candidate and its resemblance: the comb's mean correlation.

    A tempo needs two beats' distance within the usable lags to be one at all.
    """
    lags = 60.0 / CANDIDATES_BPM / HOP_S
    known = np.arange(round(len(correlation) * USABLE_LAGS))
    correlation = correlation[: len(known)]
    teeth = lags[:, None] * TEETH
    is_known = teeth < len(known)
    sums = (np.interp(teeth, known, correlation) * is_known).sum(axis=1)
    comb = np.where(is_known[:, 1], sums / np.maximum(is_known.sum(axis=1), 1), 0.0)
    halves = np.maximum(np.interp(lags / 2, known, correlation), 0.0)
    octaves = np.log2(CANDIDATES_BPM / LIKELY_BPM) / SPREAD_OCTAVES
    scores = (comb - HALF_BEAT_PENALTY * halves) * np.exp(-0.5 * octaves**2)
    best = int(scores[1:-1].argmax()) + 1
    step = np.log(CANDIDATES_BPM[1] / CANDIDATES_BPM[0])
    bpm = CANDIDATES_BPM[best] * np.exp(step * _vertex(scores[best - 1 : best + 2]))
    return float(bpm), float(comb[best])


@dataclass(frozen=True, slots=True)
class Track:
    """The tempo that is followed, and a new one that asks to be believed.

    phase: at `time_s`, in seconds of sound heard.
    """

    tempo: Tempo = Tempo()
    time_s: float = 0.0
    rival_bpm: float = 0.0
    num_votes: int = 0

    def phase_at(self, time_s: float) -> float:
        """0-1 since the last beat."""
        return (self.tempo.phase + (time_s - self.time_s) * self.tempo.bpm / 60.0) % 1.0


def follow(track: Track, estimate: Tempo, time_s: float) -> Track:
    """Take a new estimate in: near the old tempo it corrects, far from it it must insist.

    time_s: in seconds of sound heard.
    """
    held = Tempo(track.tempo.bpm, track.phase_at(time_s), track.tempo.confidence)
    sure = held.confidence + (estimate.confidence - held.confidence) * CONFIDENCE_GAIN
    if estimate.confidence < BELIEVABLE:
        return replace(track, tempo=replace(held, confidence=sure), time_s=time_s)
    if held.bpm == 0.0 or _is_near(estimate.bpm, held.bpm):
        return Track(_corrected(held, estimate, sure), time_s)
    agrees = track.rival_bpm > 0 and _is_near(estimate.bpm, track.rival_bpm)
    num_votes = track.num_votes + 1 if agrees else 1
    if num_votes >= VOTES_NEEDED:
        return Track(estimate, time_s)
    return Track(replace(held, confidence=sure), time_s, estimate.bpm, num_votes)


def _corrected(held: Tempo, estimate: Tempo, confidence: float) -> Tempo:
    if held.bpm == 0.0:
        return estimate
    bpm = held.bpm + (estimate.bpm - held.bpm) * TEMPO_GAIN
    behind = (estimate.phase - held.phase + 0.5) % 1.0 - 0.5
    return Tempo(bpm, (held.phase + behind * PHASE_GAIN) % 1.0, confidence)


def _is_near(bpm: float, other_bpm: float) -> bool:
    return abs(bpm / other_bpm - 1.0) < NEAR


def _vertex(three: Floats) -> float:
    """Where the parabola through three neighbours peaks, -0.5…0.5 from the middle one."""
    before, middle, after = three
    bend = before - 2.0 * middle + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0
