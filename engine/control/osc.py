"""OSC in: a thread that hears datagrams, keeps the newest of each address, and hands them on."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from pythonosc.osc_packet import OscPacket, ParseError

from engine.control.inbox import NUM_KEPT, Inbox
from engine.control.messages import Argument, Message, MessageKind
from engine.control.monitor import Monitor, MonitorLine
from engine.control.osc_address import AUTH
from engine.control.osc_gate import Entry, Gate
from engine.control.state import ControlState
from engine.errors import ControlError
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.osc_spec import OscSpec
from engine.pacing import RateLimit
from engine.stage import Surroundings

MAX_DATAGRAM = 8192  # bytes; a prompt is some hundred
MAX_READ = 2000  # datagrams in one turn
MAX_PARSED = 32_768  # bytes in one turn, of those the newest
BUFFER_BYTES = 1 << 20  # asked of the system, for what comes between two turns
QUIET_S = 5.0  # between two complaints about strangers or nonsense

Sender = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Datagram:
    """sender: (host, port)."""

    content: bytes
    sender: Sender

    @property
    def address(self) -> tuple[Sender, bytes]:
        """Equal for all messages of one sender to one address; bundles count as one address."""
        return self.sender, self.content.split(b"\0", 1)[0]


class OscServer:
    """Worker of the thread "osc".

    One turn reads all that waits and hands it on; the next begins when the control thread has taken
    that. So a flood costs a bounded share of each control tick, and what is read is the newest.
    """

    name = "osc"

    def __init__(self, spec: OscSpec, inbox: Inbox, monitor: Monitor, around: Surroundings) -> None:
        self._spec = spec
        self._inbox = inbox
        self._monitor = monitor
        self._around = around
        self._gate = Gate("" if spec.is_loopback else spec.token)
        self._complaints = RateLimit(QUIET_S)
        self._socket: socket.socket | None = None
        self._ending = threading.Event()
        self._waker, self._woken = socket.socketpair()
        self.state = Latest(ControlState(f"osc {spec.host}:{spec.port}"))

    def interrupt(self) -> None:
        self._ending.set()
        self._inbox.tell_ending()
        with suppress(OSError):  # the thread has ended by itself and has closed it
            self._waker.send(b"\0")

    def step(self) -> bool:
        if self._socket is None:
            return self._open()
        readable, _, _ = select.select([self._socket, self._woken], [], [])
        if self._woken in readable:
            return False
        taken = self._inbox.num_takes
        for datagram in newest(self._read(self._socket)):
            self._hear(datagram)
        return self._inbox.wait_for_take(taken, self._ending)

    def recover(self, error: Exception) -> bool:
        self._around.tell_failure(self.name, error)
        return True

    def finish(self) -> None:
        self.state.value = ControlState(self.state.value.name, False, self.state.value.message)
        for opened in (self._socket, self._waker, self._woken):
            if opened is not None:
                opened.close()

    def _open(self) -> bool:
        try:
            self._socket = bind(self._spec)
        except ControlError as error:
            self.state.value = ControlState(self.state.value.name, False, str(error))
            self._tell(EventKind.CONTROL_FAILED, Severity.ERROR, str(error))
            return False
        host, port = self._socket.getsockname()[:2]
        self.state.value = ControlState(f"osc {host}:{port}", is_open=True)
        self._tell(EventKind.CONTROL_OPENED, Severity.INFO, f"OSC is heard at {host}:{port}.")
        return True

    def _read(self, opened: socket.socket) -> list[Datagram]:
        datagrams: list[Datagram] = []
        while len(datagrams) < MAX_READ:
            try:
                content, sender = opened.recvfrom(MAX_DATAGRAM + 1)
            except BlockingIOError:
                break
            except ConnectionResetError:
                continue  # Windows tells so of a datagram sent to a port that nobody hears
            except OSError as error:
                self._complain(f"a datagram could not be read: {error.strerror}")
                continue
            datagrams.append(Datagram(content, (str(sender[0]), int(sender[1]))))
        return datagrams

    def _hear(self, datagram: Datagram) -> None:
        entry = self._gate.look_at(datagram.sender, datagram.content)
        if entry is Entry.REFUSED:
            self._complain(f"{_shown(datagram.sender)} has not said the token at {AUTH}")
            return
        now_s = self._around.clock.now_s()
        try:
            messages = parse(datagram, now_s)
        except ControlError as error:
            self._complain(str(error))
            return
        for message in messages:
            if message.name == AUTH:
                self._admit(datagram.sender, message)
            elif entry is Entry.ADMITTED:
                self._inbox.put(message)

    def _admit(self, sender: Sender, message: Message) -> None:
        token = message.values[0] if message.values else ""
        is_right = self._gate.offer(sender, token, message.time_s)
        did = "admitted" if is_right else "refused: the token is wrong, or was a second ago"
        self._monitor.add(MonitorLine(message.time_s, f"osc {AUTH} from {_shown(sender)}", did))

    def _complain(self, what: str) -> None:
        """Calmly: a flood of nonsense is told once in a while."""
        now_s = self._around.clock.now_s()
        if self._complaints.allows(now_s):
            self._monitor.add(MonitorLine(now_s, "osc", f"ignored: {what}"))

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, self.name)


def bind(spec: OscSpec) -> socket.socket:
    """Errors: ControlError saying what to do."""
    host = "127.0.0.1" if spec.host == "localhost" else spec.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        opened.setblocking(False)
        opened.bind((host, spec.port))
    except OSError as error:
        opened.close()
        raise ControlError(
            f"OSC can't be heard at {spec.host}:{spec.port} ({error.strerror}); choose another "
            "port, or end the program that has it."
        ) from error
    return opened


def newest(datagrams: list[Datagram]) -> Iterator[Datagram]:
    """Of each address the newest few, of all together the newest MAX_PARSED bytes; oldest first."""
    kept: deque[Datagram] = deque()
    counts: dict[tuple[Sender, bytes], int] = {}
    num_bytes = 0
    for datagram in reversed(datagrams):
        count = counts[datagram.address] = counts.get(datagram.address, 0) + 1
        is_first = count == 1  # the newest value of an address goes before everything
        if count <= NUM_KEPT and (is_first or num_bytes < MAX_PARSED):
            num_bytes += len(datagram.content)
            kept.appendleft(datagram)
    yield from kept


def parse(datagram: Datagram, now_s: float) -> list[Message]:
    """The messages of a datagram; those of a bundle in the order of their times, all due at once.

    Errors: ControlError naming the sender and what is wrong.
    """
    device = _shown(datagram.sender)
    if len(datagram.content) > MAX_DATAGRAM:
        raise ControlError(f"a datagram from {device} is longer than {MAX_DATAGRAM} bytes")
    try:
        packet = OscPacket(datagram.content)
    except (ParseError, ValueError, OverflowError, RecursionError) as error:
        raise ControlError(f"what {device} sends is not OSC") from error
    return [
        Message(
            MessageKind.OSC,
            device,
            timed.message.address,
            tuple(_argument(value) for value in cast("list[object]", timed.message.params)),
            time_s=now_s,
        )
        for timed in packet.messages
    ]


def _argument(value: object) -> Argument:
    """Numbers and texts as they are; anything else by the name of its kind."""
    return value if isinstance(value, (float, int, str)) else f"<{type(value).__name__}>"


def _shown(sender: Sender) -> str:
    return f"{sender[0]}:{sender[1]}"
