"""Failures as sentences that a performer can act on."""

from __future__ import annotations

from engine.enums import LossReason


class EngineError(Exception):
    """Base of all expected failures; `str()` is one sentence that says what to do."""


def clause_of(error: BaseException) -> str:
    """What an error that nobody foresaw says, as a clause to end a sentence with; never empty."""
    if isinstance(error, MemoryError):
        return "the memory is full; close other programs or choose a smaller size"
    first_line = str(error).strip().partition("\n")[0]
    return first_line.rstrip(". ") or type(error).__name__


class SourceError(EngineError):
    """A camera, file or screen can't be opened or has gone away."""


class SourceFrozen(SourceError):
    """A camera answers, but with the same picture bit for bit, which no sensor does."""


class SourceInUseHere(SourceError):
    """The device is held by this very program: the present source has to let go of it first."""


class SinkError(EngineError):
    """A recorder or virtual camera can't be opened or written."""


class AudioError(EngineError):
    """A sound input can't be opened or has gone away; pictures don't need it."""


class ControlError(EngineError):
    """MIDI, OSC or gamepads aren't available here, or one can't be opened."""


class ModelLoadError(EngineError):
    """A model is absent, damaged, of an unknown kind or in an unsafe format."""


class AcceleratorError(EngineError):
    """An accelerator isn't available here or failed to build."""


class OutOfMemoryError(EngineError):
    """The model and size don't fit the device's memory."""


class PresetError(EngineError):
    """A preset can't be read at all (single bad fields are reported, not raised)."""


class SetError(EngineError):
    """A set can't be read or written at all (single bad parts are reported, not raised)."""


class RecordingError(EngineError):
    """A recorded show can't be read or rendered again."""


class PromptError(EngineError):
    """A prompt can't be encoded; the words before it play on."""


class ReportError(EngineError):
    """A report for the makers can't be written."""


class PreparationCancelled(EngineError):
    """The user cancelled loading or warm-up; the old look plays on."""


class InvalidFrame(EngineError):
    """A finished latent held NaN or Inf; the last good frame is shown instead."""


class RendererLost(EngineError):
    """The renderer can't paint any more; the last good frame is held while another is made."""

    def __init__(self, message: str, reason: LossReason) -> None:
        super().__init__(message)
        self.reason = reason
