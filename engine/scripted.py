"""A replay in place of the performer: parameters, gate and panic states as a script has them."""

from __future__ import annotations

from engine.enums import OutputState
from engine.frame import Frame
from engine.gating import GateKeeper
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.params import StreamParams
from engine.recording.script import Script
from engine.similarity import SimilarityGate
from engine.transition import PictureFade


class ScriptedParams(LiveParams):
    """What was played, read off by the place in time; decks and modulation have no say.

    renewals: raised before a tick at which everything began anew. Thread: the render thread.
    """

    def __init__(self, script: Script, renewals: Latest[int]) -> None:
        super().__init__(script.params_of(script.numbered(0)))
        self._script = script
        self._renewals = renewals

    def read(self, now_s: float) -> StreamParams:
        tick = self._script.at(now_s)
        if tick.is_anew:
            self._renewals.value += 1
        self.value = self.moved = self._script.params_of(tick)
        return self.moved

    def picture_fade_at(self, now_s: float) -> PictureFade | None:
        return self._script.at(now_s).fade

    def output_at(self, time_s: float) -> OutputState:
        """What the audience was sent. Thread: the present thread."""
        return self._script.at(time_s).output


class ScriptedGate(GateKeeper):
    """Rests the model where it was rested live. Thread: the render thread."""

    def __init__(self, script: Script) -> None:
        super().__init__(SimilarityGate())
        self._script = script

    def admits(self, frame: Frame, params: StreamParams, num_in_flight: int) -> bool:
        return not self._script.numbered(frame.sequence).is_skipped
