"""The prepare thread: makes the next renderer ready while the old look plays on."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from engine.enums import StrEnum
from engine.errors import EngineError, PreparationCancelled, RendererLost, clause_of
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.mailbox import Mailbox
from engine.recovery import as_loss
from engine.renderer import Progress, Renderer, RenderInfo, RenderSpec
from engine.restoration import Restoration
from engine.stage import Surroundings

log = logging.getLogger(__name__)

RendererFactory = Callable[[RenderSpec], Renderer]


class Cause(StrEnum):
    """Why a renderer is made."""

    WISH = "wish"  # somebody wants this model
    LOSS = "loss"  # the same anew
    ADJUSTMENT = "adjustment"  # the governor wants what plays in another size


class Outcome(StrEnum):
    """What becomes of an adjustment."""

    OPEN = "open"  # it is on its way
    DROPPED = "dropped"  # overtaken by something that goes before it
    FAILED = "failed"


@dataclass(frozen=True)
class Request:
    """One wish for a model, or a lost one to be made anew; `cancelled` by who doesn't want it.

    settled: it was carried out or refused. base: the renderer that is to be adjusted.
    """

    spec: RenderSpec
    cause: Cause = Cause.WISH
    base: Renderer | None = None
    outcome: Latest[Outcome] = field(default_factory=lambda: Latest(Outcome.OPEN))
    cancelled: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)

    @property
    def is_open(self) -> bool:
        return not (self.cancelled.is_set() or self.settled.is_set())


@dataclass(frozen=True)
class Ready:
    """A renderer for the render thread to swap in, between two frames."""

    renderer: Renderer
    info: RenderInfo
    spec: RenderSpec
    cause: Cause = Cause.WISH


@dataclass(frozen=True)
class Lost:
    """A renderer that can't go on. painted_s: how long it had painted."""

    ready: Ready
    error: RendererLost
    painted_s: float


