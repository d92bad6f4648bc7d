"""The one set of parameters in force: the decks as they stand at a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from engine.decks.look import Look
from engine.decks.state import Decks, PictureFade
from engine.params import PARAMETERS, StreamParams
from engine.transition import BeatSource, Instant, SteadyBeats


class LiveParams:
    """Holds the `Decks`; replaced whole under a lock. Any thread.

    `value` is what `read` gave last, or what a change has made of it since; readers need no lock.
    """

    def __init__(
        self,
        params: StreamParams,
        explicit: frozenset[str] | None = None,
        now_s: Callable[[], float] | None = None,
        beats: BeatSource | None = None,
    ) -> None:
        """now_s: when a change happens; without it at the time of the last read (offline)."""
        chosen = changed_names(params) if explicit is None else explicit
        look = Look(params, chosen)
        self._lock = threading.Lock()
        self._now_s = now_s or (lambda: self._read_s)
        self._read_s = 0.0
        self._beats = beats or SteadyBeats()
        self.decks = Decks(look, look)
        self.value = params

    def read(self, now_s: float) -> StreamParams:
        """The parameters of one tick: look and crossfade as they are at `now_s`."""
        with self._lock:
            self._read_s = now_s
            now = self._instant(now_s)
            return self._settle(self.decks.advance(now), now)

    def change(self, step: Callable[[Decks, Instant], Decks]) -> StreamParams:
        """Do something to the decks, now. Errors: what `step` raises; nothing changes then."""
        with self._lock:
            now = self._instant(self._now_s())
            return self._settle(step(self.decks.advance(now), now), now)

    def update(self, changes: Mapping[str, object]) -> StreamParams:
        """Errors: ValueError naming the parameter and its range; nothing changes then."""
        return self.change(lambda decks, now: decks.with_changes(changes, now))

    def apply_defaults(self, defaults: Mapping[str, object]) -> StreamParams:
        """Give every parameter that the user left alone the value a new model was made for."""
        return self.change(lambda decks, now: decks.on_model(defaults))

    def picture_fade_at(self, now_s: float) -> PictureFade | None:
        """The transition on the picture that is under way, if any."""
        with self._lock:
            return self.decks.picture_fade_at(self._instant(now_s))

    @property
    def crossfade(self) -> float:
        """Where the crossfader is: 0 is deck A, 1 is deck B."""
        with self._lock:
            return self.decks.glide.position_at(self._instant(self._now_s()))

    def _instant(self, now_s: float) -> Instant:
        return Instant(now_s, self._beats.beats_at(now_s))

    def _settle(self, decks: Decks, now: Instant) -> StreamParams:
        """Equal values stay the same object, so that followers see that nothing happened."""
        self.decks = decks
        params = decks.params_at(now)
        if params != self.value:
            self.value = params
        return self.value


def changed_names(params: StreamParams) -> frozenset[str]:
    """The parameters that differ from their declared defaults."""
    values = params.as_dict()
    return frozenset(name for name, p in PARAMETERS.items() if values[name] != p.default)
