"""The renderer contract: a frame and the live parameters in, a repainted frame out.

In-process, in a worker process or on another machine: sources, gate, presenter and sinks don't
know which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.enums import Precision
from engine.frame import Frame
from engine.params import StreamParams

MOST_TICKS_IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class LoraSpec:
    """A LoRA fused into the model at load. path: a .safetensors file or hub id."""

    path: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """What must be loaded and compiled; any change is a rebuild.

    model: "house", a diffusers folder, a .safetensors checkpoint or a hub id.
    width_px, height_px: the model's picture; multiples of 8.
    accelerator: a name from `engine.diffusion.accelerators`, or "auto".
    loras: fused in order.
    vae: "auto" takes the tiny autoencoder made for the model where it is at hand; "own" the
    model's; else a folder, a .safetensors file or a hub id.
    fp16_accumulation: on a graphics card, PyTorch's matrix products add up in float16: up to twice
    as fast on GeForce cards, and less exact.
    precision: 8 bits where what that needs has been measured: faster, and less exact.
    swaps_up: with the accelerator "auto", paint at once on one that is ready, build better ones
    meanwhile and go over to them. Else the best one is waited for, and what is painted repeats.
    tries_unproven: with "auto" in a live show, let accelerators that needn't be faster here try to
    be; see `engine.diffusion.trial`.
    ticks_in_flight: 1 or 2. With 2 a graphics card begins a tick while the host still fetches the
    picture of the one before: more pictures a second, each of them a tick later, and so is what is
    fed back.
    """

    model: str = "house"
    width_px: int = 256
    height_px: int = 256
    accelerator: str = "auto"
    loras: tuple[LoraSpec, ...] = ()
    vae: str = "auto"
    fp16_accumulation: bool = False
    precision: Precision = Precision.AUTO
    swaps_up: bool = False
    tries_unproven: bool = False
    ticks_in_flight: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a preparation is. fraction: 0-1; message: what is being done, for people."""

    fraction: float
    message: str


# Called from the preparing thread; raising PreparationCancelled from it cancels.
OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class RenderInfo:
    """What became ready: shown in the window's top bar and in the report.

    defaults: the parameter values this model was made for.
    known_words: the words a small model understands; empty when it understands language.
    inert: parameters that this model with this accelerator makes no use of, and why.
    """

    model_name: str
    family: str
    accelerator: str
    device: str
    width_px: int
    height_px: int
    warm_up_s: float
    defaults: dict[str, object]
    known_words: frozenset[str] = frozenset()
    accelerator_notes: tuple[str, ...] = ()  # why faster ones were passed over
    worker_pid: int | None = None  # of the child process that paints; None in this one
    inert: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class RenderNews:
    """What has changed since the renderer was prepared.

    info: as it is from now on. sentence: for people; empty when it isn't worth one.
    """

    info: RenderInfo
    sentence: str = ""


class Renderer(Protocol):
    """One model made ready. Thread: everything after construction on the render thread."""

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        """Load, compile and warm up.

        Errors: ModelLoadError, AcceleratorError, OutOfMemoryError, PreparationCancelled.
        """
        ...

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        """One tick: `frame` enters, the frame that is finished by it leaves.

        frame: of the spec's size. Returns: None while the batch fills; else a frame with the
        sequence and capture time it entered with; the newest when several finish at once.
        Errors: InvalidFrame for NaN or Inf in a finished latent; the slot is gone, the
        next call may be good.
        """
        ...

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        """One picture for the performer alone, painted to its end apart from the frames in flight.

        frame: of the spec's size. No picture of `render` is another for it; the next one is later
        by what this takes, so ask seldom. Errors: InvalidFrame.
        """
        ...

    @property
    def in_flight(self) -> int:
        """How many admitted frames have not come out yet."""
        ...

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        """Make ready, in the background, what the words of these looks need; returns at once.

        Returns: whether all of it is ready, so that no tick waits for it. Ask as often as you
        like, and only in real time: a tick that meets words which nobody announced makes them
        ready itself, and every frame has its own words. A renderer to which words cost nothing,
        or that can't tell, says True; then its ticks do the work.
        Errors: PromptError, once for each failure.
        """
        ...

    def news(self) -> RenderNews | None:
        """What has changed by itself since last asked, the oldest first; None: nothing more.

        Asked between two ticks; returns at once.
        """
        ...

    def flush(self) -> list[Frame]:
        """Finish every frame in flight, oldest first; the batch is empty afterwards."""
        ...

    def close(self) -> None:
        """Free the model's memory. Further calls are errors."""
        ...


class RendererAround:
    """A renderer that passes every call on to another one; who extends it changes one of them."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        return self._renderer.prepare(spec, on_progress)

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        return self._renderer.render(frame, params)

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        return self._renderer.preview(frame, params)

    @property
    def in_flight(self) -> int:
        return self._renderer.in_flight

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        return self._renderer.remember(looks)

    def news(self) -> RenderNews | None:
        return self._renderer.news()

    def flush(self) -> list[Frame]:
        return self._renderer.flush()

    def close(self) -> None:
        self._renderer.close()
