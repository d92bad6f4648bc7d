"""The one set of parameters in force: the decks as they stand at a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from engine.decks.look import Look
from engine.decks.state import Decks
from engine.enums import OutputState
from engine.modulation import Shares
from engine.params import PARAMETERS, StreamParams
from engine.transition import BeatSource, Instant, PictureFade, SteadyBeats

Modulate = Callable[[Shares, StreamParams, float], StreamParams]


class LiveParams:
    """Holds the `Decks`; replaced whole under a lock. Any thread.

    `value` is what the decks said last, as the sliders stand; `moved` is the same after modulation,
    as the last tick had it. Readers of both need no lock.
    """

    def __init__(
        self,
        params: StreamParams,
        explicit: frozenset[str] | None = None,
        now_s: Callable[[], float] | None = None,
        beats: BeatSource | None = None,
        modulate: Modulate | None = None,
        on_other_look: Callable[[], None] = lambda: None,
    ) -> None:
        """now_s: when a change happens; without it at the time of the last read (offline).

        modulate: called by whoever reads; without it nothing moves. on_other_look: called on any
        thread when another look takes over; must return at once.
        """
        chosen = changed_names(params) if explicit is None else explicit
        look = Look(params, chosen)
        self._lock = threading.Lock()
        self._now_s = now_s or (lambda: self._read_s)
        self._read_s = 0.0
        self._beats = beats or SteadyBeats()
        self.decks = Decks(look, look)
        self._on_other_look = on_other_look
        self._modulate = modulate or _unmoved
        self.value = self.moved = params

    def read(self, now_s: float) -> StreamParams:
        """The parameters of one tick: look, crossfade and modulation as they are at `now_s`.

        Thread: the render thread.
        """
        with self._lock:
            self._read_s = now_s
            now = self._instant(now_s)
            params = self._move(self.decks.advance(now), now)
            shares = self.decks.modulation_at(now)
        self.moved = self._modulate(shares, params, now_s)
        return self.moved

    def change(self, step: Callable[[Decks, Instant], Decks]) -> StreamParams:
        """Do something to the decks, now. Errors: what `step` raises; nothing changes then."""
        with self._lock:
            now = self._instant(self._now_s())
            return self._move(step(self.decks.advance(now), now), now)

    def update(self, changes: Mapping[str, object]) -> StreamParams:
        """Errors: ValueError naming the parameter and its range; nothing changes then."""
        return self.change(lambda decks, now: decks.with_changes(changes, now))

    def apply_defaults(self, defaults: Mapping[str, object]) -> StreamParams:
        """Give every parameter that the user left alone the value a new model was made for."""
        with self._lock:
            now = self._instant(self._now_s())
            return self._settle(self.decks.on_model(defaults), now)

    def picture_fade_at(self, now_s: float) -> PictureFade | None:
        """The transition on the picture that is under way, if any."""
        with self._lock:
            return self.decks.picture_fade_at(self._instant(now_s))

    def output_at(self, time_s: float) -> OutputState | None:
        """What a script says that is to be sent; None: whatever the performer wants."""
        return None

    @property
    def crossfade(self) -> float:
        """Where the crossfader is: 0 is deck A, 1 is deck B."""
        decks, now = self.present()
        return decks.glide.position_at(now)

    def present(self) -> tuple[Decks, Instant]:
        """The decks and the moment, for whoever shows where they stand."""
        with self._lock:
            return self.decks, self._instant(self._now_s())

    def _instant(self, now_s: float) -> Instant:
        return Instant(now_s, self._beats.beats_at(now_s))

    def _move(self, decks: Decks, now: Instant) -> StreamParams:
        if decks.previous is not self.decks.previous:
            self._on_other_look()
        return self._settle(decks, now)

    def _settle(self, decks: Decks, now: Instant) -> StreamParams:
        """Equal values stay the same object, so that followers see that nothing happened."""
        self.decks = decks
        params = decks.params_at(now)
        if params != self.value:
            self.value = params
        return self.value


def _unmoved(_shares: Shares, params: StreamParams, _now_s: float) -> StreamParams:
    return params


def changed_names(params: StreamParams) -> frozenset[str]:
    """The parameters that differ from their declared defaults."""
    values = params.as_dict()
    return frozenset(name for name, p in PARAMETERS.items() if values[name] != p.default)