class PrepareStage:
    """Worker of the thread "prepare". A newer wish cancels what is being worked on.

    A lost renderer is closed here, where it may take its time, and made anew after a pause, again
    and again; a wish goes before that, and everything before an adjustment, which nobody is told of
    but the governor.
    """

    name = "prepare"

    def __init__(
        self,
        factory: RendererFactory,
        handover: Mailbox[Ready],
        loading: Latest[Progress | None],
        restoration: Restoration,
        around: Surroundings,
        is_first_vital: bool,
        is_realtime: bool,
    ) -> None:
        self._factory = factory
        self._handover = handover
        self._loading = loading
        self._restoration = restoration
        self._around = around
        self._is_vital = is_first_vital  # without a first model an offline show can't run
        self._is_realtime = is_realtime
        self._wishes: Mailbox[Request] = Mailbox()
        self._adjustments: Mailbox[Request] = Mailbox()
        self._losses: queue.SimpleQueue[Lost] = queue.SimpleQueue()
        self._news = threading.Event()  # a wish, a loss or the end
        self._newest: Request | None = None
        self._current = Request(RenderSpec())
        self._renderer: Renderer | None = None
        self._handed_over: Renderer | None = None
        self.playing: RenderSpec | None = None  # before the first model is ready: that one

    @property
    def wanted(self) -> RenderSpec | None:
        """What is being made ready, else what plays. Thread: any."""
        newest = self._newest
        return newest.spec if newest is not None and newest.is_open else self.playing

    def request(self, spec: RenderSpec) -> None:
        """Thread: any, one at a time."""
        self.cancel()
        self.playing = self.playing or spec
        self._newest = Request(spec)
        self._wishes.put(self._newest)
        self._news.set()

    def cancel(self) -> None:
        """Give up what was wished for; harmless when nothing was. Thread: as `request`."""
        if self._newest is not None:
            self._newest.cancelled.set()

    def adjust(self, spec: RenderSpec, playing: Ready) -> Request:
        """Make what plays ready in another size. Thread: the render thread."""
        request = Request(spec, Cause.ADJUSTMENT, playing.renderer)
        self._adjustments.put(request)
        self._news.set()
        return request

    def replace(self, lost: Lost) -> None:
        """Close a lost renderer and make the same anew. Thread: the render thread."""
        self._losses.put(lost)
        self._news.set()

    def interrupt(self) -> None:
        self._news.set()
        self._handover.close()

    def step(self) -> bool:
        request = self._next()
        if request is None:
            return not self._around.stop.is_set()
        self._current = request
        try:
            self._prepare(request)
        except PreparationCancelled as error:
            self._give_up(error)
        except EngineError as error:
            self._fail(error, str(error))
        return True

    def recover(self, error: Exception) -> bool:
        self._fail(error, f"The model could not be made ready: {clause_of(error)}.")
        return True

    def finish(self) -> None:
        self._retire_lost()
        self._discard()

    # ---- what comes next

    def _next(self) -> Request | None:
        """Wait for a wish, or until a lost renderer is due to be made anew; None: look again."""
        self._news.clear()
        self._retire_lost()
        wish = self._wishes.take(0.0)
        if wish is not None or self._around.stop.is_set():
            return wish
        adjustment = self._next_adjustment()
        if adjustment is not None:
            return adjustment
        spec = self._restoration.spec
        if spec is None:
            self._news.wait()
            return None
        if self._around.clock.wait_until(self._restoration.due_s, self._news):
            return None
        return Request(spec, Cause.LOSS)

    def _next_adjustment(self) -> Request | None:
        """One of a renderer that is lost, or no longer the newest, is too late."""
        adjustment = self._adjustments.take(0.0)
        if adjustment is None:
            return None
        if self._restoration.spec is None and adjustment.base is self._handed_over:
            return adjustment
        adjustment.outcome.value = Outcome.DROPPED
        return None

    def _retire_lost(self) -> None:
        while not self._losses.empty():
            lost = self._losses.get()
            if lost.ready.renderer is self._handed_over:  # else a newer one plays already
                self._restoration.begin(lost.ready.spec, lost.error, lost.painted_s)
            _close_broken(lost.ready.renderer)

    # ---- preparing

    def _prepare(self, request: Request) -> None:
        if request.cause is Cause.WISH:  # the loss has been told
            message = f"Preparing {request.spec.model}; the show goes on meanwhile."
            self._around.events.add(EventKind.MODEL_PREPARING, Severity.INFO, message, self.name)
        self._report(request, Progress(0.0, "Starting"))
        renderer = self._renderer = self._factory(request.spec)
        start_s = self._around.clock.now_s()
        # Offline the best accelerator is waited for, so that a run repeats bit for bit; and so it
        # is for another size, which is to be faster from its first picture on.
        swaps_up = self._is_realtime and request.cause is not Cause.ADJUSTMENT
        # After a loss nothing is tried: it may have been the trial that failed.
        tries_unproven = swaps_up and request.cause is Cause.WISH
        spec = replace(request.spec, swaps_up=swaps_up, tries_unproven=tries_unproven)
        info = renderer.prepare(spec, lambda progress: self._report(request, progress))
        self._around.recorder.took("prepare", self._around.clock.now_s() - start_s)
        self._check(request)
        self._hand_over(Ready(renderer, info, request.spec, request.cause))
        self._loading.value = None
        self._discard()

    def _hand_over(self, ready: Ready) -> None:
        # Remembered first: once it is handed over it may be lost at any time.
        self._handed_over = ready.renderer
        if ready.cause is not Cause.ADJUSTMENT:  # which is nobody's wish
            self.playing = ready.spec
        self._current.settled.set()
        if self._handover.put_when_empty(ready):
            self._renderer = None
            self._is_vital = False
            self._restoration.settle(is_chosen=ready.cause is Cause.WISH)

    def _report(self, request: Request, progress: Progress) -> None:
        self._check(request)
        if request.cause is not Cause.ADJUSTMENT:
            self._loading.value = progress

    def _check(self, request: Request) -> None:
        is_overtaken = request.cause is not Cause.WISH and self._news.is_set()
        if request.cancelled.is_set() or is_overtaken or self._around.stop.is_set():
            raise PreparationCancelled(f"Preparing {request.spec.model} was cancelled.")

    # ---- giving up

    def _give_up(self, error: PreparationCancelled) -> None:
        """A replacement that was overtaken stays due."""
        if self._current.cause is not Cause.WISH:
            self._let_go(Outcome.DROPPED)
        else:
            self._refuse(EventKind.MODEL_CANCELLED, Severity.INFO, str(error))

    def _fail(self, error: Exception, message: str) -> None:
        """A wish that can't be had leaves what plays alone; a lost model is tried again."""
        if self._current.cause is Cause.LOSS:
            self._restoration.fail(as_loss(error))
            self._let_go(Outcome.FAILED)
        elif self._current.cause is Cause.ADJUSTMENT:
            self._tell_unadjusted(message)
            self._let_go(Outcome.FAILED)
        else:
            self._refuse(EventKind.MODEL_FAILED, Severity.ERROR, message)

    def _tell_unadjusted(self, message: str) -> None:
        spec = self._current.spec
        size = f"{spec.width_px}×{spec.height_px}"
        sentence = f"The picture can't be painted at {size} just now: {message}"
        self._around.events.add(EventKind.GOVERNED, Severity.INFO, sentence, self.name)

    def _refuse(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._loading.value = None
        self._current.settled.set()
        self._around.events.add(kind, severity, message, self.name)
        if self._is_vital:
            self._handover.close()
        self._discard()

    def _let_go(self, outcome: Outcome) -> None:
        self._current.outcome.value = outcome
        self._loading.value = None
        self._discard()

    def _discard(self) -> None:
        renderer, self._renderer = self._renderer, None
        if renderer is not None:
            renderer.close()


def _close_broken(renderer: Renderer) -> None:
    """What is broken may not even close; that must not keep its successor from being made."""
    try:
        renderer.close()
    except Exception as error:
        log.warning("a lost renderer failed to close", exc_info=error)
