"""What is heard: inputs, analysis, and the beat.

`make_input` turns a URI into an input; the libraries that it needs are imported only then.
"""

from __future__ import annotations

from engine.audio.base import AudioInput
from engine.audio.sound import NUM_BANDS, SAMPLE_RATE_HZ, AudioState, Sound

__all__ = [
    "AUDIO_FORMS", "NUM_BANDS", "SAMPLE_RATE_HZ", "AudioInput", "AudioState", "Sound",
    "is_audio_file", "make_input",
]  # fmt: skip

AUDIO_FORMS = ("default", "NAME", "N", "file:PATH")
FILE_PREFIX = "file:"


def is_audio_file(uri: str) -> bool:
    """Whether the input has a timeline of its own; a device has not."""
    return uri.startswith(FILE_PREFIX)


def make_input(uri: str, is_realtime: bool = True) -> AudioInput:
    """The input that `uri` names, not opened yet: a file, or a device by name or number.

    Errors: ValueError for a device in a show that isn't played in real time, and for no path.
    """
    if is_audio_file(uri):
        path = uri.removeprefix(FILE_PREFIX)
        if not path:
            raise ValueError("The sound file has no path; write file:PATH.")
        from engine.audio.file import AudioFile

        return AudioFile(path, is_realtime)
    if not is_realtime:
        raise ValueError(f"An offline run can't listen to {uri}; use --audio file:PATH.")
    from engine.audio.device import DeviceInput

    return DeviceInput(uri)
