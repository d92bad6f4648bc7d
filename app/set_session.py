"""The set that was being played when the window was last open, orderly closed or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.engine_names import (
    Engine,
    EngineError,
    Place,
    Set,
    ShowSpec,
    UnsavedSession,
    dump_mappings,
    first_set,
    last_session,
    load_mappings,
    load_set,
)

if TYPE_CHECKING:
    from app.main_window import MainWindow


@dataclass(frozen=True)
class LeftSession:
    """live_set: None where nothing was left. unsaved: what a crash left. problems: sentences."""

    live_set: Set | None = None
    unsaved: UnsavedSession | None = None
    problems: tuple[str, ...] = ()

    def resumed(self, show: ShowSpec) -> ShowSpec:
        """The show with the set and the looks as they were left, LoRAs and VAE of its model too."""
        if self.live_set is None:
            return show
        kept = self.live_set.render
        if kept is not None and kept.model == show.render.model:
            spec = kept.spec
            show = replace(show, render=replace(show.render, loras=spec.loras, vae=spec.vae))
        if self.live_set.place is None:
            return replace(show, live_set=self.live_set)
        return replace(show, live_set=self.live_set, explicit=frozenset())


def begin_session(engine: Engine, folder: Path | None = None) -> LeftSession:
    """Read what was left, then let the engine write over it from now on.

    folder: None takes the performer's own.
    """
    live_set, problems = _load(last_session(folder))
    try:
        return LeftSession(live_set, engine.keep_session(folder), tuple(problems))
    except EngineError as error:
        return LeftSession(live_set, None, (*problems, str(error)))


def in_first_look(show: ShowSpec) -> ShowSpec:
    """A show that says no words begins in the first look of its set, or of those shipped."""
    live_set = show.live_set or first_set(show.render.model)
    pads = live_set.banks[0].pads if live_set.banks else ()
    if show.params.prompt or live_set.place is not None or not pads:
        return show
    place = Place(a=pads[0].look)
    return replace(show, live_set=live_set.model_copy(update={"place": place}))


def mappings_of(live_set: Set | None, kept: Sequence[object]) -> list[object]:
    """What the hardware plays: the set's own, else what the window has kept."""
    if live_set is None or not live_set.mappings:
        return list(kept)
    return list(dump_mappings(load_mappings(live_set.mappings)[0]))


def tell_of_session(window: MainWindow, left: LeftSession, is_resumed: bool) -> None:
    """After a crash: say where the window stands, and the other way."""
    notices, decks = window.stage.notices, window.deck_link
    for problem in left.problems:
        notices.warn(problem)
    if left.unsaved is None:
        return
    saved_at = f"{left.unsaved.saved_at:%d %B, %H:%M}"
    if is_resumed:
        sentence = f"Reverie did not end in order; everything is as it stood on {saved_at}."
        notices.offer(sentence, "Start fresh", decks.new_set)
    else:
        path = left.unsaved.path
        notices.offer(str(left.unsaved), "Open it", lambda: decks.open_left(path))


def saved_set(path: str) -> Set | None:
    """What the file of the set holds; an empty set where it can't be read: all is unsaved."""
    return (_load(Path(path))[0] or Set()) if path else None


def _load(path: Path | None) -> tuple[Set | None, list[str]]:
    if path is None:
        return None, []
    try:
        return load_set(path)
    except EngineError as error:
        return None, [str(error)]
