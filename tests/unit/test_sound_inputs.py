"""Files and devices as sound inputs; PortAudio is a stand-in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import make_input
from engine.audio.device import DeviceInput, find_device, list_devices
from engine.audio.file import AudioFile
from engine.audio.listener import time_of_newest
from engine.audio.ring import Ring
from engine.errors import AudioError
from tests.support.sounds import sine, write_wav

# ---- the ring


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=40))
def test_a_ring_gives_every_sample_once_and_in_order_unless_it_says_how_many_it_lost(
    turns: list[tuple[int, bool]],
) -> None:
    ring = Ring(64)
    num_written, read = 0, []
    for size, reads in [*turns, (0, True)]:
        ring.write(np.arange(num_written, num_written + size, dtype=np.float32))
        num_written += size
        if reads:
            read += ring.read().tolist()
    assert len(read) + ring.lost == num_written
    assert read == sorted(set(read))


# ---- files


def test_a_file_gives_what_the_clock_has_made_due(tmp_path: Path) -> None:
    tone = sine(300.0, 1.0)
    source = AudioFile(str(write_wav(tmp_path / "tone.wav", tone)))
    assert source.open(5.0) == "file tone.wav"
    assert len(source.read(5.0)) == 0
    first = source.read(5.25)
    second = source.read(5.5)
    source.close()
    assert len(first) == len(second) == 12_000
    assert np.concatenate([first, second]) == pytest.approx(tone[:24_000], abs=1e-4)


def test_a_file_begins_again_at_its_end_without_a_gap(tmp_path: Path) -> None:
    tone = sine(300.0, 0.5)
    source = AudioFile(str(write_wav(tmp_path / "tone.wav", tone)))
    source.open(0.0)
    played = np.concatenate([source.read(0.4), source.read(0.9), source.read(1.2)])
    source.close()
    assert played == pytest.approx(np.tile(tone, 3)[: len(played)], abs=1e-4)
    assert len(played) == 57_600


def test_a_file_of_another_rate_keeps_its_pitch_and_length(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    write_wav(
        path, np.sin(2 * np.pi * 1000 * np.arange(44_100) / 44_100).astype(np.float32), 44_100
    )
    source = AudioFile(str(path))
    source.open(0.0)
    played = source.read(0.9)
    source.close()
    spectrum = np.abs(np.fft.rfft(played))
    assert spectrum.argmax() * 48_000 / len(played) == pytest.approx(1000.0, abs=1.5)


def test_after_a_long_pause_a_live_file_skips_and_an_offline_one_does_not(tmp_path: Path) -> None:
    path = str(write_wav(tmp_path / "tone.wav", sine(300.0, 1.0)))
    for is_realtime, expected in ((True, 48_000), (False, 480_000)):
        source = AudioFile(path, is_realtime)
        source.open(0.0)
        assert len(source.read(10.0)) == expected
        assert len(source.read(10.5)) == 24_000
        source.close()


def _no_file(_path: Path) -> None:
    pass


def _no_sound(path: Path) -> None:
    path.write_text("this is no sound")


def _hollow(path: Path) -> None:
    write_wav(path, np.zeros(0, np.float32))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_no_file, r"can't be opened: No such file"),
        (_no_sound, r"can't be opened: Invalid data"),
        (_hollow, r"holds no sound that can be decoded"),
    ],
)
def test_a_file_that_cannot_be_heard_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], None], sentence: str
) -> None:
    path = tmp_path / "bad.wav"
    make(path)
    with pytest.raises(AudioError, match=sentence):
        AudioFile(str(path)).open(0.0)


def test_an_offline_run_can_only_listen_to_a_file() -> None:
    with pytest.raises(ValueError, match="An offline run can't listen to default"):
        make_input("default", is_realtime=False)
    with pytest.raises(ValueError, match="no path"):
        make_input("file:")
    assert isinstance(make_input("file:a.wav", is_realtime=False), AudioFile)
    assert isinstance(make_input("Scarlett"), DeviceInput)


# ---- devices


class FakePortAudio:
    """Two inputs and an output; the test calls back in PortAudio's name."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.default = type("Default", (), {"device": (1, 2)})
        self.devices: list[dict[str, Any]] = [
            _device("Scarlett 2i2 USB", 2),
            _device("Built-in Microphone", 1),
            _device("Speakers", 0),
        ]
        self.rates_hz = (44_100, 48_000)
        self.refuses = False
        self.stream: FakeStream | None = None
        self.num_starts = 0

    def query_devices(self) -> list[dict[str, Any]]:
        return self.devices

    def query_hostapis(self) -> tuple[dict[str, str], ...]:
        return ({"name": "ALSA"},)

    def check_input_settings(self, *, samplerate: int, **_wish: object) -> None:
        if samplerate not in self.rates_hz:
            raise self.PortAudioError("Invalid sample rate")

    def InputStream(self, **wish: Any) -> FakeStream:
        if self.refuses:
            raise self.PortAudioError("Device unavailable")
        self.stream = FakeStream(wish)
        return self.stream

    def _terminate(self) -> None:
        pass

    def _initialize(self) -> None:
        self.num_starts += 1


