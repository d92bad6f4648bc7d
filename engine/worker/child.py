"""What runs in the child: a heart, a lifeline, and a loop that serves one parent.

Threads: "worker" (the main one) paints; "heart" beats; "lifeline" ends the process with its parent.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

from engine.diagnostics.log import WORKER, set_up_logging
from engine.errors import EngineError, PreparationCancelled
from engine.frame import Frame
from engine.local_renderer import local_renderer
from engine.params import StreamParams
from engine.renderer import Progress, Renderer, RenderSpec
from engine.worker.protocol import (
    COMMANDS,
    MAX_MESSAGE_BYTES,
    REPLIES,
    Advanced,
    Cancel,
    Close,
    Command,
    Flush,
    Painted,
    Prepare,
    Prepared,
    Preview,
    Remember,
    Remembered,
    Render,
    Reply,
    decode,
    encode,
    failed_by,
)
from engine.worker.shared_pictures import SharedPictures, attach
from engine.worker.wiring import WIRING, Wiring

log = logging.getLogger(__name__)

BEAT_S = 0.1
LIFELINE = 0  # stdin: only the parent has the other end, and it never writes


def main(
    wiring_json: str, make_renderer: Callable[[RenderSpec], Renderer] = local_renderer
) -> None:
    """Serve until the parent says so or is gone; never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then tells us
    _hold_the_lifeline()
    wiring = WIRING.validate_json(wiring_json)
    _set_up_logging(wiring)
    threading.current_thread().name = "worker"
    pictures = attach(wiring.pictures, wiring.width_px, wiring.height_px)
    threading.Thread(target=_beat, args=(pictures,), name="heart", daemon=True).start()
    log.info("the worker %d starts", os.getpid())
    Server(_channel(wiring.channel), pictures, make_renderer).run()
    log.info("the worker %d ends", os.getpid())
    logging.shutdown()
    os._exit(0)  # native libraries may hang or crash while the interpreter is taken down


class Server:
    """Carries out one command after the other. Thread: worker."""

    def __init__(
        self,
        channel: Connection,
        pictures: SharedPictures,
        make_renderer: Callable[[RenderSpec], Renderer],
    ) -> None:
        self._channel = channel
        self._pictures = pictures
        self._make_renderer = make_renderer
        self._renderer: Renderer | None = None
        self._params = StreamParams()
        self._flushed: deque[Frame] = deque()

    def run(self) -> None:
        """Until `Close` comes. A command that fails is answered and the next one may be good."""
        while True:
            try:
                command = self._receive()
                if isinstance(command, Close):
                    break
                if not isinstance(command, Cancel):  # else it came too late to cancel anything
                    self._send(self._carry_out(command))
            except Exception as error:
                if not isinstance(error, EngineError):
                    log.exception("the worker failed")
                self._send(failed_by(error, self._in_flight))
        if self._renderer is not None:
            self._renderer.close()

    def _carry_out(self, command: Prepare | Render | Preview | Flush | Remember) -> Reply:
        match command:
            case Prepare():
                return self._prepare(command.spec)
            case Render():
                return self._render(command)
            case Preview():
                return self._preview(command)
            case Flush():
                return self._flush()
            case Remember():
                return Remembered(self._ready().remember((command.look,)))

    def _prepare(self, spec: RenderSpec) -> Reply:
        self._renderer = self._make_renderer(spec)
        return Prepared(self._renderer.prepare(spec, self._advance))

    def _advance(self, progress: Progress) -> None:
        self._send(Advanced(progress.fraction, progress.message))
        if self._channel.poll() and isinstance(self._receive(), Cancel):
            raise PreparationCancelled("Preparing the model was cancelled.")

    def _render(self, command: Render) -> Reply:
        if command.params is not None:
            self._params = command.params
        start_s = time.perf_counter()
        finished = self._ready().render(self._taken_in(command), self._params)
        return self._painted(finished, time.perf_counter() - start_s)

    def _preview(self, command: Preview) -> Reply:
        return self._painted(self._ready().preview(self._taken_in(command), command.params), 0.0)

    def _taken_in(self, command: Render | Preview) -> Frame:
        """Its own memory: the renderer may keep a frame, the parent fills the inbox anew."""
        return Frame(self._pictures.inbox.copy(), command.sequence, command.captured_s)

    def _flush(self) -> Reply:
        if not self._flushed:
            self._flushed.extend(self._ready().flush())
        return self._painted(self._flushed.popleft() if self._flushed else None, 0.0)

    def _painted(self, finished: Frame | None, paint_s: float) -> Painted:
        news = tuple(iter(self._ready().news, None))
        if finished is None:
            return Painted(None, 0.0, self._in_flight, paint_s, news)
        np.copyto(self._pictures.outbox, finished.image, casting="no")
        return Painted(finished.sequence, finished.captured_s, self._in_flight, paint_s, news)

    @property
    def _in_flight(self) -> int:
        return 0 if self._renderer is None else self._renderer.in_flight

    def _ready(self) -> Renderer:
        if self._renderer is None:
            raise RuntimeError("the renderer is not prepared")
        return self._renderer

    def _receive(self) -> Command:
        return decode(COMMANDS, self._channel.recv_bytes(MAX_MESSAGE_BYTES))

    def _send(self, reply: Reply) -> None:
        self._channel.send_bytes(encode(REPLIES, reply))


def _channel(descriptor: int) -> Connection:
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(descriptor)
    os.set_inheritable(descriptor, False)  # a compiler that the model starts must not hold it
    return Connection(descriptor)


def _hold_the_lifeline() -> None:
    """End this process when the parent's end of the pipe closes, whatever else it does then.

    The thread needs the interpreter, which a hung native call may hold for good. POSIX systems
    therefore send a signal as well, whose default action is the end.
    """
    if sys.platform != "win32":
        import fcntl

        fcntl.fcntl(LIFELINE, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(LIFELINE, fcntl.F_GETFL)
        fcntl.fcntl(LIFELINE, fcntl.F_SETFL, flags | os.O_ASYNC)
    threading.Thread(target=_end_with_the_parent, name="lifeline", daemon=True).start()


def _end_with_the_parent() -> None:
    os.read(LIFELINE, 1)
    os._exit(1)


def _beat(pictures: SharedPictures) -> None:
    never = threading.Event()
    while not never.wait(BEAT_S):
        pictures.beat()


def _set_up_logging(wiring: Wiring) -> None:
    """Beside the parent's log, or nowhere, as the parent does."""
    faulthandler.enable()
    if wiring.log_folder is not None:
        set_up_logging(WORKER, wiring.is_verbose, wiring.log_folder)
    if sys.platform != "win32":
        faulthandler.register(signal.SIGUSR1)  # the parent asks a hung child where it stands
