"""The `Renderer` whose model lives in a child process."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from engine.clock import Clock, MonotonicClock
from engine.enums import LossReason
from engine.errors import EngineError, RendererLost
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderNews, RenderSpec
from engine.worker.child_process import ChildProcess
from engine.worker.patience import (
    FOR_BUILDING_TICKS,
    FOR_PREPARATION,
    FOR_TICKS,
    LOOK_S,
    Condition,
    Pace,
    Patience,
    Watch,
)
from engine.worker.protocol import (
    Advanced,
    Cancel,
    Close,
    Command,
    Failed,
    Flush,
    MalformedMessage,
    Painted,
    Prepare,
    Prepared,
    Preview,
    Remember,
    Remembered,
    Render,
    Reply,
    error_of,
)

log = logging.getLogger(__name__)

CHILD_ENTRY = "engine.worker.child"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the child may take for what. *_grace_s: before it is killed."""

    preparation: Patience = FOR_PREPARATION
    ticks: Patience = FOR_TICKS
    building_ticks: Patience = FOR_BUILDING_TICKS
    cancel_grace_s: float = 3.0
    close_grace_s: float = 3.0


class WorkerRenderer:
    """See `engine.renderer.Renderer`; any call also raises RendererLost.

    Threads: as there, but `close` may come from any thread, also during another call, which then
    raises RendererLost.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        clock: Clock | None = None,
        entry: str = CHILD_ENTRY,
    ) -> None:
        """entry: the module whose `main` is the child; another one is for tests."""
        self._limits = limits or Limits()
        self._clock = clock or MonotonicClock()
        self._entry = entry
        self._child: ChildProcess | None = None
        self._is_closed = False
        self._calling = threading.Lock()
        self._sent_params: StreamParams | None = None
        self._in_flight = 0
        self._pace = Pace()
        self._news: deque[RenderNews] = deque()

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        """As in-process. A child that doesn't heed a cancellation in time is killed."""
        with self._calling:
            if self._is_closed or self._child is not None:
                raise RuntimeError("a worker renderer is prepared once")
            child = self._child = ChildProcess(self._entry, spec.width_px, spec.height_px)
            log.info("the renderer's process is %d", child.pid)
            if self._is_closed:  # meanwhile, by another thread, which saw no child yet
                child.end(0.0)
            info = self._prepare(child, spec, on_progress)
            return replace(info, worker_pid=child.pid)

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        with self._calling:
            self._put_in(frame)
            news = None if params == self._sent_params else params
            self._pace = self._pace.before(params)
            finished = self._tick(Render(frame.sequence, frame.captured_s, news))
            self._sent_params = params
            return finished

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        with self._calling:
            self._put_in(frame)
            painted = self._tick(Preview(frame.sequence, frame.captured_s, params))
        if painted is None:
            raise RendererLost("The renderer's process painted no preview.", LossReason.CRASH)
        return painted

    @property
    def paint_s(self) -> float:
        """What the last tick took in the child itself, without the way there and back."""
        return self._pace.last_s

    @property
    def in_flight(self) -> int:
        return self._in_flight

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        """A message for each: none grows with the bank."""
        with self._calling:
            are_ready = [self._remember(look) for look in looks]
            return all(are_ready)

    def news(self) -> RenderNews | None:
        """It comes with the ticks."""
        return self._news.popleft() if self._news else None

    def flush(self) -> list[Frame]:
        with self._calling:
            frames: list[Frame] = []
            while (finished := self._tick(Flush())) is not None:
                frames.append(finished)
            return frames

    def close(self) -> None:
        """Bounded: a child that doesn't go is terminated, then killed. Harmless when repeated."""
        self._is_closed = True
        child, grace_s = self._child, 0.0
        if child is None:
            return
        if self._calling.acquire(blocking=False):
            with suppress(RendererLost):  # dead already
                child.send(Close())
            self._calling.release()
            grace_s = self._limits.close_grace_s
        child.end(grace_s)
        with self._calling:  # a call that was under way has seen the end by now
            child.close()
            self._child = None

    # ---- the conversation; the lock is held

    def _ready(self) -> ChildProcess:
        if self._child is None:
            raise RuntimeError("the renderer is not prepared, or closed already")
        return self._child

    def _put_in(self, frame: Frame) -> None:
        inbox = self._ready().pictures.inbox
        if frame.image.shape != inbox.shape:
            raise ValueError(f"the model paints {inbox.shape}, not {frame.image.shape}")
        np.copyto(inbox, frame.image)

    def _prepare(
        self, child: ChildProcess, spec: RenderSpec, on_progress: OnProgress
    ) -> RenderInfo:
        """Tells the last progress again and again: so a long step can be cancelled as well."""
        progress = Progress(0.0, "Starting the renderer's process")
        for reply in self._replies(Prepare(spec), self._limits.preparation):
            if isinstance(reply, Prepared):
                return reply.info
            if isinstance(reply, Advanced):
                progress = Progress(reply.fraction, reply.text)
            try:
                on_progress(progress)
            except Exception:
                self._cancel(child)
                raise
        raise RendererLost("The renderer's process fell silent.", LossReason.CRASH)

    def _cancel(self, child: ChildProcess) -> None:
        """Let it stop where nothing is left half done, if it does so soon."""
        deadline_s = self._clock.now_s() + self._limits.cancel_grace_s
        with suppress(EngineError):  # an end is an end
            child.send(Cancel())
            while self._clock.now_s() < deadline_s:
                if isinstance(child.receive(LOOK_S), Prepared | Failed):
                    return
        child.kill()

    def _patience(self, command: Render | Preview | Flush) -> Patience:
        """What is painted aside may be the first with so many rows."""
        usual, building = self._limits.ticks, self._limits.building_ticks
        match command:
            case Render():
                return self._pace.patience(usual, building)
            case Preview():
                num_ticks = command.params.num_inference_steps
                return self._pace.patience(building, building, num_ticks)
            case Flush():
                return self._pace.patience(usual, building, max(1, self._in_flight))

    def _tick(self, command: Render | Preview | Flush) -> Frame | None:
        for reply in self._replies(command, self._patience(command)):
            if isinstance(reply, Painted):
                self._in_flight = reply.in_flight
                pid = self._ready().pid
                self._news += [replace(n, info=replace(n.info, worker_pid=pid)) for n in reply.news]
                if isinstance(command, Render):
                    self._pace = self._pace.after(reply.paint_s)
                if reply.sequence is None:
                    return None
                # The outbox is painted over by the next tick: whoever keeps a frame needs its own.
                image = self._ready().pictures.outbox.copy()
                return Frame(image, reply.sequence, reply.captured_s)
        raise RendererLost("The renderer's process fell silent.", LossReason.CRASH)

    def _remember(self, look: StreamParams) -> bool:
        for reply in self._replies(Remember(look), self._limits.ticks):
            if isinstance(reply, Remembered):
                return reply.is_ready
        raise RendererLost("The renderer's process fell silent.", LossReason.CRASH)

    def _replies(self, command: Command, patience: Patience) -> Iterator[Reply | None]:
        """What the child answers, and None at every look at which it hasn't.

        Errors: what the child reports, by its name; RendererLost when it is dead or hung.
        """
        child = self._ready()
        child.send(command)
        watch, looked_s = Watch(child.pictures.num_beats), self._clock.now_s()
        while True:
            reply = _receive(child)
            if isinstance(reply, Failed):
                self._in_flight = reply.in_flight
                raise error_of(reply)
            yield reply
            now_s = self._clock.now_s()
            num_beats = child.pictures.num_beats
            work = child.work() if num_beats == watch.num_beats else watch.work
            before, watch = watch, watch.look(now_s - looked_s, num_beats, work)
            looked_s = now_s
            _judge(child, before, watch, patience)


def _receive(child: ChildProcess) -> Reply | None:
    try:
        return child.receive(LOOK_S)
    except MalformedMessage as error:
        raise RendererLost(str(error), LossReason.CRASH) from error


def _judge(child: ChildProcess, before: Watch, watch: Watch, patience: Patience) -> None:
    """Say once that a tick is slow; end a child that hangs. Errors: RendererLost."""
    condition = watch.condition(patience)
    if condition is Condition.HUNG:
        child.kill()
        raise RendererLost(watch.describe(patience), LossReason.HANG)
    if condition is Condition.SLOW and before.condition(patience) is Condition.WELL:
        log.warning("%s", watch.describe(patience))