class FakeStream:
    def __init__(self, wish: dict[str, Any]) -> None:
        self.wish = wish
        self.active = False
        self.is_closed = False

    def start(self) -> None:
        self.active = True

    def close(self, ignore_errors: bool = False) -> None:
        self.is_closed = True

    def say(self, chunk: Any) -> None:
        self.wish["callback"](chunk, len(chunk), None, None)


def _device(name: str, num_channels: int) -> dict[str, Any]:
    return {
        "name": name,
        "hostapi": 0,
        "max_input_channels": num_channels,
        "default_samplerate": 44_100.0,
    }


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_only_inputs_are_listed_with_the_default_marked(portaudio: FakePortAudio) -> None:
    assert [(d.name, d.is_default) for d in list_devices()] == [
        ("Scarlett 2i2 USB", False),
        ("Built-in Microphone", True),
    ]


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("default", "Built-in Microphone"),
        ("0", "Scarlett 2i2 USB"),
        ("scarlett", "Scarlett 2i2 USB"),
        ("built-in microphone", "Built-in Microphone"),
    ],
)
def test_a_device_is_found_by_number_name_or_part_of_it(
    portaudio: FakePortAudio, wish: str, name: str
) -> None:
    assert find_device(wish, list_devices()).name == name


def test_an_unknown_device_lists_those_there_are(portaudio: FakePortAudio) -> None:
    with pytest.raises(AudioError, match=r"no sound input 'RME'; there are Scarlett 2i2 USB, Bui"):
        find_device("RME", list_devices())


def test_a_device_gives_both_channels_as_one(portaudio: FakePortAudio) -> None:
    source = DeviceInput("scarlett")
    assert source.open(0.0) == "Scarlett 2i2 USB"
    assert portaudio.stream is not None
    portaudio.stream.say(np.array([[0.2, 0.4], [1.0, -1.0]], np.float32))
    assert source.read(0.1) == pytest.approx([0.3, 0.0])
    assert len(source.read(0.2)) == 0
    source.close()
    assert portaudio.stream.is_closed


def test_a_device_that_cannot_do_48_khz_is_resampled(portaudio: FakePortAudio) -> None:
    portaudio.rates_hz = (44_100,)
    source = DeviceInput("scarlett")
    source.open(0.0)
    assert portaudio.stream is not None
    assert portaudio.stream.wish["samplerate"] == 44_100
    for _ in range(10):
        portaudio.stream.say(np.full((4410, 2), 0.5, np.float32))
    samples = source.read(1.0)
    assert len(samples) == pytest.approx(48_000, abs=200)
    assert samples[1000:-1000] == pytest.approx(0.5, abs=1e-3)


def test_a_device_in_use_is_one_sentence(portaudio: FakePortAudio) -> None:
    portaudio.refuses = True
    with pytest.raises(AudioError, match=r"Built-in Microphone can't be opened: Device unavailab"):
        DeviceInput("default").open(0.0)


def test_a_device_whose_driver_falls_silent_is_lost(portaudio: FakePortAudio) -> None:
    source = DeviceInput("default")
    source.open(0.0)
    assert len(source.read(4.0)) == 0
    with pytest.raises(AudioError, match="default is gone"):
        source.read(5.5)


def test_without_any_input_a_sentence_names_the_way_out(portaudio: FakePortAudio) -> None:
    portaudio.devices = []
    with pytest.raises(AudioError, match="no sound input; connect one, or let a file stand in"):
        DeviceInput("default").open(0.0)


def test_a_device_plugged_in_later_is_found_because_portaudio_looks_again(
    portaudio: FakePortAudio,
) -> None:
    DeviceInput("default").open(0.0)
    DeviceInput("default").open(1.0)
    assert portaudio.num_starts == 2


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_without_portaudio_a_sentence_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(name: str, *rest: Any, **options: Any) -> Any:
        if name == "sounddevice":
            raise error("PortAudio library not found")
        return real(name, *rest, **options)

    real = __import__
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr("builtins.__import__", refuse)
    with pytest.raises(AudioError, match="no sound system on this machine"):
        list_devices()


# ---- time


def test_the_time_of_samples_that_come_in_lumps_is_smooth() -> None:
    random = np.random.default_rng(3)
    newest_s = 0.0
    errors_s = []
    for n in range(1, 2000):
        late_s = random.uniform(0.0, 0.012)
        newest_s = time_of_newest(newest_s, 512, n * 512 / 48_000 + late_s)
        errors_s.append(newest_s - n * 512 / 48_000)
    assert np.std(errors_s[200:]) < 0.001


def test_a_pause_of_the_input_sets_the_time_anew() -> None:
    assert time_of_newest(10.0, 512, 10.5) == 10.5
