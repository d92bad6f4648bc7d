"""When the similarity gate may rest the model, and when it must not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.frame import Frame, Image
from engine.latest import Latest
from engine.params import StreamParams


class Gate(Protocol):
    """Decides whether a picture is worth painting; see engine.similarity."""

    def admit(self, image: Image, params: StreamParams) -> bool: ...

    def reset(self) -> None: ...

    @property
    def similarity(self) -> float: ...


@dataclass(frozen=True, slots=True)
class GateState:
    """For the lamp: did the last picture rest the model, and how alike was its worst block."""

    is_skipping: bool = False
    similarity: float = 0.0


class GateKeeper:
    """Asks the gate, except where resting would hold back something that is on its way.

    A picture that the last one is fed back into never stands still, whatever it is like, so it is
    always painted. So is a changed parameter: the gate is passed by for as many ticks as a frame
    needs to come out. A skipped picture still drives the batch on until the last admitted one is
    out, so a scene that comes to rest shows its final picture. Thread: the render thread; `state`:
    any.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.state: Latest[GateState] = Latest(GateState())
        self._params: StreamParams | None = None
        self._bypass_ticks = 0
        self._awaited: int | None = None  # sequence of the last frame admitted on its own merit

    def restart(self) -> None:
        """Another model: everything must be painted anew."""
        self._gate.reset()
        self._params = None
        self._awaited = None

    @property
    def is_bypassed(self) -> bool:
        return self._bypass_ticks > 0

    def is_waiting(self, num_in_flight: int) -> bool:
        """The last admitted frame is still in the batch."""
        return self._awaited is not None and num_in_flight > 0

    def has_come_out(self, sequence: int) -> None:
        if self._awaited is not None and sequence >= self._awaited:
            self._awaited = None

    def admits(self, frame: Frame, params: StreamParams, num_in_flight: int) -> bool:
        """Whether this tick happens."""
        self._note_change(params)
        is_filtered = params.similarity_filter and not params.feeds_back
        is_worthy = not is_filtered or self._gate.admit(frame.image, params)
        if self._bypass_ticks > 0:
            self._bypass_ticks -= 1
            is_worthy = True
        if is_worthy:
            self._awaited = frame.sequence
        is_admitted = is_worthy or self.is_waiting(num_in_flight)
        self.state.value = GateState(not is_admitted, self._gate.similarity)
        return is_admitted

    def _note_change(self, params: StreamParams) -> None:
        if params == self._params:
            return
        num_steps_before = self._params.num_inference_steps if self._params else 0
        self._bypass_ticks = max(params.num_inference_steps, num_steps_before)
        self._params = params
