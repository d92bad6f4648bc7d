"""A renderer that is lost again and again."""

from __future__ import annotations

from collections.abc import Iterable

from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import OnProgress, RenderInfo, RenderSpec
from tests.support.fakes import FakeRenderer

NUM_PICTURES = 5  # that are painted before each loss


class Mortal(FakeRenderer):
    """Raises the next of `losses` after every few pictures; `refusals` come at its next start."""

    def __init__(self, *losses: Exception, refusals: Iterable[Exception] = ()) -> None:
        super().__init__(defaults={"strength": 0.4})
        self.losses = list(losses)
        self.refusals = list(refusals)
        self.specs: list[RenderSpec] = []
        self._left = 0

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        self.specs.append(spec)
        self._left = NUM_PICTURES
        info = super().prepare(spec, on_progress)
        if len(self.specs) > 1 and self.refusals:
            raise self.refusals.pop(0)
        return info

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        self._left -= 1
        if self._left < 0 and self.losses:
            raise self.losses.pop(0)
        return super().render(frame, params)
