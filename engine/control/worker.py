"""The thread "control": once a tick, what has arrived is played; devices and lights follow."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.control.action import Action, Pending
from engine.control.book import MappingBook
from engine.control.feedback import Lights, OscFeedback
from engine.control.inbox import Inbox
from engine.control.mapping import Mapping
from engine.control.messages import Message, MessageKind, describe
from engine.control.midi_devices import MidiDevices
from engine.control.monitor import Monitor, MonitorLine
from engine.control.osc_address import ROOT, Matcher, own_action
from engine.control.state import ControlPlace
from engine.control.table import MappingTable
from engine.control.target import Playable, Readable, Target
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.stage import Surroundings

TICK_S = 1 / 120  # the least time between two turns
FEEDBACK_S = 1 / 25
DEVICES_S = 1.0  # how soon a controller that is plugged in is noticed

Endpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user has asked for; replaced whole. midi: parts of names; feedback: host, port."""

    midi: tuple[str, ...] = ()
    feedback: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class ControlLinks:
    """What the worker plays, reads and shares with the desk.

    on_learned: called on this thread with what was learned, for whoever keeps the mappings.
    """

    playable: Playable
    readable: Readable
    inbox: Inbox
    book: MappingBook
    monitor: Monitor
    wishes: Latest[Wishes]
    on_learned: Callable[[Mapping], object]


class ControlWorker:
    """Worker of the thread "control", which owns the MIDI devices and all feedback."""

    name = "control"

    def __init__(
        self,
        links: ControlLinks,
        devices: MidiDevices,
        around: Surroundings,
        make_feedback: Callable[[Endpoint], OscFeedback] = OscFeedback,
    ) -> None:
        self._links = links
        self._devices = devices
        self._around = around
        self._make_feedback = make_feedback
        self._ending = threading.Event()
        self._pending = Pending(links.readable)
        self._table = MappingTable()
        self._matcher = Matcher()
        self._lights = Lights()
        self._wishes = Wishes()
        self._feedback: OscFeedback | None = None
        self._devices_due_s = 0.0
        self._feedback_due_s = 0.0

    def place_of(self, mapping: Mapping) -> ControlPlace:
        """Where its control and its target stand. Thread: any."""
        standing = self._links.readable.read(mapping.target)
        number = None if isinstance(standing, str) else standing
        return ControlPlace(self._table.travel(mapping), number)

    def interrupt(self) -> None:
        self._ending.set()
        self._links.inbox.filled.set()

    def step(self) -> bool:
        clock = self._around.clock
        clock.wait_until(self._next_due_s(), self._links.inbox.filled)
        started_s = clock.now_s()
        self._follow_wishes()
        self._play(self._links.inbox.take())
        self._settle(started_s)
        self._look_after_devices(started_s)
        self._answer(started_s)
        return not clock.wait_until(started_s + TICK_S, self._ending)

    def recover(self, error: Exception) -> bool:
        self._around.tell_failure(self.name, error)
        return not self._ending.is_set()

    def finish(self) -> None:
        self._devices.close()
        if self._feedback is not None:
            self._feedback.close()

    def _next_due_s(self) -> float:
        is_learning = self._links.book.learning is not None
        soon_s = self._feedback_due_s if self._has_listeners or is_learning else self._devices_due_s
        return min(soon_s, self._devices_due_s)

    @property
    def _has_listeners(self) -> bool:
        return self._feedback is not None or self._devices.has_outputs

    # ---- in

    def _follow_wishes(self) -> None:
        wishes, book = self._links.wishes.value, self._links.book
        if wishes.midi != self._wishes.midi:
            self._devices_due_s = 0.0
        if wishes.feedback != self._wishes.feedback:
            if self._feedback is not None:
                self._feedback.close()
            endpoint = wishes.feedback
            self._feedback = None if endpoint is None else self._make_feedback(endpoint)
        self._wishes = wishes
        if self._table.mappings is not book.mappings:
            self._table.use(book.mappings)
            self._lights.forget()

    def _play(self, messages: list[Message]) -> None:
        """Every message has its say; then each target is played once."""
        for message in messages:
            did = self._hear(message)
            if message.kind is not MessageKind.HELD:  # nobody has moved
                self._links.monitor.add(MonitorLine(message.time_s, describe(message), did))
        for action in self._pending.take():
            self._perform(action)

    def _hear(self, message: Message) -> str:
        """Returns: what it leads to, for the monitor."""
        if message.kind is MessageKind.OSC and str(message.name).startswith(ROOT):
            targets = self._matcher.targets(str(message.name))
            return "; ".join(self._ask(target, message) for target in targets) or "no such address"
        if self._links.book.learning is not None:
            learned = self._links.book.hear(message)
            return "learning" if learned is None else self._tell_learned(learned)
        heard = self._table.answer(message, self._pending)
        return ", ".join(mapping.target for mapping in heard)

    def _ask(self, target: Target, message: Message) -> str:
        try:
            action = own_action(target, message)
        except ValueError as error:
            return f"refused: {error}"
        if action is not None:
            self._pending.add(action)
        return target.address

    def _perform(self, action: Action) -> None:
        try:
            action.perform(self._links.playable)
        except ValueError as error:
            now_s = self._around.clock.now_s()
            self._links.monitor.add(MonitorLine(now_s, action.by, f"refused: {error}"))

    def _settle(self, now_s: float) -> None:
        learned = self._links.book.settle(now_s)
        if learned is not None:
            self._tell_learned(learned)

    def _tell_learned(self, learned: Mapping) -> str:
        message = f"A control has been learned for {learned.target}."
        self._around.events.add(EventKind.NOTICE, Severity.INFO, message, self.name)
        self._links.on_learned(learned)
        self._links.book.finish(learned)
        return f"learned for {learned.target}"

    # ---- devices and out

    def _look_after_devices(self, now_s: float) -> None:
        if now_s >= self._devices_due_s:
            self._devices_due_s = now_s + DEVICES_S
            if self._devices.look(self._wishes.midi):
                self._lights.forget()

    def _answer(self, now_s: float) -> None:
        if now_s < self._feedback_due_s:
            return
        self._feedback_due_s = now_s + FEEDBACK_S
        if self._feedback is not None:
            self._feedback.send(self._links.readable)
        if self._devices.has_outputs:
            heard_s, mappings = self._table.heard_s, self._table.mappings
            for light in self._lights.changes(mappings, self._links.readable, heard_s, now_s):
                self._devices.send(*light)
