"""What the two processes say to each other: frozen dataclasses as JSON, checked on reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from engine.enums import LossReason, StrEnum
from engine.errors import (
    AcceleratorError,
    EngineError,
    InvalidFrame,
    ModelLoadError,
    OutOfMemoryError,
    PreparationCancelled,
    PromptError,
    RendererLost,
    clause_of,
)
from engine.params import StreamParams
from engine.renderer import RenderInfo, RenderNews, RenderSpec

MAX_MESSAGE_BYTES = 2**20  # a model may know thousands of words; a picture never comes this way


class MalformedMessage(EngineError):
    """Bytes that are no message, or a message that can't be written; the sentence says why."""


# ---- commands


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make the model ready. Answered by any number of `Advanced` and one `Prepared`."""

    spec: RenderSpec
    message: Literal["prepare"] = "prepare"


@dataclass(frozen=True, slots=True)
class Render:
    """One tick with the picture in the inbox. params: None when they are as before."""

    sequence: int
    captured_s: float
    params: StreamParams | None = None
    message: Literal["render"] = "render"


@dataclass(frozen=True, slots=True)
class Preview:
    """Paint the picture in the inbox aside. Answered by `Painted`; `Render` doesn't notice."""

    sequence: int
    captured_s: float
    params: StreamParams
    message: Literal["preview"] = "preview"


@dataclass(frozen=True, slots=True)
class Flush:
    """Give the oldest frame in flight; asked again until there is none."""

    message: Literal["flush"] = "flush"


@dataclass(frozen=True, slots=True)
class Remember:
    """Make the words of a look ready in the background. Answered at once by `Remembered`."""

    look: StreamParams
    message: Literal["remember"] = "remember"


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give up the preparation under way. Has no reply of its own."""

    message: Literal["cancel"] = "cancel"


@dataclass(frozen=True, slots=True)
class Close:
    """Free the model and end. Has no reply."""

    message: Literal["close"] = "close"


# ---- replies


@dataclass(frozen=True, slots=True)
class Advanced:
    """How far a preparation is. fraction: 0-1."""

    fraction: float
    text: str
    message: Literal["advanced"] = "advanced"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The model is ready."""

    info: RenderInfo
    message: Literal["prepared"] = "prepared"


@dataclass(frozen=True, slots=True)
class Painted:
    """A tick or a preview is done. sequence: of the frame in the outbox; None: none has finished.

    paint_s: what the renderer itself took. news: what has changed by itself, in order.
    """

    sequence: int | None
    captured_s: float = 0.0
    in_flight: int = 0
    paint_s: float = 0.0
    news: tuple[RenderNews, ...] = ()
    message: Literal["painted"] = "painted"


@dataclass(frozen=True, slots=True)
class Remembered:
    """Whether the words are ready already."""

    is_ready: bool
    message: Literal["remembered"] = "remembered"


class Failure(StrEnum):
    """What went wrong in the child, by name."""

    MODEL_LOAD = "model_load"
    ACCELERATOR = "accelerator"
    OUT_OF_MEMORY = "out_of_memory"
    CANCELLED = "cancelled"
    INVALID_FRAME = "invalid_frame"
    PROMPT = "prompt"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Failed:
    """A command failed. reason: with `Failure.LOST` alone."""

    failure: Failure
    sentence: str
    reason: LossReason | None = None
    in_flight: int = 0
    message: Literal["failed"] = "failed"


# ---- bytes

Command = Prepare | Render | Preview | Flush | Remember | Cancel | Close
Reply = Advanced | Prepared | Painted | Remembered | Failed
Message = TypeVar("Message", bound=Command | Reply)

COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="message")])
REPLIES: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="message")])


def encode(adapter: TypeAdapter[Message], message: Message) -> bytes:
    """Errors: MalformedMessage for text that isn't Unicode, such as an unreadable file name."""
    try:
        return adapter.dump_json(message)
    except (PydanticSerializationError, UnicodeError) as error:
        raise MalformedMessage(f"A message can't be written for the worker: {error}.") from error


def decode(adapter: TypeAdapter[Message], data: bytes) -> Message:
    """Errors: MalformedMessage that names what is wrong with the bytes."""
    try:
        return adapter.validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise MalformedMessage(
            f"The renderer's process sent what can't be read ({place}: {first['msg']})."
        ) from error


# ---- errors by name

ERRORS: dict[Failure, type[EngineError]] = {
    Failure.MODEL_LOAD: ModelLoadError,
    Failure.ACCELERATOR: AcceleratorError,
    Failure.OUT_OF_MEMORY: OutOfMemoryError,
    Failure.CANCELLED: PreparationCancelled,
    Failure.INVALID_FRAME: InvalidFrame,
    Failure.PROMPT: PromptError,
}


def failed_by(error: Exception, in_flight: int) -> Failed:
    """An error on its way out of the child; one that nobody foresaw counts as a crash."""
    for failure, kind in ERRORS.items():
        if isinstance(error, kind):
            return Failed(failure, str(error), None, in_flight)
    if isinstance(error, RendererLost):
        return Failed(Failure.LOST, str(error), error.reason, in_flight)
    sentence = f"The renderer failed: {clause_of(error)}."
    return Failed(Failure.LOST, sentence, LossReason.CRASH, in_flight)


def error_of(failed: Failed) -> EngineError:
    """The error that the child met, to be raised in the parent."""
    if failed.failure is Failure.LOST:
        return RendererLost(failed.sentence, failed.reason or LossReason.CRASH)
    return ERRORS[failed.failure](failed.sentence)
