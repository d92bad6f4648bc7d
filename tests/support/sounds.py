"""Sounds of known answer."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.audio import SAMPLE_RATE_HZ, Sound
from engine.audio.analyser import Analyser
from engine.audio.spectrum import HOP

Samples = NDArray[np.float32]


def seconds(length_s: float) -> NDArray[np.float64]:
    return np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def silence(length_s: float) -> Samples:
    return np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)


def sine(frequency_hz: float, length_s: float, amplitude: float = 0.5) -> Samples:
    wave = amplitude * np.sin(2 * np.pi * frequency_hz * seconds(length_s))
    return wave.astype(np.float32)


def sweep(from_hz: float, to_hz: float, length_s: float) -> Samples:
    """An exponential one: the same time in every octave."""
    octaves = np.log(to_hz / from_hz)
    turns = from_hz * length_s / octaves * np.expm1(seconds(length_s) / length_s * octaves)
    return (0.5 * np.sin(2 * np.pi * turns)).astype(np.float32)


def noise(length_s: float, amplitude: float = 0.1, seed: int = 0) -> Samples:
    draws = np.random.default_rng(seed).standard_normal(round(length_s * SAMPLE_RATE_HZ))
    return (amplitude * draws).astype(np.float32)


def clicks(bpm: float, length_s: float, first_s: float = 0.0, pitch_hz: float = 1000.0) -> Samples:
    """A short ping on every beat from `first_s` on."""
    track = silence(length_s)
    ping = sine(pitch_hz, 0.03) * np.exp(-seconds(0.03) / 0.005)
    for start_s in np.arange(first_s, length_s - 0.03, 60.0 / bpm):
        start = round(start_s * SAMPLE_RATE_HZ)
        track[start : start + len(ping)] += ping.astype(np.float32)
    return track


def speech_like(length_s: float, seed: int) -> Samples:
    """Noise in syllables and pauses of irregular lengths."""
    random = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    while sum(map(len, parts)) < length_s * SAMPLE_RATE_HZ:
        syllable = np.hanning(round(random.uniform(0.08, 0.4) * SAMPLE_RATE_HZ))
        parts.append(syllable * random.uniform(0.2, 1.0))
        parts.append(np.zeros(round(random.uniform(0.02, 0.3) * SAMPLE_RATE_HZ)))
    envelope = np.concatenate(parts)[: round(length_s * SAMPLE_RATE_HZ)]
    return noise(length_s, 0.2, seed) * envelope.astype(np.float32)


def heard(samples: Samples, analyser: Analyser | None = None) -> Iterator[Sound]:
    """What is heard after every whole hop; time 0 is the first sample."""
    analyser = analyser or Analyser()
    for end in range(HOP, len(samples) + 1, HOP):
        yield analyser.hear(samples[end - HOP : end], end / SAMPLE_RATE_HZ)


def write_wav(path: Path, samples: Samples, rate_hz: int = SAMPLE_RATE_HZ) -> Path:
    """16-bit stereo, both channels alike."""
    scaled = np.clip(samples * 32767, -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(scaled, 2).tobytes())
    return path
