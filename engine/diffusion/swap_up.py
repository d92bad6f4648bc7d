"""Better accelerators, made one after the other while the show paints with what was ready."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from engine.diffusion.acceleration import Made
from engine.diffusion.accelerators import AcceleratorEntry
from engine.diffusion.backbone import Backbone
from engine.diffusion.background import BackgroundThread
from engine.errors import EngineError, PreparationCancelled, clause_of
from engine.renderer import OnProgress, Progress

CLOSE_TIMEOUT_S = 5.0
NUM_PROGRESS_STEPS = 20  # progress is told so often on its way to the end

Make = Callable[[AcceleratorEntry, OnProgress], Made]


@dataclass(frozen=True, slots=True)
class Step:
    """Something has changed. sentence: worth telling, or empty. made: to be gone over to now."""

    sentence: str = ""
    made: Made | None = None


class SwapUp:
    """Ends with the first one that can be made, which is the best.

    Threads: every method on the render thread; `make` runs on the thread "build".
    """

    def __init__(
        self, better: Sequence[AcceleratorEntry], make: Make, notes: Sequence[str] = ()
    ) -> None:
        """better: the best one first. notes: why still better ones were passed over."""
        self._waiting = deque(better)
        self._make = make
        self._notes = list(notes)
        self._thread: BackgroundThread | None = None
        self._is_closed = threading.Event()
        self._building: AcceleratorEntry | None = None
        self._future: Future[Made] | None = None
        self._progress = Progress(0.0, "")
        self._told_progress = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Why better ones than what plays were passed over, or how far the one to come is."""
        if self._building is None:
            return tuple(self._notes)
        percent = self._told_progress * 100 // NUM_PROGRESS_STEPS
        return (*self._notes, f"{self._building.label} is being made ready: {percent} %.")

    def poll(self, playing: str) -> Step | None:
        """What has happened since last asked, the oldest first; begins what comes next.

        playing: the label of the accelerator that paints.
        """
        if self._building is None or self._future is None:
            return self._begin(playing)
        if self._future.done():
            return self._conclude(self._building, self._future, playing)
        return self._advance()

    def note(self, sentence: str) -> None:
        """Something worth knowing about what was made."""
        self._notes.append(sentence)

    def retire(self, backbone: Backbone) -> None:
        """Close what doesn't paint any more, where it may take its time."""
        if self._thread is not None:
            self._thread.submit(backbone.close)

    def close(self) -> None:
        """Give up what is being made; what comes too late is closed. Bounded."""
        self._is_closed.set()
        if self._thread is not None:
            self._thread.close(CLOSE_TIMEOUT_S)
        future, self._future = self._future, None
        if future is not None and future.done() and future.exception() is None:
            future.result().backbone.close()

    # ---- render thread

    def _begin(self, playing: str) -> Step | None:
        if not self._waiting:
            return None
        entry = self._building = self._waiting.popleft()
        self._progress, self._told_progress = Progress(0.0, ""), 0
        self._thread = self._thread or BackgroundThread("build")
        self._future = self._thread.submit(lambda: self._build(entry))
        return Step(
            f"{entry.label} is being made ready in the background; the show runs on {playing} "
            "until then."
        )

    def _advance(self) -> Step | None:
        progress = int(self._progress.fraction * NUM_PROGRESS_STEPS)
        if progress == self._told_progress:
            return None
        self._told_progress = progress
        return Step()

    def _conclude(self, entry: AcceleratorEntry, future: Future[Made], playing: str) -> Step:
        self._building = self._future = None
        error = future.exception()
        if error is None:
            self._waiting.clear()
            return Step(_how_it_goes_on(entry, playing), future.result())
        is_sentence = isinstance(error, EngineError)
        reason = str(error) if is_sentence else f"{entry.label} failed: {clause_of(error)}."
        self._notes.append(reason)
        return Step(f"{reason} The show goes on with {playing}.")

    # ---- build thread

    def _build(self, entry: AcceleratorEntry) -> Made:
        made = self._make(entry, self._report)
        if self._is_closed.is_set():
            made.backbone.close()
            raise PreparationCancelled("The show has ended.")
        return made

    def _report(self, progress: Progress) -> None:
        self._progress = progress
        if self._is_closed.is_set():
            raise PreparationCancelled("The show has ended.")


def _how_it_goes_on(made: AcceleratorEntry, playing: str) -> str:
    if made.has_to_prove_itself:
        return f"{made.label} is ready and plays from now on if it is faster here than {playing}."
    return f"{made.label} is ready: the show runs on it from now on."
