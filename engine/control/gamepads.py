"""The thread "gamepad": pads that come and go, and what the hands on them do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from engine.control.gamepad_system import (
    GamepadSystem,
    PadCame,
    PadEvent,
    PadGone,
    PadMoved,
    PadRefused,
    SdlGamepads,
    Wants,
)
from engine.control.messages import Message, MessageKind
from engine.control.state import ControlState
from engine.control.wanted import absent_states, is_wanted
from engine.errors import ControlError
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.stage import Surroundings

# SDL has nothing to wait on without a window: it is asked, often while there is a pad.
TICK_S = 1 / 120
DEVICES_S = 1.0  # how soon a pad that is plugged in is noticed
LONGEST_S = 0.1  # of one turn, for what is held: a thread that was held up makes no leap


@dataclass
class Pad:
    """One that is plugged in. places: of its controls that are not at rest."""

    number: int
    name: str
    places: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def device(self) -> str:
        """What mappings call it by: its number, so that another pad can take its place."""
        return f"gamepad {self.number}"


class Pads:
    """Which pad has which number, and where its controls stand. One thread."""

    def __init__(self) -> None:
        self.by_id: dict[int, Pad] = {}
        self._last: dict[str, int] = {}  # hardware → the number that it had

    def came(self, came: PadCame) -> Pad:
        """It has the number that it had, if nobody has that now; else the first free one."""
        taken = {pad.number for pad in self.by_id.values()}
        free = (n for n in (self._last.get(came.hardware, 0), *range(1, len(taken) + 2)) if n)
        number = next(n for n in free if n not in taken)
        self._last[came.hardware] = number
        pad = self.by_id[came.pad] = Pad(number, came.name)
        return pad

    def gone(self, pad_id: int) -> Pad | None:
        """The pad as its controls stood; None for one that was never there."""
        return self.by_id.pop(pad_id, None)

    def moved(self, moved: PadMoved) -> Pad | None:
        """The pad, if anything has changed: sticks tremble within their dead zones."""
        pad = self.by_id.get(moved.pad)
        if pad is None or pad.places.get(moved.name, 0.0) == moved.place:
            return None
        pad.places[moved.name] = moved.place
        if not moved.place:
            del pad.places[moved.name]
        return pad


class GamepadWorker:
    """Worker of the thread "gamepad"; `wish` and `states` are any thread's.

    put: gets the messages; must return at once.
    """

    name = "gamepad"

    def __init__(
        self,
        put: Callable[[Message], None],
        around: Surroundings,
        make_system: Callable[[Wants], GamepadSystem] = SdlGamepads,
    ) -> None:
        self._put = put
        self._around = around
        self._make_system = make_system
        self._system: GamepadSystem | None = None
        self._pads = Pads()
        self._wished: Latest[tuple[str, ...]] = Latest(())
        self._wanted: tuple[str, ...] = ()
        self._faults: tuple[ControlState, ...] = ()
        self._woken, self._ending = threading.Event(), threading.Event()
        self._turned_s = around.clock.now_s()
        self.states: Latest[tuple[ControlState, ...]] = Latest(())

    def wish(self, names: tuple[str, ...]) -> None:
        """Parts of names, or `ALL`; nothing lets go of every pad."""
        self._wished.value = names
        self._woken.set()

    def interrupt(self) -> None:
        self._ending.set()
        self._woken.set()

    def step(self) -> bool:
        clock = self._around.clock
        tick_s = TICK_S if self._pads.by_id else DEVICES_S
        clock.wait_until(self._turned_s + tick_s, self._woken)
        self._woken.clear()
        if self._ending.is_set():
            return False
        now_s = clock.now_s()
        elapsed_s = min(LONGEST_S, now_s - self._turned_s)
        self._turned_s = now_s
        if self._wished.value != self._wanted:
            self._follow_wish()
        if self._system is not None:
            for event in self._system.events():
                self._take(event, now_s)
            self._tell_held(elapsed_s, now_s)
        self.states.value = self._states()
        return True

    def recover(self, error: Exception) -> bool:
        self._around.tell_failure(self.name, error)
        return not self._ending.is_set()

    def finish(self) -> None:
        self._close()

    # ---- coming and going

    def _follow_wish(self) -> None:
        self._close()
        self._wanted, self._faults = self._wished.value, ()
        if self._wanted:
            try:
                self._system = self._make_system(partial(is_wanted, wanted=self._wanted))
            except ControlError as error:
                self._faults = (ControlState("gamepads", False, str(error)),)
                self._around.events.add(
                    EventKind.CONTROL_FAILED, Severity.ERROR, str(error), self.name
                )

    def _close(self) -> None:
        """Let go of everything; harmless when nothing is open."""
        now_s = self._around.clock.now_s()
        for pad_id in list(self._pads.by_id):
            self._lose(pad_id, now_s)
        system, self._system = self._system, None
        self.states.value = ()
        if system is not None:
            system.close()

    def _take(self, event: PadEvent, now_s: float) -> None:
        if isinstance(event, PadMoved):
            pad = self._pads.moved(event)
            if pad is not None:
                self._say(MessageKind.GAMEPAD, pad, event.name, event.place, now_s)
        elif isinstance(event, PadCame):
            pad = self._pads.came(event)
            message = f"The gamepad {pad.name} can be played, as {pad.device}."
            self._tell(EventKind.CONTROL_OPENED, Severity.INFO, message, pad.name)
        elif isinstance(event, PadGone):
            pad = self._lose(event.pad, now_s)
            if pad is not None:
                message = f"The gamepad {pad.name} is away; its mappings are kept until one comes."
                self._tell(EventKind.CONTROL_AWAY, Severity.WARNING, message, pad.name)
        else:
            self._refuse(event)

    def _lose(self, pad_id: int, now_s: float) -> Pad | None:
        """What was held on it is let go."""
        pad = self._pads.gone(pad_id)
        if pad is not None:
            for name in pad.places:
                self._say(MessageKind.GAMEPAD, pad, name, 0.0, now_s)
        return pad

    def _refuse(self, refused: PadRefused) -> None:
        message = (
            f"The gamepad {refused.name} can't be opened ({refused.reason}); end what else uses "
            "it and plug it in again."
        )
        self._faults = (*self._faults, ControlState(refused.name, False, message))
        self._tell(EventKind.CONTROL_AWAY, Severity.WARNING, message, refused.name)

    def _states(self) -> tuple[ControlState, ...]:
        pads = sorted(self._pads.by_id.values(), key=lambda pad: pad.number)
        opened = tuple(ControlState(f"{pad.device}: {pad.name}", True) for pad in pads)
        if self._system is None:
            return self._faults
        names = [pad.name for pad in pads] + [fault.name for fault in self._faults]
        return (*opened, *self._faults, *absent_states("gamepad", self._wanted, names))

    # ---- what is told

    def _tell_held(self, elapsed_s: float, now_s: float) -> None:
        for pad in self._pads.by_id.values():
            for name, place in pad.places.items():
                self._say(MessageKind.HELD, pad, name, place * elapsed_s, now_s)

    def _say(self, kind: MessageKind, pad: Pad, name: str, value: float, now_s: float) -> None:
        self._put(Message(kind, pad.device, name, (value,), 0, now_s))

    def _tell(self, kind: EventKind, severity: Severity, message: str, pad_name: str) -> None:
        self._around.events.add(kind, severity, message, f"{self.name}: {pad_name}")
