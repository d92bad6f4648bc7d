"""A real sound system, played into and heard again. Look at tests/hardware/README.md."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest

from engine.audio import SAMPLE_RATE_HZ, Sound
from engine.audio.device import DeviceInput, list_devices
from engine.audio.listener import Listener
from engine.audio.spectrum import HOP_S
from engine.clock import MonotonicClock
from tests.support.sounds import Samples, clicks, sine


def _hears_itself() -> bool:
    """Whether what is recorded by default is what is played."""
    pactl = shutil.which("pactl")
    if pactl is None:
        return False
    asked = subprocess.run(
        [pactl, "get-default-source"], capture_output=True, text=True, timeout=10, check=False
    )
    return asked.stdout.strip().endswith(".monitor")


pytestmark = [
    pytest.mark.sound,
    pytest.mark.skipif(
        not _hears_itself(), reason="needs PulseAudio with a monitor as its default source"
    ),
]


@contextmanager
def playing(track: Samples) -> Iterator[None]:
    """Play over and over on the default output."""
    import sounddevice

    place = 0

    def fill(block: Any, num_frames: int, _time: object, _status: object) -> None:
        nonlocal place
        block[:] = np.take(track, range(place, place + num_frames), mode="wrap")[:, None]
        place += num_frames

    stream = sounddevice.OutputStream(
        samplerate=SAMPLE_RATE_HZ, channels=2, dtype="float32", callback=fill
    )
    with stream:
        yield


def listen(length_s: float, track: Samples | None = None) -> list[Sound]:
    """What is heard in so many seconds, by the machine's own clock, while `track` plays.

    The input is opened first: it has PortAudio look for devices anew, which ends other streams.
    """
    clock, never = MonotonicClock(), threading.Event()
    listener = Listener(DeviceInput("default"))
    assert listener.open(clock.now_s()) in [device.name for device in list_devices()]
    heard: list[Sound] = []
    try:
        with nullcontext() if track is None else playing(track):
            end_s = clock.now_s() + length_s
            while clock.now_s() < end_s:
                heard += filter(None, [listener.listen(clock.now_s())])
                clock.wait_until(clock.now_s() + HOP_S, never)
    finally:
        listener.close()
    return heard


def test_silence_is_heard_as_silence() -> None:
    heard = listen(1.5)
    assert len(heard) > 40
    assert max(sound.level for sound in heard) == 0.0


def test_a_tone_that_is_played_lights_its_band() -> None:
    heard = listen(2.0, sine(1000.0, 1.0))
    # 8 bands from 30 Hz to 16 kHz, equal in octaves: 1 kHz is in the fifth
    assert int(np.argmax(heard[-1].bands)) == 4
    assert heard[-1].level > 0.9


def test_the_tempo_of_what_is_played_is_found() -> None:
    heard = listen(10.0, clicks(128.0, 60.0 / 128.0 * 16))
    assert heard[-1].bpm == pytest.approx(128.0, rel=0.01)
    assert heard[-1].confidence > 0.5
