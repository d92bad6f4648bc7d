"""The prepare thread: makes the next renderer ready while the old look plays on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import EngineError, PreparationCancelled
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.renderer import Progress, Renderer, RenderInfo, RenderSpec
from engine.stage import Surroundings

RendererFactory = Callable[[RenderSpec], Renderer]


@dataclass(frozen=True)
class Request:
    """One wish for a model; `cancelled` is set by whoever no longer wants it."""

    spec: RenderSpec
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Ready:
    """A renderer for the render thread to swap in, between two frames."""

    renderer: Renderer
    info: RenderInfo
    spec: RenderSpec


class PrepareStage:
    """Worker of the thread "prepare". A newer wish cancels the one being worked on."""

    name = "prepare"

    def __init__(
        self,
        factory: RendererFactory,
        handover: Mailbox[Ready],
        loading: Latest[Progress | None],
        around: Surroundings,
        is_first_vital: bool,
    ) -> None:
        self._factory = factory
        self._handover = handover
        self._loading = loading
        self._around = around
        self._is_vital = is_first_vital  # without a first model an offline show can't run
        self._requests: Mailbox[Request] = Mailbox()
        self._newest: Request | None = None
        self._renderer: Renderer | None = None

    def request(self, spec: RenderSpec) -> None:
        """Thread: any, one at a time."""
        self.cancel()
        self._newest = Request(spec)
        self._requests.put(self._newest)

    def cancel(self) -> None:
        """Give up what is being prepared; harmless when nothing is. Thread: as `request`."""
        if self._newest is not None:
            self._newest.cancelled.set()

    def interrupt(self) -> None:
        self._requests.close()
        self._handover.close()

    def step(self) -> bool:
        request = self._requests.take()
        if request is None:
            return False
        try:
            self._prepare(request)
        except PreparationCancelled as error:
            self._give_up(EventKind.MODEL_CANCELLED, Severity.INFO, str(error))
        except EngineError as error:
            self._give_up(EventKind.MODEL_FAILED, Severity.ERROR, str(error))
        return True

    def recover(self, error: Exception) -> bool:
        message = f"The model could not be made ready: {error or type(error).__name__}."
        self._give_up(EventKind.MODEL_FAILED, Severity.ERROR, message)
        return True

    def finish(self) -> None:
        self._discard()

    def _prepare(self, request: Request) -> None:
        message = f"Preparing {request.spec.model}; the show goes on meanwhile."
        self._around.events.add(EventKind.MODEL_PREPARING, Severity.INFO, message, self.name)
        self._report(request, Progress(0.0, "Starting"))
        renderer = self._renderer = self._factory(request.spec)
        start_s = self._around.clock.now_s()
        info = renderer.prepare(request.spec, lambda progress: self._report(request, progress))
        self._around.recorder.took("prepare", self._around.clock.now_s() - start_s)
        self._check(request)
        if self._handover.put_when_empty(Ready(renderer, info, request.spec)):
            self._renderer = None
            self._is_vital = False
        self._loading.value = None
        self._discard()

    def _report(self, request: Request, progress: Progress) -> None:
        self._check(request)
        self._loading.value = progress

    def _check(self, request: Request) -> None:
        if request.cancelled.is_set() or self._around.stop.is_set():
            raise PreparationCancelled(f"Preparing {request.spec.model} was cancelled.")

    def _give_up(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._loading.value = None
        self._around.events.add(kind, severity, message, self.name)
        if self._is_vital:
            self._handover.close()
        self._discard()

    def _discard(self) -> None:
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer.close()
