"""What must be made anew after a loss, when, and how large. Thread: the prepare thread."""

from __future__ import annotations

from dataclasses import replace

from engine.errors import RendererLost
from engine.events import EventKind, Severity
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.recovery import History, Lighter, Setback, lighter
from engine.renderer import RenderSpec
from engine.stage import Surroundings

STAGE = "prepare"


class Restoration:
    """Remembers the lost model and its history; proposes or takes less when memory runs out.

    proposal: what would fit, while it waits to be taken; read by any thread.
    """

    def __init__(
        self,
        params: LiveParams,
        takes_less: bool,
        proposal: Latest[Lighter | None],
        around: Surroundings,
    ) -> None:
        self._params = params
        self._takes_less = takes_less
        self._proposal = proposal
        self._around = around
        self._history = History()
        self._told = ""
        self.spec: RenderSpec | None = None  # None: nothing is to be made anew
        self.due_s = 0.0

    def begin(self, spec: RenderSpec, error: RendererLost, painted_s: float) -> None:
        """The renderer of `spec` was lost, which has been told already."""
        self.spec, self._told = spec, str(error)
        self._count(Setback(error.reason, painted_s))

    def fail(self, error: RendererLost) -> None:
        """It could not be made anew; the tries are silent until something else is wrong."""
        if str(error) != self._told:
            self._told = str(error)
            message = f"{error} It is tried again; the show goes on."
            self._tell(EventKind.RENDERER_LOST, Severity.ERROR, message)
        self._count(Setback(error.reason))

    def settle(self, is_chosen: bool) -> None:
        """A renderer is ready. The history stays, unless it is another that the user has chosen."""
        self.spec = None
        if is_chosen:
            self._history, self._proposal.value = History(), None

    def _count(self, setback: Setback) -> None:
        self._history = self._history.after(setback)
        if self._history.needs_less:
            self._reduce()
        self.due_s = self._around.clock.now_s() + self._history.delay_s

    def _reduce(self) -> None:
        if self.spec is None:
            return
        less = lighter(self.spec, self._params.value.num_inference_steps)
        if less is None:
            return
        if self._takes_less:
            self._take(less)
        elif less != self._proposal.value:
            self._proposal.value = less
            message = f"{self.spec.model} runs out of memory; {less.description} would need less."
            self._tell(EventKind.DEGRADE_PROPOSED, Severity.WARNING, message)

    def _take(self, less: Lighter) -> None:
        self.spec = less.spec
        if less.num_inference_steps != self._params.value.num_inference_steps:
            self._params.update({"num_inference_steps": less.num_inference_steps})
        self._history = replace(self._history, out_of_memory=0)
        message = f"{less.spec.model} ran out of memory; it goes on at {less.description}."
        self._tell(EventKind.DEGRADED, Severity.WARNING, message)

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, STAGE)
