"""Both decks and what is going on between them: one frozen value, and all that can be done to it.

Pure: the moment is always told. See the package's page for the words and the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from engine.decks.following import (
    followed_cue,
    followed_look,
    followed_pad,
    pad_like,
    pad_with_words,
)
from engine.decks.look import Look, PadAddress
from engine.decks.morph import morph
from engine.modulation import Matrix, Shares, blend
from engine.params import StreamParams
from engine.presets import Preset
from engine.sets import Cue, Set
from engine.transition import (
    CUT,
    Instant,
    PictureFade,
    Quantise,
    TimeUnit,
    Transition,
    next_beat,
)

START = Instant(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Glide:
    """The crossfader's way, A at 0 and B at 1. At rest: a cut to where it stands."""

    start: float = 0.0
    end: float = 0.0
    since: Instant = START
    transition: Transition = CUT

    def progress_at(self, now: Instant) -> float:
        return self.transition.progress(self.since, now)

    def position_at(self, now: Instant) -> float:
        """Where the crossfader is; on the picture the looks themselves change at once."""
        if self.transition.is_on_picture:
            return self.end
        return self.start + (self.end - self.start) * self.progress_at(now)

    @property
    def is_towards_b(self) -> bool:
        return self.end >= 0.5


@dataclass(frozen=True, slots=True)
class Shot:
    """A look that is to be fired. cue: its number, 0 when it is none of the cue list."""

    look: Preset
    transition: Transition
    pad: PadAddress | None = None
    cue: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A shot that waits for its beat."""

    shot: Shot
    due_beat: float


@dataclass(frozen=True, slots=True)
class FollowOn:
    """The next cue goes by itself. due: on the ruler of `unit`."""

    due: float
    unit: TimeUnit


@dataclass(frozen=True, slots=True)
class Decks:
    """Two looks, the crossfader, what waits and what played before.

    cues, cue: the running order and the number of the cue that went last, 0 for none.
    is_held: nothing happens by itself; follow-ons wait for a hand. defaults: the values that the
    model was made for.
    """

    a: Look = field(default_factory=Look)
    b: Look = field(default_factory=Look)
    glide: Glide = Glide()
    previous: Look | None = None
    waiting: Waiting | None = None
    follow_on: FollowOn | None = None
    cues: tuple[Cue, ...] = ()
    cue: int = 0
    is_held: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])

    # ---- what plays

    @property
    def on_air(self) -> Look:
        """The look of the deck that the crossfader rests on or moves to."""
        return self.b if self.glide.is_towards_b else self.a

    def params_at(self, now: Instant) -> StreamParams:
        """What the model paints with."""
        return morph(self.a.params, self.b.params, self.glide.position_at(now))

    def modulation_at(self, now: Instant) -> Shares:
        """What moves the parameters: both looks' routes, each as far as its look is heard."""
        if self.is_held:
            return ()
        return blend(self.a.modulation, self.b.modulation, self.glide.position_at(now))

    def picture_fade_at(self, now: Instant) -> PictureFade | None:
        """The transition on the picture that is under way, if any."""
        glide = self.glide
        progress = glide.progress_at(now)
        if not glide.transition.is_on_picture or progress >= 1.0:
            return None
        return PictureFade(glide.transition.kind, glide.since, progress)

    def follows_in(self, now: Instant) -> float | None:
        """How long until the next cue goes by itself, in the unit of its follow-on."""
        if self.follow_on is None or self.cue >= len(self.cues):
            return None
        return max(0.0, self.follow_on.due - now.on(self.follow_on.unit))

    # ---- what happens with time

    def advance(self, now: Instant) -> Decks:
        """Everything that has fallen due by `now`."""
        decks = self
        if decks.waiting is not None and now.beats >= decks.waiting.due_beat:
            decks = decks.fire(decks.waiting.shot, now)
        while decks._follows_at(now):
            decks = replace(decks.go(decks.cue + 1, now), waiting=decks.waiting)
        return decks

    def _follows_at(self, now: Instant) -> bool:
        follow_on = self.follow_on
        is_due = follow_on is not None and now.on(follow_on.unit) >= follow_on.due
        return is_due and not self.is_held and self.cue < len(self.cues)

    # ---- what a performer does

    def fire(self, shot: Shot, now: Instant) -> Decks:
        """Put a look on the other deck and move the crossfader there.

        From between the decks the mixture of the moment goes on as the outgoing look.
        """
        outgoing, coming = self.on_air, self.on_air.with_preset(shot.look, shot.pad)
        leaving = replace(outgoing, params=self.params_at(now))
        is_from_b = self.glide.position_at(now) >= 0.5
        start, end = (1.0, 0.0) if is_from_b else (0.0, 1.0)
        return replace(
            self,
            a=coming if is_from_b else leaving,
            b=leaving if is_from_b else coming,
            glide=Glide(start, end, now, shot.transition),
            previous=outgoing,
            waiting=None,
            follow_on=self._follow_on_of(shot.cue, now),
            cue=shot.cue or self.cue,
        )

    def fire_on(self, shot: Shot, quantise: Quantise, now: Instant) -> Decks:
        """Fire now, or at the next beat or bar; what has waited gives way."""
        due_beat = next_beat(now.beats, quantise)
        if due_beat <= now.beats:
            return self.fire(shot, now)
        return replace(self, waiting=Waiting(shot, due_beat))

    def go(self, number: int, now: Instant) -> Decks:
        """Fire a cue of the running order. Errors: ValueError when it has no such cue."""
        if not self.cues:
            raise ValueError("the cue list is empty; add a cue first")
        if not 1 <= number <= len(self.cues):
            raise ValueError(f"there is no cue {number}; there are {len(self.cues)}")
        cue = self.cues[number - 1]
        return self.fire(Shot(cue.look, cue.transition, cue=number), now)

    def go_back_to_previous(self, now: Instant) -> Decks:
        """The look that played before the present one, at once, at the settings it had.

        Once more: back again. Errors: ValueError when there was none.
        """
        if self.previous is None:
            raise ValueError("no other look has played before this one")
        return replace(
            self._settled_on(self.previous, now), previous=self.on_air, follow_on=None, waiting=None
        )

    def with_changes(self, changes: Mapping[str, object], now: Instant) -> Decks:
        """Change what is heard: the deck on air, between the decks both.

        Errors: ValueError naming the parameter and what is allowed.
        """
        position, before = self.glide.position_at(now), self.on_air
        decks = replace(
            self,
            a=self.a.with_changes(changes) if position < 1.0 else self.a,
            b=self.b.with_changes(changes) if position > 0.0 else self.b,
        )
        is_other_look = decks.on_air.params.prompt != before.params.prompt
        return replace(decks, previous=before) if is_other_look else decks

    def with_modulation(self, matrix: Matrix) -> Decks:
        """Other routes for the look on air."""
        if self.glide.is_towards_b:
            return replace(self, b=replace(self.b, modulation=matrix))
        return replace(self, a=replace(self.a, modulation=matrix))

    def with_crossfade(self, position: float) -> Decks:
        """The crossfader in a hand: whatever moved it stops. Errors: ValueError beyond 0-1."""
        if not 0.0 <= position <= 1.0:
            raise ValueError(f"the crossfader is a number from 0 to 1, not {position}")
        return replace(self, glide=Glide(position, position))

    def swing(self, transition: Transition, now: Instant) -> Decks:
        """Move the crossfader from where it is to the deck that is not on air."""
        end = 0.0 if self.glide.is_towards_b else 1.0
        glide = Glide(self.glide.position_at(now), end, now, transition)
        return replace(self, glide=glide, previous=self.on_air)

    def at_rest(self) -> Decks:
        """The transition under way is at its end, and nothing waits or follows."""
        glide = Glide(self.glide.end, self.glide.end)
        return replace(self, glide=glide, waiting=None, follow_on=None)

    def with_cues(self, cues: tuple[Cue, ...]) -> Decks:
        """Another running order; the cue that went last is followed to its new place."""
        return replace(self, cues=cues, cue=followed_cue(self.cues, cues, self.cue))

    def with_set(self, old: Set, new: Set) -> Decks:
        """Another running order and other pads after an edit; what plays goes on."""
        waiting = self.waiting
        if waiting is not None:
            pad = followed_pad(old, new, waiting.shot.pad)
            waiting = replace(waiting, shot=replace(waiting.shot, pad=pad))
        decks = self.followed(partial(followed_look, old, new))
        return replace(decks, waiting=waiting).with_cues(new.cues)

    def followed(self, step: Callable[[Look], Look]) -> Decks:
        """The same for every look there is."""
        previous = None if self.previous is None else step(self.previous)
        return replace(self, a=step(self.a), b=step(self.b), previous=previous)

    def with_pad_on_air(self, pad: PadAddress, name: str) -> Decks:
        """The look on air is this pad's: it has just been stored there."""
        look = replace(self.on_air, pad=pad, name=name)
        return replace(self, b=look) if self.glide.is_towards_b else replace(self, a=look)

    def recognised(self, live_set: Set, loaded: int) -> Decks:
        """The look on air, if it is nobody's, as that of the pad with its words."""
        pad = None if self.on_air.pad else pad_with_words(live_set, loaded, self.on_air)
        return self if pad is None else self.with_pad_on_air(*pad)

    def as_left(self, live_set: Set, now: Instant) -> Decks:
        """Another set's running order and, if it was played before, its looks as it was left."""
        decks = replace(self, cues=live_set.cues, cue=0, waiting=None, follow_on=None)
        place = live_set.place
        if place is None:
            return decks.followed(lambda look: replace(look, pad=None)).recognised(live_set, 1)
        plain, pad_of = Look().on_model(self.defaults), partial(pad_like, live_set, place.bank)
        return replace(
            decks,
            a=plain.with_preset(place.a, pad_of(place.a)),
            b=plain.with_preset(place.b, pad_of(place.b)),
            glide=Glide(place.crossfade, place.crossfade, now),
            previous=self.on_air,
            cue=min(place.cue, len(live_set.cues)),
        )

    def resumed(
        self, left: Set, wanted: Mapping[str, object], modulation: Matrix, now: Instant
    ) -> Decks:
        """The next show: both decks as the last one left them, with what is wanted of its look."""
        decks = self.as_left(left, now)
        present, chosen = decks.params_at(now).as_dict(), self.on_air.chosen - decks.on_air.chosen
        changes = {n: v for n, v in wanted.items() if n in chosen or v != present[n]}
        decks = decks.with_changes(changes, now).with_modulation(modulation)
        return replace(decks, previous=None)

    def on_model(self, defaults: Mapping[str, object]) -> Decks:
        """What nobody chose gets the value that a new model was made for."""
        return replace(self.followed(lambda look: look.on_model(defaults)), defaults=defaults)

    def _settled_on(self, look: Look, now: Instant) -> Decks:
        """A cut to a look, on the other deck."""
        end = 0.0 if self.glide.position_at(now) >= 0.5 else 1.0
        decks = replace(self, glide=Glide(end, end, now))
        return replace(decks, a=look) if end == 0.0 else replace(decks, b=look)

    def _follow_on_of(self, number: int, now: Instant) -> FollowOn | None:
        if number == 0:
            return None  # a pad in the hand ends the run of cues
        cue = self.cues[number - 1]
        if cue.follow is None:
            return None
        return FollowOn(now.on(cue.follow_unit) + cue.follow, cue.follow_unit)
