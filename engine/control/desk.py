"""All controls of one show behind one object: ports, mappings, learning, the monitor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from engine.control.book import MappingBook
from engine.control.gamepad_system import GamepadSystem, SdlGamepads, Wants
from engine.control.gamepads import GamepadWorker
from engine.control.inbox import Inbox
from engine.control.mapping import Mapping
from engine.control.messages import key_message
from engine.control.midi_devices import MidiDevices, MidiOutlets
from engine.control.midi_message import ClockMessage
from engine.control.midi_ports import MidiSystem, RtMidiSystem
from engine.control.monitor import Monitor, MonitorLine
from engine.control.osc import OscServer
from engine.control.state import ControlPlace, ControlState
from engine.control.target import Playable, Readable
from engine.control.wanted import ALL
from engine.control.worker import ControlLinks, ControlWorker, Wishes
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.osc_spec import OscSpec
from engine.stage import Stage, Surroundings


def ignore_clock(message: ClockMessage) -> None:
    """For a show in which nothing follows a MIDI clock."""


def ignore_learned(learned: Mapping) -> None:
    """For a desk whose mappings nobody keeps."""


@dataclass(frozen=True)
class ControlMakers:
    """The outermost edge. on_clock: called on the driver's thread, must return at once.

    on_learned: called on the thread "control" with what was learned.
    """

    midi: Callable[[], MidiSystem] = RtMidiSystem
    gamepads: Callable[[Wants], GamepadSystem] = SdlGamepads
    on_clock: Callable[[ClockMessage], None] = ignore_clock
    on_learned: Callable[[Mapping], object] = ignore_learned


@dataclass
class _Threads:
    """Those that run; guarded by the desk's lock."""

    control: Stage | None = None
    gamepad: Stage | None = None
    osc: tuple[OscServer, Stage] | None = None
    leaving: list[Stage] = field(default_factory=list[Stage])
    is_stopped: bool = False


