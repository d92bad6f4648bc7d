"""Pictures of looks that are off air, painted now and then from the present input.

The model paints one stream. Between two of its ticks there is time for a picture of another look,
if that stays rare: a tick comes later by one such picture, and only so often that they take about a
thirtieth of the time.
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.effects import Effects
from engine.errors import InvalidFrame, PromptError
from engine.events import EventKind, Severity
from engine.frame import Frame
from engine.latest import Latest
from engine.params import StreamParams
from engine.renderer import Renderer
from engine.show import OutputState
from engine.stage import Surroundings

log = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 0.5
PAUSE_RATIO = 30.0  # to what the last one took
STAGE = "render"


@dataclass(frozen=True, slots=True)
class PreviewWish:
    """A look that somebody wants to see. key: theirs, and comes back with the picture.

    weight: above 0; with twice another's its turn comes again after half the time.
    """

    key: str
    params: StreamParams
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a look would make of the present input. frame: of the model's size."""

    key: str
    frame: Frame


@dataclass(frozen=True, slots=True)
class Turn:
    """The last turn that a wish had: when, and what was painted. picture: a digest of the input."""

    at_s: float
    picture: int
    params: StreamParams


# ---- whose turn it is, and when; pure


def next_wish(
    wishes: Sequence[PreviewWish], turns: Mapping[str, Turn], picture: int, now_s: float
) -> PreviewWish | None:
    """The wish that has waited longest for its weight; before all, in order, who had no turn yet.

    turns: by key. None: with this input every picture would be as it is.
    """

    def waited(wish: PreviewWish) -> float:
        turn = turns.get(wish.key)
        return math.inf if turn is None else wish.weight * (now_s - turn.at_s)

    def has_changed(wish: PreviewWish) -> bool:
        turn = turns.get(wish.key)
        return turn is None or (turn.picture, turn.params) != (picture, wish.params)

    return max(filter(has_changed, wishes), key=waited, default=None)


def pause_s(cost_s: float) -> float:
    """How long nothing is painted aside after a picture that took so long."""
    return max(SHORTEST_PAUSE_S, PAUSE_RATIO * cost_s)


class Previewer:
    """Paints what is wished for. In real time only; without wishes it costs nothing.

    wishes: any thread writes. newest: any thread reads. All else: the render thread.
    """

    def __init__(
        self,
        lightened: Callable[[StreamParams], StreamParams],
        output: Latest[OutputState],
        around: Surroundings,
    ) -> None:
        """lightened: what is played of a look. output: nothing is painted aside unless live."""
        self.wishes: Latest[tuple[PreviewWish, ...]] = Latest(())
        self.newest: Latest[Preview | None] = Latest(None)
        self._lightened = lightened
        self._output = output
        self._around = around
        self._turns: dict[str, Turn] = {}
        self._due_s = 0.0
        self._is_under_way = False

    def paint_when_due(self, renderer: Renderer, frame: Frame) -> None:
        """One picture at most. frame: the newest input, of the model's size.

        Errors: what the renderer raises, but for a bad picture. No other is painted afterwards in
        this show: what is off air isn't worth a second loss on air.
        """
        if self._is_under_way:
            self._give_up()
        wishes, now_s = self.wishes.value, self._around.clock.now_s()
        if not wishes or now_s < self._due_s or self._output.value is not OutputState.LIVE:
            return
        self._turns = {w.key: self._turns[w.key] for w in wishes if w.key in self._turns}
        picture = zlib.crc32(frame.image.tobytes())
        wish = next_wish(wishes, self._turns, picture, now_s)
        if wish is not None and self._has_had_turn(renderer, wish, frame):
            self._turns[wish.key] = Turn(now_s, picture, wish.params)
        end_s = self._around.clock.now_s()
        self._due_s = end_s + pause_s(end_s - now_s)

    def _has_had_turn(self, renderer: Renderer, wish: PreviewWish, frame: Frame) -> bool:
        """False while its words are made ready in the background: no tick waits for them."""
        params = self._lightened(wish.params)
        try:
            if not renderer.remember((params,)):
                return False
            self.newest.value = Preview(wish.key, self._painted(renderer, params, frame))
        except (PromptError, InvalidFrame) as error:
            log.info("no preview: %s", error)
        self._is_under_way = False
        return True

    def _painted(self, renderer: Renderer, params: StreamParams, frame: Frame) -> Frame:
        """As the look would begin: nothing of what is on air is fed back into it."""
        effects = Effects()
        seen = effects.seen(frame, params)
        effects.admit(seen)
        self._is_under_way = True
        with self._around.recorder.timing("preview"):
            painted = renderer.preview(seen, params)
        return effects.finish(painted, params)

    def _give_up(self) -> None:
        """The last one never ended: the renderer was lost with it."""
        self._is_under_way, self._due_s = False, math.inf
        self._around.events.add(
            EventKind.NOTICE,
            Severity.WARNING,
            "There are no more previews in this show: the model was lost while one was painted.",
            STAGE,
        )
