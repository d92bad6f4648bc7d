"""The child's birth and end, as its parent sees them."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import weakref
from multiprocessing.connection import Connection, Pipe
from typing import IO

import psutil

from engine.diagnostics.log import WORKER
from engine.enums import LossReason
from engine.errors import RendererLost
from engine.worker.protocol import (
    COMMANDS,
    MAX_MESSAGE_BYTES,
    REPLIES,
    Command,
    Reply,
    decode,
    encode,
)
from engine.worker.shared_pictures import Segment, SharedPictures
from engine.worker.wiring import WIRING, Wiring, parents_log_folder

log = logging.getLogger(__name__)

# The child finds modules where its parent does and nowhere else: the current folder doesn't count.
BOOTSTRAP = (
    "import sys; sys.path[:] = sys.argv.pop().split('\\n'); "
    "import importlib; importlib.import_module(sys.argv[1]).main(sys.argv[2])"
)
CRASH_NAME = f"{WORKER}-crash.txt"  # as the child's own faulthandler has it
TERMINATE_GRACE_S = 1.0
KILL_GRACE_S = 5.0
TRACE_S = 0.3  # for faulthandler to write down where every thread stands
HAS_IO_COUNTERS = hasattr(psutil.Process, "io_counters")  # not on macOS
WINDOWS_FAULTS = {0xC0000005: "access violation", 0xC00000FD: "stack overflow"}


class ChildProcess:
    """A running child with its channel and its memory.

    Threads: `send` and `receive` by one at a time; `wait`, `end` and `kill` by any.
    Whoever forgets `end` is covered: the child also goes when this object or this process does.
    """

    def __init__(self, entry: str, width_px: int, height_px: int) -> None:
        """entry: the module whose `main` is the child. Errors: RendererLost when it can't start."""
        try:
            with Segment(width_px, height_px) as segment:
                self._pictures: SharedPictures | None = segment.pictures
                self._channel, theirs = Pipe()
                with theirs:
                    wiring = _wiring(theirs, segment, width_px, height_px)
                    self._popen = _spawn(entry, wiring, segment.descriptors)
        except OSError as error:
            message = f"The renderer's process can't be started: {error.strerror or error}."
            raise RendererLost(message, LossReason.CRASH) from error
        self._was_killed = False
        self._finalizer = weakref.finalize(self, _reap, self._popen)

    @property
    def pictures(self) -> SharedPictures:
        """Errors: RuntimeError after `close`."""
        if self._pictures is None:
            raise RuntimeError("the renderer's process is closed")
        return self._pictures

    @property
    def pid(self) -> int:
        return self._popen.pid

    def send(self, command: Command) -> None:
        """Errors: RendererLost when nobody listens; MalformedMessage when it can't be written."""
        data = encode(COMMANDS, command)
        try:
            self._channel.send_bytes(data)
        except OSError as error:
            raise self._lost() from error

    def receive(self, patience_s: float) -> Reply | None:
        """The next reply; None when there is none in time.

        Errors: RendererLost when the child is dead; MalformedMessage.
        """
        try:
            if self._channel.poll(patience_s):
                return decode(REPLIES, self._channel.recv_bytes(MAX_MESSAGE_BYTES))
            # A process that the model started may hold the channel open.
            is_over = self._popen.poll() is not None and not self._channel.poll()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if is_over:
            raise self._lost()
        return None

    def work(self) -> float:
        """A number that grows with the processor time it has used and the bytes it has read."""
        try:
            process = psutil.Process(self._popen.pid)
            times = process.cpu_times()
            num_bytes = process.io_counters().read_bytes if HAS_IO_COUNTERS else 0
        except psutil.Error:  # it has just ended
            return 0.0
        return times.user + times.system + num_bytes

    def wait(self, timeout_s: float) -> bool:
        """Until the child has ended; False: not in time."""
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it now, whatever it does; where it stood is in the crash file."""
        self._was_killed = True
        if sys.platform != "win32" and self._popen.poll() is None:
            self._popen.send_signal(signal.SIGUSR1)
            self.wait(TRACE_S)
        self._popen.kill()
        if not self.wait(KILL_GRACE_S):
            log.error("the renderer's process %d can't be killed; a driver holds it", self.pid)

    def end(self, grace_s: float) -> None:
        """Wait for it to go by itself, then ask, then kill. Bounded; harmless when repeated."""
        if not self.wait(grace_s):
            self._was_killed = True
            self._popen.terminate()
        if not self.wait(TERMINATE_GRACE_S):
            self.kill()
        self._finalizer()

    def close(self) -> None:
        """Free channel and memory, when nobody sends, receives or copies any more."""
        self._channel.close()
        self._pictures = None

    def _lost(self) -> RendererLost:
        """The child's end as a sentence."""
        if not self.wait(KILL_GRACE_S):
            return RendererLost("The renderer's process does not answer.", LossReason.CRASH)
        if self._was_killed:
            return RendererLost("The renderer was closed while it painted.", LossReason.CRASH)
        return RendererLost(epitaph(self._popen.returncode), LossReason.CRASH)


def epitaph(exit_code: int) -> str:
    """Why a process ended, from its exit code: -N is signal N, as `subprocess` has it."""
    if exit_code >= 0:
        fault = WINDOWS_FAULTS.get(exit_code)
        cause = f"crashed with an {fault}" if fault else f"ended with code {exit_code}"
        return f"The renderer's process {cause}; {CRASH_NAME}, beside the log, says more."
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        name = f"signal {-exit_code}"
    if name == "SIGKILL":
        return (
            "The renderer's process was killed (SIGKILL). If nobody did that, the system ran out "
            "of memory: choose a smaller size or close other programs."
        )
    return f"The renderer's process crashed ({name}); {CRASH_NAME}, beside the log, says more."


def _wiring(channel: Connection, segment: Segment, width_px: int, height_px: int) -> Wiring:
    return Wiring(
        channel=channel.fileno(),
        pictures=segment.address,
        width_px=width_px,
        height_px=height_px,
        log_folder=parents_log_folder(),
        is_verbose=logging.getLogger().isEnabledFor(logging.DEBUG),
    )


def _spawn(entry: str, wiring: Wiring, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    arguments = [entry, WIRING.dump_json(wiring).decode(), "\n".join(sys.path)]
    command = [sys.executable, "-c", BOOTSTRAP, *arguments]
    with _errors_of(wiring) as errors:
        if sys.platform == "win32":
            os.set_handle_inheritable(wiring.channel, True)
            inherited = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [wiring.channel]})
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                bufsize=0,
                startupinfo=inherited,
                creationflags=subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP,
            )
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            bufsize=0,
            pass_fds=(wiring.channel, *descriptors),
            start_new_session=True,  # Ctrl-C in the terminal is for the parent
        )


def _errors_of(wiring: Wiring) -> IO[bytes]:
    """Where the child's last words go, and those of its native libraries: file or stderr."""
    if wiring.log_folder is None or wiring.is_verbose:
        return os.fdopen(os.dup(2), "wb")
    return (wiring.log_folder / CRASH_NAME).open("ab")


def _reap(popen: subprocess.Popen[bytes]) -> None:
    """Leave neither process nor zombie nor open pipe."""
    if popen.poll() is None:
        popen.kill()
    if popen.stdin is not None:
        popen.stdin.close()
    try:
        popen.wait(KILL_GRACE_S)
    except subprocess.TimeoutExpired:
        log.error("the renderer's process %d can't be killed; a driver holds it", popen.pid)
