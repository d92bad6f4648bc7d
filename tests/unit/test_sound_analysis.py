"""Hearing, against synthesised sounds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio import NUM_BANDS, SAMPLE_RATE_HZ
from engine.audio.analyser import Analyser
from engine.audio.spectrum import (
    HIGHEST_HZ,
    LOWEST_HZ,
    WINDOW,
    band_edges_hz,
    band_weights,
    is_clipped,
    power_spectrum,
)
from tests.support.sounds import clicks, heard, noise, silence, sine, speech_like, sweep


def test_the_power_of_a_sine_is_half_its_squared_amplitude() -> None:
    # whole periods in the window, so that Parseval's theorem holds exactly
    frequency_hz = 40 * SAMPLE_RATE_HZ / WINDOW
    power = power_spectrum(sine(frequency_hz, WINDOW / SAMPLE_RATE_HZ, amplitude=0.8))
    assert power.sum() == pytest.approx(0.8**2 / 2, rel=1e-5)
    assert int(power.argmax()) == 40


def test_every_bin_between_the_outer_edges_belongs_to_the_bands_exactly_once() -> None:
    shares = band_weights(band_edges_hz(NUM_BANDS)).sum(axis=0)
    centres_hz = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ)
    bin_hz = SAMPLE_RATE_HZ / WINDOW
    inside = (centres_hz > LOWEST_HZ + bin_hz) & (centres_hz < HIGHEST_HZ - bin_hz)
    assert shares[inside] == pytest.approx(1.0)
    assert shares[centres_hz > HIGHEST_HZ + bin_hz].max() == 0.0


def test_silence_gives_zeros_and_no_confidence() -> None:
    for sound in heard(silence(5.0)):
        assert (sound.level, sound.onset, sound.bpm, sound.confidence) == (0.0, 0.0, 0.0, 0.0)
        assert sound.bands == (0.0,) * NUM_BANDS
        assert not sound.is_clipped


def test_a_rising_sweep_fills_one_band_after_the_other_and_none_before_its_time() -> None:
    length_s = 8.0
    for sound in heard(sweep(LOWEST_HZ, HIGHEST_HZ, length_s)):
        middle_s = sound.time_s - WINDOW / 2 / SAMPLE_RATE_HZ
        place = middle_s / length_s * NUM_BANDS  # in bands: the sweep gives each the same time
        if 0.2 < place % 1.0 < 0.9 and middle_s > 0.2:
            own = int(place)
            assert sound.bands[own] > 0.9
            assert max(sound.bands[own + 2 :], default=0.0) < 0.3


def test_a_tone_lights_its_own_band_and_no_distant_one() -> None:
    *_, last = heard(sine(440.0, 1.0))
    own = int(np.searchsorted(band_edges_hz(NUM_BANDS), 440.0)) - 1
    assert last.bands[own] == pytest.approx(1.0, abs=0.01)
    assert max(level for n, level in enumerate(last.bands) if abs(n - own) > 1) < 0.05


@pytest.mark.parametrize("amplitude", [0.5, 0.05, 0.005])
def test_a_steady_sound_of_any_volume_is_a_full_level(amplitude: float) -> None:
    *_, last = heard(sine(300.0, 1.0, amplitude))
    assert last.level == pytest.approx(1.0, abs=0.02)


def test_after_a_fall_of_the_volume_the_level_returns_within_twelve_seconds() -> None:
    sounds = list(heard(np.concatenate([sine(300.0, 2.0, 0.5), sine(300.0, 12.0, 0.05)])))
    hops_per_s = len(sounds) / 14.0
    just_after, at_end = sounds[round(2.7 * hops_per_s)], sounds[-1]
    assert just_after.level < 0.2
    assert at_end.level == pytest.approx(1.0, abs=0.05)


def test_when_the_sound_stops_everything_falls_to_rest_exactly() -> None:
    analyser = Analyser()
    *_, loud = heard(noise(1.0), analyser)
    *_, after = heard(silence(1.5), analyser)
    assert loud.level > 0.9
    assert after.level == 0.0
    assert after.bands == (0.0,) * NUM_BANDS
    assert after.onset == 0.0


def test_a_clipped_input_is_flagged_and_a_loud_one_is_not() -> None:
    assert is_clipped(np.clip(sine(300.0, 0.1, 1.5), -1.0, 1.0))
    assert not is_clipped(sine(300.0, 0.1, 0.95))
    *_, last = heard(np.clip(sine(300.0, 0.5, 1.5), -1.0, 1.0))
    assert last.is_clipped


def test_the_clipped_flag_goes_out_a_second_after_the_cause() -> None:
    analyser = Analyser()
    list(heard(np.clip(sine(300.0, 0.2, 1.5), -1.0, 1.0), analyser))
    after = list(heard(sine(300.0, 1.2, 0.5), analyser))
    assert after[10].is_clipped
    assert not after[-1].is_clipped


def test_every_click_is_one_onset_close_to_its_time() -> None:
    bpm, first_s = 120.0, 0.25
    onsets_s: list[float] = []
    before = 0.0
    for sound in heard(clicks(bpm, 8.0, first_s)):
        if sound.onset > 0.5 >= before:
            onsets_s.append(sound.time_s)
        before = sound.onset
    expected_s = np.arange(first_s, 8.0 - 0.03, 60.0 / bpm)
    assert len(onsets_s) == len(expected_s)
    assert np.abs(onsets_s - expected_s).max() < 0.04


def test_a_gliding_tone_is_no_onset() -> None:
    sounds = list(heard(sweep(200.0, 2000.0, 4.0)))
    assert max(sound.onset for sound in sounds[30:]) < 0.5


@pytest.mark.parametrize(
    "bpm", [60, 67, 75, 84, 93.5, 100, 112, 120, 128, 140, 150.3, 165, 174, 180]
)
def test_the_tempo_of_a_click_track_is_found_within_one_percent_after_eight_seconds(
    bpm: float,
) -> None:
    first_s = 0.31
    *_, last = heard(clicks(bpm, 8.2, first_s))
    assert last.bpm == pytest.approx(bpm, rel=0.01)
    assert last.confidence > 0.8
    beats = (last.time_s - first_s) * bpm / 60.0
    off_s = ((last.beat_phase - beats + 0.5) % 1.0 - 0.5) * 60.0 / bpm
    assert abs(off_s) < 0.05


def test_a_kick_with_softer_eighths_is_counted_in_kicks() -> None:
    track = 1.5 * clicks(100.0, 10.0, pitch_hz=60.0) + 0.4 * clicks(200.0, 10.0, pitch_hz=8000.0)
    *_, last = heard(track + noise(10.0, 0.01))
    assert last.bpm == pytest.approx(100.0, rel=0.01)
    assert last.confidence > 0.4


@pytest.mark.parametrize("seed", range(3))
def test_speech_has_no_beat_to_be_confident_of(seed: int) -> None:
    assert max(sound.confidence for sound in heard(speech_like(14.0, seed))) < 0.3


def test_steady_noise_has_no_beat() -> None:
    assert max(sound.confidence for sound in heard(noise(12.0))) < 0.1


def test_a_steady_tone_has_no_beat() -> None:
    assert max(sound.confidence for sound in heard(sine(440.0, 10.0))) < 0.1


def test_a_new_tempo_is_taken_once_it_insists() -> None:
    analyser = Analyser()
    *_, before = heard(clicks(100.0, 8.0), analyser)
    *_, after = heard(clicks(140.0, 10.0), analyser)
    assert before.bpm == pytest.approx(100.0, rel=0.01)
    assert after.bpm == pytest.approx(140.0, rel=0.01)


def test_everything_stays_between_zero_and_one() -> None:
    loud = 3.0 * noise(3.0, 1.0) + clicks(130.0, 3.0)
    for sound in heard(loud):
        values = (sound.level, *sound.bands, sound.onset, sound.beat_phase, sound.confidence)
        assert all(0.0 <= value <= 1.0 for value in values)
