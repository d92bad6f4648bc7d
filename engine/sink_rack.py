"""The sinks of one show: opened, fed, and finished in the background when they are taken away."""

from __future__ import annotations

from collections.abc import Callable

from engine.latest import Latest
from engine.show import Framing, ShowSpec
from engine.sink_stage import Outlet, SinkStage
from engine.sinks.base import Sink
from engine.stage import Stage, Surroundings
from engine.stats import SinkState


class SinkRack:
    """Every sink on a thread of its own. Thread: the caller's, one at a time, for every method.

    outlets: where the presenter and the render thread reach those in use.
    Errors: ValueError for a URI of no known form, before any thread has started.
    """

    def __init__(
        self,
        show: ShowSpec,
        make: Callable[[str], Sink],
        framing: Latest[Framing],
        around: Surroundings,
    ) -> None:
        self.outlets: Latest[tuple[Outlet, ...]] = Latest(())
        self._show, self._make, self._framing, self._around = show, make, framing, around
        self._in_use: list[tuple[SinkStage, Stage]] = []
        self._leaving: list[Stage] = []  # removed, but still finishing their files
        for worker in [self._worker(uri) for uri in show.sinks]:
            self._adopt(worker)

    @property
    def states(self) -> tuple[SinkState, ...]:
        return tuple(worker.state for worker, _ in self._in_use)

    @property
    def in_use(self) -> list[Stage]:
        return [stage for _, stage in self._in_use]

    @property
    def unfinished(self) -> list[Stage]:
        """Those in use and those that still finish their files."""
        return [*self.in_use, *self._leaving]

    def add(self, uri: str) -> None:
        """The same URI once more: one that failed is tried anew."""
        worker = self._worker(uri)
        self.remove(uri)
        self._adopt(worker).start()

    def remove(self, uri: str) -> None:
        """Harmless when there is none."""
        for pair in [pair for pair in self._in_use if pair[0].state.uri == uri]:
            worker, stage = pair
            self.outlets.value = tuple(o for o in self.outlets.value if o is not worker.outlet)
            stage.interrupt()
            self._in_use.remove(pair)
            self._leaving = [*(left for left in self._leaving if left.is_alive), stage]

    def _worker(self, uri: str) -> SinkStage:
        framing = self._framing.value
        return SinkStage(
            self._make(uri),
            uri,
            (framing.width_px, framing.height_px),
            self._show.output_fps_hz,
            self._around,
            is_retried=self._show.is_realtime,
        )

    def _adopt(self, worker: SinkStage) -> Stage:
        stage = Stage(worker, self._around)
        self._in_use.append((worker, stage))
        self.outlets.value = (*self.outlets.value, worker.outlet)
        return stage
