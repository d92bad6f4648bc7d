"""A renderer that finishes every picture before the next one enters."""

from __future__ import annotations

from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import RendererAround


class OneByOne(RendererAround):
    """Gives up the stream batch: slower, but nothing lags, however many steps a picture takes."""

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        finished = super().render(frame, params)
        rest = self.flush()
        return rest[-1] if rest else finished
