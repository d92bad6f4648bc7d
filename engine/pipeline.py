"""Builds the stages of one show, joins them by mailboxes, starts and stops them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine import fine_timer
from engine.capture_stage import CaptureOutlets, CaptureStage, Limits
from engine.clock import Clock
from engine.enums import FitMode
from engine.events import EventKind, EventLog, Severity
from engine.frame import Frame
from engine.gating import GateKeeper
from engine.governing import Governor
from engine.hearing import Hearing
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.mailbox import Mailbox
from engine.one_by_one import OneByOne
from engine.params import StreamParams
from engine.prepare_stage import PrepareStage, Ready, RendererFactory
from engine.presenter import LivePresenter, OfflinePresenter, PresentLinks
from engine.previewing import Previewer
from engine.recovery import Lighter
from engine.render_links import RenderLinks
from engine.render_stage import RenderStage
from engine.renderer import Progress, Renderer, RenderInfo, RenderSpec
from engine.restoration import Restoration
from engine.scripted import ScriptedGate, ScriptedParams
from engine.show import Framing, OutputState, ShowSpec, TimedFrame
from engine.similarity import SimilarityGate
from engine.sink_rack import SinkRack
from engine.sinks import make_sink
from engine.sinks.base import Sink
from engine.sources import make_source
from engine.sources.base import Source
from engine.stage import Stage, Surroundings
from engine.stats import Recorder, SourceState
from engine.steady_rate import SteadyRate

# Generators paint at the model's own size, so that nothing of them is cut away or blurred.
GENERATORS = ("demo", "pattern")


@dataclass(frozen=True)
class Makers:
    """How sources, sinks and renderers come into being; tests put fakes here."""

    renderer: RendererFactory
    source: Callable[..., Source] = make_source
    sink: Callable[[str], Sink] = make_sink


class Pipeline:
    """One show from start to stop. Thread: the caller's, one at a time, for every method.

    Errors: ValueError for a source or sink URI of no known form, before any thread has started.
    """

    def __init__(
        self, show: ShowSpec, makers: Makers, output: Latest[OutputState], clock: Clock
    ) -> None:
        self.show = show
        self._makers = makers
        self.around = Surroundings(clock, EventLog(clock), Recorder(clock))
        self.hearing = Hearing(show.audio, show.is_realtime, self.around)
        self._renewals = Latest(0)
        self.params = self._make_params()
        self.params.change(lambda decks, now: decks.with_modulation(show.modulation))
        self.looks: Latest[tuple[StreamParams, ...]] = Latest(())
        self.keepsake: Latest[Frame | None] = Latest(None)  # the last picture of the look before
        self._newest_painted: Latest[Frame | None] = Latest(None)
        size_px = (show.render.width_px, show.render.height_px)
        self.framing = Latest(Framing(*size_px, show.fit))
        self.newest_input: Latest[Frame | None] = Latest(None)
        self.shown: Latest[Frame | None] = Latest(None)
        self.source_state = Latest(SourceState(show.source))
        self.loading: Latest[Progress | None] = Latest(None)
        self.info: Latest[RenderInfo | None] = Latest(None)
        self.proposal: Latest[Lighter | None] = Latest(None)
        self.bypass_amount: Latest[float] = Latest(0.0)
        self._owed_since_s: Latest[float | None] = Latest(None)
        self.gate = ScriptedGate(show.script) if show.script else GateKeeper(SimilarityGate())
        self.feed: Mailbox[TimedFrame] = Mailbox()
        self.painted: Mailbox[TimedFrame] = Mailbox()
        self._handover: Mailbox[Ready] = Mailbox()
        self._may_read = threading.Event()
        self.output = output
        self.sinks = SinkRack(show, makers.sink, self.framing, self.around)
        self._capture = self._make_capture()
        self._prepare = self._make_prepare()
        self.governor = self._make_governor()
        self.previewer = Previewer(self.governor.lightened, output, self.around)
        presenter = self._make_presenter()
        self._presenter = Stage(presenter, self.around, has_rhythm=show.is_realtime)
        self._stages = [
            Stage(self._prepare, self.around),
            Stage(self._make_render(), self.around),
            Stage(self._capture, self.around),
            self._presenter,
            self.hearing.stage,
        ]

    # ---- life

    def start(self) -> None:
        fine_timer.request()
        self._prepare.request(self.show.render)
        self._tell(EventKind.STARTED, f"The show starts with {self.show.source}.")
        for stage in self.sinks.in_use + self._stages:
            stage.start()

    def stop(self, timeout_s: float) -> list[str]:
        """End every stage. Returns: the names of threads that did not end in time."""
        self.around.stop.set()
        self._prepare.cancel()
        deadline_s = self.around.clock.now_s() + timeout_s
        for stage in self._stages:
            stage.interrupt()
        # The presenter closes the sinks' mailboxes at its end; they finish what they hold.
        late = self._join(self._stages, deadline_s)
        if not late:
            self.hearing.close()
        sinks = self.sinks.unfinished
        for stage in sinks:
            stage.interrupt()
        late += self._join(sinks, deadline_s)
        fine_timer.release()
        self._tell_end(late, timeout_s)
        return late

    def wait(self, timeout_s: float | None) -> bool:
        """Until the show has ended by itself and every sink has closed."""
        stages = [self._presenter, *self.sinks.in_use]
        deadline_s = math.inf if timeout_s is None else self.around.clock.now_s() + timeout_s
        return not self._join(stages, deadline_s)

    @property
    def is_running(self) -> bool:
        return self._presenter.is_alive

    def _join(self, stages: list[Stage], deadline_s: float) -> list[str]:
        late: list[str] = []
        for stage in stages:
            left_s = deadline_s - self.around.clock.now_s()
            if not stage.join(None if math.isinf(left_s) else max(0.0, left_s)):
                late.append(stage.name)
        return late

    def _tell_end(self, late: list[str], timeout_s: float) -> None:
        for name in late:
            message = f"The thread {name} did not end within {timeout_s:g} s and was left behind."
            self.around.events.add(EventKind.STAGE_FAILED, Severity.ERROR, message, name)
        self._tell(EventKind.STOPPED, "The show has ended.")

    # ---- commands

    def set_source(self, uri: str) -> None:
        self._capture.switch(uri, self._new_source(uri))

    def set_fit(self, fit: FitMode) -> None:
        self.framing.value = replace(self.framing.value, fit=fit)

    def load(self, spec: RenderSpec) -> None:
        self._prepare.request(spec)

    def cancel_load(self) -> None:
        self._prepare.cancel()

    @property
    def playing_render(self) -> RenderSpec:
        """Of the model that plays; before the first is ready, of that one."""
        return self._prepare.playing or self.show.render

    @property
    def wanted_render(self) -> RenderSpec:
        """What is being made ready, else what plays."""
        return self._prepare.wanted or self.show.render

    def renew(self, meanwhile: Frame | None = None) -> None:
        """Nothing that is in flight comes out any more. meanwhile: shown until a new one does."""
        self._renewals.value += 1
        if meanwhile is not None:
            now_s = self.around.clock.now_s()
            self.painted.put(TimedFrame(meanwhile, now_s, is_painted=False))

    def _keep_picture(self) -> None:
        self.keepsake.value = self._newest_painted.value

    # ---- building

    @property
    def _waits_for_model(self) -> bool:
        return self.show.waits_for_model or not self.show.is_realtime

    def _make_params(self) -> LiveParams:
        """As a script says, or as hands and modulation move them."""
        show = self.show
        if show.script is not None:
            return ScriptedParams(show.script, self._renewals)
        return LiveParams(
            show.params,
            show.explicit,
            self.around.clock.now_s if show.is_realtime else None,
            beats=self.hearing.beat,
            modulate=self.hearing.modulator.apply,
            on_other_look=self._keep_picture,
        )

    def _make_governor(self) -> Governor:
        return Governor(
            self.show.target_fps_hz,
            self._most_fps_hz,
            lambda: self.feed.dropped,
            self._prepare.adjust,
            self.around,
        )

    def _new_source(self, uri: str) -> Source:
        """A clip loops, except in an offline run without a limit, which takes it once."""
        is_limited = self.show.max_frames is not None or self.show.max_seconds_s is not None
        loops = self.show.is_realtime or (is_limited and self.show.script is None)
        if uri not in GENERATORS:
            return self._makers.source(uri, loops=loops)
        framing = self.framing.value
        return self._makers.source(uri, framing.width_px, framing.height_px, loops=loops)

    def _make_capture(self) -> CaptureStage:
        outlets = CaptureOutlets(
            self.feed, self.newest_input, self.framing, self.source_state, self._may_read
        )
        if not self._waits_for_model:
            self._may_read.set()
        limits = Limits(self.show.max_frames or math.inf, self.show.max_seconds_s or math.inf)
        source = self._new_source(self.show.source)
        return CaptureStage(
            source, self.show.source, outlets, limits, self.show.is_realtime, self.around
        )

    def _make_prepare(self) -> PrepareStage:
        restoration = Restoration(self.params, self.show.auto_degrade, self.proposal, self.around)
        return PrepareStage(
            self._new_renderer,
            self._handover,
            self.loading,
            restoration,
            self.around,
            is_first_vital=self._waits_for_model,
            is_realtime=self.show.is_realtime,
        )

    def _new_renderer(self, spec: RenderSpec) -> Renderer:
        renderer = self._makers.renderer(spec)
        return OneByOne(renderer) if self.show.is_one_by_one else renderer

    def _make_render(self) -> RenderStage:
        links = RenderLinks(
            self.feed,
            self._handover,
            self.painted,
            self.params,
            self.framing,
            self.info,
            self._may_read,
            self._owed_since_s,
            self._prepare.replace,
            self.looks,
            self._renewals,
            self._newest_painted,
            self.sinks.outlets,
            self.output,
            self.governor,
            self.previewer,
        )
        return RenderStage(
            links, self.gate, self.show.is_realtime, self._waits_for_model, self.around
        )

    def _most_fps_hz(self) -> float:
        """More pictures a second than that come in or go out would be seen by nobody."""
        info = self.source_state.value.info
        source_fps_hz = info.fps_hz if info is not None and info.fps_hz > 0 else math.inf
        return min(self.show.output_fps_hz, source_fps_hz)

    def _make_presenter(self) -> LivePresenter | OfflinePresenter:
        links = PresentLinks(
            self.painted,
            self.newest_input,
            self.shown,
            self.sinks.outlets,
            self.output,
            self.params,
            self.framing,
            self._owed_since_s,
            self.bypass_amount,
        )
        if self.show.is_realtime:
            return LivePresenter(links, self.show.output_fps_hz, self.around)
        steady = SteadyRate(self.show.output_fps_hz) if self.show.is_steady else None
        return OfflinePresenter(links, self.around, steady)

    def _tell(self, kind: EventKind, message: str) -> None:
        self.around.events.add(kind, Severity.INFO, message)
