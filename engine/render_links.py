"""What the render thread shares with the other threads of a show."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.frame import Frame
from engine.governing import Governor
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.mailbox import Mailbox
from engine.params import StreamParams
from engine.prepare_stage import Lost, Ready
from engine.previewing import Previewer
from engine.renderer import RenderInfo
from engine.show import Framing, OutputState, TimedFrame
from engine.sink_stage import Outlet


@dataclass(frozen=True)
class RenderLinks:
    """One show's ends of it; each line says who tells whom.

    feed, handover: in. painted: out, to the presenter. params: read once per tick. framing: told
    the size of a new model. info: of the model in use. may_read: set when the first model plays.
    owed_since_s: since when a picture should have come; None while none is owed. replace: told of
    a renderer that is lost, to close it and make another. looks: those that one touch can play.
    renewals: counts how often nothing that is in flight was to come out any more. newest: out, the
    last painted picture. outlets: the sinks, some of which record what is painted from what.
    output: what the audience is sent. governor: says what is played of what was set. previewer:
    paints looks that are off air, between two ticks.
    """

    feed: Mailbox[TimedFrame]
    handover: Mailbox[Ready]
    painted: Mailbox[TimedFrame]
    params: LiveParams
    framing: Latest[Framing]
    info: Latest[RenderInfo | None]
    may_read: threading.Event
    owed_since_s: Latest[float | None]
    replace: Callable[[Lost], None]
    looks: Latest[tuple[StreamParams, ...]]
    renewals: Latest[int]
    newest: Latest[Frame | None]
    outlets: Latest[tuple[Outlet, ...]]
    output: Latest[OutputState]
    governor: Governor
    previewer: Previewer