class ControlDesk:
    """Every method from any thread; all return at once, but `stop`.

    Nothing runs until something is opened, mapped or pressed.
    """

    def __init__(
        self, playable: Playable, readable: Readable, around: Surroundings, makers: ControlMakers
    ) -> None:
        self._around = around
        self._inbox = Inbox()
        self._book = MappingBook()
        self._monitor = Monitor()
        self._wishes = Latest(Wishes())
        links = ControlLinks(
            playable, readable, self._inbox, self._book, self._monitor, self._wishes,
            makers.on_learned,
        )  # fmt: skip
        outlets = MidiOutlets(self._inbox.put, makers.on_clock)
        self._devices = MidiDevices(makers.midi, outlets, around.clock, around.events)
        self._worker = ControlWorker(links, self._devices, around)
        self._gamepads = GamepadWorker(self._inbox.put, around, makers.gamepads)
        self._lock = threading.Lock()
        self._threads = _Threads()

    # ---- ports

    def open_midi(self, *names: str) -> None:
        """Play by the controllers whose names contain one of these; without any: by all.

        Those that are away are taken as soon as they are plugged in. What can't be had is told in
        an event and in `states`.
        """
        self._wish(midi=names or (ALL,))

    def close_midi(self) -> None:
        """Let go of all controllers; the mappings are kept."""
        self._wish(midi=())

    def open_gamepads(self, *names: str) -> None:
        """The same of gamepads."""
        self._gamepads.wish(names or (ALL,))
        with self._lock:
            if self._threads.gamepad is None and not self._threads.is_stopped:
                self._threads.gamepad = Stage(self._gamepads, self._around)
                self._threads.gamepad.start()
        self._begin()

    def close_gamepads(self) -> None:
        """Let go of all gamepads; the mappings are kept."""
        self._gamepads.wish(())

    def open_osc(self, spec: OscSpec) -> None:
        """Hear OSC instead of where it was heard before; a failure is an event and a state."""
        self._close_osc_server()
        server = OscServer(spec, self._inbox, self._monitor, self._around)
        stage = Stage(server, self._around)
        with self._lock:
            if self._threads.is_stopped:
                return
            self._threads.osc = (server, stage)
        self._wish(feedback=spec.feedback)
        stage.start()

    def close_osc(self) -> None:
        """Harmless when none is open."""
        self._close_osc_server()
        self._wish(feedback=None)

    @property
    def states(self) -> tuple[ControlState, ...]:
        """Of every port, opened or missed."""
        osc = self._threads.osc
        heard = () if osc is None else (osc[0].state.value,)
        return (*self._devices.states.value, *self._gamepads.states.value, *heard)

    # ---- mappings

    @property
    def mappings(self) -> tuple[Mapping, ...]:
        """Those in force, the learned ones included."""
        return self._book.mappings

    def set_mappings(self, mappings: Sequence[Mapping]) -> None:
        """For this show; `Performance.change_mappings` edits the set's, which are put here."""
        self._book.set(mappings)
        self._begin()

    def learn(self, target: str) -> None:
        """Map the next control that moves to this target; it doesn't play meanwhile.

        Errors: ValueError for what doesn't exist or can't be mapped.
        """
        self._book.learn(target)
        self._begin()

    def cancel_learning(self) -> None:
        """Harmless when nothing is being learned."""
        self._book.cancel()

    @property
    def learning(self) -> str | None:
        """The target that waits for a control."""
        learning = self._book.learning
        return None if learning is None else learning.target

    @property
    def learned(self) -> Mapping | None:
        """What the last learning came to, once it is kept; None while there is nothing."""
        return self._book.learned

    def place_of(self, mapping: Mapping) -> ControlPlace:
        """Where its control and its target stand just now, for whoever shows it."""
        return self._worker.place_of(mapping)

    def press_key(self, key: str, is_down: bool) -> None:
        """A key went down or up; by the name that mappings call it by."""
        self._inbox.put(key_message(key, is_down, self._around.clock.now_s()))
        self._begin()

    def monitor(self) -> tuple[MonitorLine, ...]:
        """What has arrived lately and what it did, oldest first."""
        return self._monitor.lines()

    @property
    def num_dropped(self) -> int:
        """Messages of a flood that newer ones of the same control have replaced."""
        return self._inbox.num_dropped

    # ---- life

    def stop(self, timeout_s: float) -> None:
        """Close everything, as the show ends. A late thread is named in an event."""
        self._around.stop.set()  # a thread may be resting after a failure
        with self._lock:
            self._threads.is_stopped = True
            threads = self._threads
        lasting = [stage for stage in (threads.control, threads.gamepad) if stage is not None]
        osc = [] if threads.osc is None else [threads.osc[1]]
        stages = [*lasting, *osc, *threads.leaving]
        for stage in stages:
            stage.interrupt()
        clock = self._around.clock
        deadline_s = clock.now_s() + timeout_s
        late = [s.name for s in stages if not s.join(max(0.0, deadline_s - clock.now_s()))]
        for name in late:
            message = f"The thread {name} did not end within {timeout_s:g} s and was left behind."
            self._around.events.add(EventKind.STAGE_FAILED, Severity.ERROR, message, name)

    def _wish(self, **wishes: object) -> None:
        with self._lock:
            self._wishes.value = replace(self._wishes.value, **wishes)  # type: ignore[arg-type]
        self._begin()

    def _begin(self) -> None:
        """Start the control thread, or let it look at what has changed."""
        with self._lock:
            if self._threads.control is None and not self._threads.is_stopped:
                self._threads.control = Stage(self._worker, self._around)
                self._threads.control.start()
        self._inbox.filled.set()

    def _close_osc_server(self) -> None:
        with self._lock:
            if self._threads.osc is not None:
                stage = self._threads.osc[1]
                stage.interrupt()
                self._threads.leaving = [
                    *(s for s in self._threads.leaving if s.is_alive),
                    stage,
                ]
                self._threads.osc = None
