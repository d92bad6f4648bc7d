"""A microphone, a line input or a monitor of what the machine plays, through PortAudio.

PortAudio calls `_hear` on its own thread, which only copies into the ring.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from engine.audio.resample import Resampler
from engine.audio.ring import Ring
from engine.audio.sound import SAMPLE_RATE_HZ
from engine.audio.spectrum import Samples
from engine.errors import AudioError

RING_S = 2.0
# A driver that gives nothing for so long has lost its device, whatever it says. Some need two
# seconds to begin.
SILENT_DRIVER_S = 5.0
NO_SYSTEM = (
    "There is no sound system on this machine (PortAudio could not be loaded); "
    "a file can stand in: --audio file:PATH."
)
NO_DEVICE = "There is no sound input; connect one, or let a file stand in: --audio file:PATH."


@dataclass(frozen=True, slots=True)
class AudioDevice:
    """One input as the system names it. system: WASAPI, CoreAudio, ALSA, …"""

    index: int
    name: str
    system: str
    num_channels: int
    rate_hz: float
    is_default: bool


def list_devices() -> list[AudioDevice]:
    """Every sound input there is, monitors and loopbacks included.

    Errors: AudioError where there is no sound system at all.
    """
    portaudio = _portaudio()
    try:
        found, systems = portaudio.query_devices(), portaudio.query_hostapis()
        default = portaudio.default.device[0]
    except (portaudio.PortAudioError, OSError) as error:
        raise AudioError(f"The sound system does not answer: {error}.") from error
    return [
        AudioDevice(
            index,
            device["name"],
            systems[device["hostapi"]]["name"],
            device["max_input_channels"],
            device["default_samplerate"],
            index == default,
        )
        for index, device in enumerate(found)
        if device["max_input_channels"] > 0
    ]


def find_device(wish: str, devices: list[AudioDevice]) -> AudioDevice:
    """The input that a number, a name or a part of a name means; "" and "default": the system's.

    Errors: AudioError that lists what there is.
    """
    if not devices:
        raise AudioError(NO_DEVICE)
    if wish in ("", "default"):
        return next((device for device in devices if device.is_default), devices[0])
    words = wish.casefold()
    by_number = [device for device in devices if wish == str(device.index)]
    by_name = [device for device in devices if device.name.casefold() == words]
    by_part = [device for device in devices if words in device.name.casefold()]
    for device in [*by_number, *by_name, *by_part]:
        return device
    names = ", ".join(device.name for device in devices)
    raise AudioError(f"There is no sound input {wish!r}; there are {names}.")


class DeviceInput:
    """An open input stream. Thread: "audio", but for `_hear`."""

    def __init__(self, wish: str) -> None:
        self._wish = wish
        self._stream: Any = None  # sounddevice is untyped
        self._ring = Ring(1)
        self._rate_hz = SAMPLE_RATE_HZ
        self._resampler = Resampler()
        self._heard_s = -math.inf

    def open(self, now_s: float) -> str:
        self.close()
        portaudio = _portaudio()
        _look_again(portaudio)
        device = find_device(self._wish, list_devices())
        self._resampler = Resampler()
        self._heard_s = now_s
        try:
            self._stream = self._opened(portaudio, device)
            self._stream.start()
        except (portaudio.PortAudioError, OSError) as error:
            self.close()
            raise AudioError(
                f"The sound input {device.name} can't be opened: {error}. "
                "Close programs that use it, or choose another."
            ) from error
        return device.name

    def read(self, now_s: float) -> Samples:
        if self._stream is None:
            raise AudioError(NO_DEVICE)
        samples = self._ring.read()
        if len(samples):
            self._heard_s = now_s
        elif not self._stream.active or now_s - self._heard_s > SILENT_DRIVER_S:
            raise AudioError(
                f"The sound input {self._wish or 'default'} is gone; connect it again."
            )
        if self._rate_hz == SAMPLE_RATE_HZ:
            return samples
        return self._resampler.convert_mono(samples, self._rate_hz)

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _opened(self, portaudio: Any, device: AudioDevice) -> Any:
        """At 48 kHz, or at the device's own rate where it can't."""
        wish = {"device": device.index, "channels": min(2, device.num_channels)}
        self._rate_hz = SAMPLE_RATE_HZ
        try:
            portaudio.check_input_settings(samplerate=SAMPLE_RATE_HZ, dtype="float32", **wish)
        except portaudio.PortAudioError:
            self._rate_hz = round(device.rate_hz)
        self._ring = Ring(round(RING_S * self._rate_hz))
        return portaudio.InputStream(
            samplerate=self._rate_hz,
            dtype="float32",
            latency="low",
            callback=self._hear,
            **wish,
        )

    def _hear(self, chunk: Samples, _num_frames: int, _time: object, _status: object) -> None:
        """PortAudio's thread. chunk: (n, channels), its buffer, not ours to keep."""
        self._ring.write(chunk.mean(axis=1))


def _portaudio() -> Any:
    """Imported when it is wanted: without PortAudio the import itself fails, with OSError."""
    try:
        import sounddevice  # pyright: ignore[reportMissingTypeStubs]
    except (ImportError, OSError) as error:
        raise AudioError(NO_SYSTEM) from error
    return sounddevice


def _look_again(portaudio: Any) -> None:
    """PortAudio lists devices once, when it starts: one plugged in since needs a new start."""
    try:
        portaudio._terminate()
        portaudio._initialize()
    except (portaudio.PortAudioError, OSError) as error:
        raise AudioError(f"The sound system does not answer: {error}.") from error
