"""A whole engine on fakes, with its clock in the test's hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.api import Engine, Event, EventKind, ShowSpec
from engine.control.desk import ControlMakers
from engine.pipeline import Makers
from engine.renderer import Renderer, RenderSpec
from engine.sinks.base import Sink
from engine.sources.base import Source
from tests.support.fakes import SIZE_PX, FakeRenderer, FakeSink, FakeSource
from tests.support.manual_clock import PATIENCE_S, ManualClock

SPEC = RenderSpec(model="fake", width_px=SIZE_PX, height_px=SIZE_PX)


class Rig:
    """Sources, sinks and renderers by the name that the show calls them by."""

    def __init__(
        self,
        source: Source | None = None,
        sink: Sink | None = None,
        renderer: Renderer | None = None,
        control_makers: ControlMakers | None = None,
    ) -> None:
        self.clock = ManualClock()
        self.sources: dict[str, Source] = {"fake": source or FakeSource()}
        self.sinks: dict[str, Sink] = {"fake": sink or FakeSink()}
        self.renderers: dict[str, Renderer] = {"fake": renderer or FakeRenderer()}
        self.events: list[Event] = []
        makers = Makers(
            renderer=lambda spec: self.renderers[spec.model],
            source=lambda uri, *size, loops: self.sources[uri],
            sink=lambda uri: self.sinks[uri],
        )
        self.engine = Engine(self.clock, makers=makers, control_makers=control_makers)

    @property
    def sink(self) -> FakeSink:
        sink = self.sinks["fake"]
        assert isinstance(sink, FakeSink)
        return sink

    @property
    def renderer(self) -> FakeRenderer:
        renderer = self.renderers["fake"]
        assert isinstance(renderer, FakeRenderer)
        return renderer

    @contextmanager
    def playing(self, **show: Any) -> Iterator[Engine]:
        """A show on the fakes; whatever the test did, it is stopped afterwards."""
        wishes = {"source": "fake", "sinks": ("fake",), "render": SPEC, **show}
        self.engine.start(ShowSpec(**wishes))
        try:
            yield self.engine
        finally:
            self.renderer.may_prepare.set()
            self.renderer.may_render.set()
            self.engine.stop(PATIENCE_S)

    def play_out(self, **show: Any) -> None:
        """An offline show from beginning to end."""
        with self.playing(is_realtime=False, **show) as engine:
            assert engine.wait(PATIENCE_S), "the show did not end"

    def has_happened(self, kind: EventKind) -> bool:
        self.events += self.engine.poll_events()
        return any(event.kind is kind for event in self.events)

    def messages(self, kind: EventKind) -> list[str]:
        self.events += self.engine.poll_events()
        return [event.message for event in self.events if event.kind is kind]
