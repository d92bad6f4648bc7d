"""A show whose picture tells the strength, for tests of what moves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.api import Engine, Frame, StreamParams
from engine.control.desk import ControlMakers
from tests.support.fakes import FakeRenderer, FakeSource
from tests.support.rig import Rig

UNGATED = StreamParams(similarity_filter=False)
LEVEL = 10


class StrengthRenderer(FakeRenderer):
    """Paints a grey as bright as the strength."""

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        self.shift = round(params.strength * 200)
        return super().render(frame, params)


def shown(strength: float) -> int:
    return LEVEL + round(strength * 200)


@contextmanager
def show(makers: ControlMakers | None = None, **wishes: Any) -> Iterator[tuple[Rig, Engine]]:
    """A show with a camera that sees one grey, painted as bright as the strength."""
    source = FakeSource(level=lambda index: LEVEL)
    rig = Rig(source, renderer=StrengthRenderer(), control_makers=makers)
    with rig.playing(params=UNGATED, **wishes) as engine:
        yield rig, engine


def wait_for_picture(rig: Rig, strength: float) -> None:
    rig.clock.run_until(lambda: rig.sink.levels[-1:] == [shown(strength)])
