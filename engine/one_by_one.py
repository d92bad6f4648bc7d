"""A renderer that finishes every picture before the next one enters."""

from __future__ import annotations

from collections.abc import Sequence

from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import OnProgress, Renderer, RenderInfo, RenderSpec


class OneByOne:
    """Gives up the stream batch: slower, but nothing lags, however many steps a picture takes.

    See `engine.renderer.Renderer`.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        return self._renderer.prepare(spec, on_progress)

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        finished = self._renderer.render(frame, params)
        rest = self._renderer.flush()
        return rest[-1] if rest else finished

    @property
    def in_flight(self) -> int:
        return self._renderer.in_flight

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        return self._renderer.remember(looks)

    def flush(self) -> list[Frame]:
        return self._renderer.flush()

    def close(self) -> None:
        self._renderer.close()
