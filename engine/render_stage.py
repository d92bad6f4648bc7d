"""The render thread: effects, gate, model; owns the renderer and swaps it between two frames."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from engine.delivery import AlignedDelivery, Delivery, NewestDelivery
from engine.effects import Effects
from engine.enums import FitMode
from engine.errors import EngineError, InvalidFrame, PromptError
from engine.events import EventKind, Severity
from engine.fit import fit
from engine.frame import Frame
from engine.gating import GateKeeper
from engine.pacing import RateLimit
from engine.params import StreamParams
from engine.prepare_stage import Cause, Lost, Ready
from engine.recording.tap import Painting
from engine.recovery import as_loss
from engine.render_links import RenderLinks
from engine.renderer import Renderer, RenderInfo
from engine.show import Framing, TimedFrame
from engine.stage import Surroundings
from engine.stats import Counter
from engine.wording import Wording

log = logging.getLogger(__name__)

# With no new input for so long, a change of the parameters repaints the last one.
IDLE_S = 0.1
WARNING_INTERVAL_S = 5.0


class RenderStage:
    """Worker of the thread "render". Until a model is ready the picture is the input.

    In real time a renderer that can't go on is handed over to be replaced, and no stage stops.
    Offline its failure ends the run.
    """

    name = "render"

    def __init__(
        self,
        links: RenderLinks,
        gate: GateKeeper,
        is_realtime: bool,
        waits_for_model: bool,
        around: Surroundings,
    ) -> None:
        self._links = links
        self._gate = gate
        self._is_realtime = is_realtime
        self._must_wait = waits_for_model
        self._around = around
        self._delivery: Delivery = (NewestDelivery if is_realtime else AlignedDelivery)(
            links.painted
        )
        self._ready: Ready | None = None
        self._is_lost = False
        self._painting_since_s: float | None = None
        self._effects = Effects()
        self._is_anew = True
        self._now_s = 0.0  # of the present tick
        self._last: Frame | None = None
        self._last_params: StreamParams | None = None
        self._rehearsed: tuple[StreamParams, ...] | None = None
        self._num_renewals = 0
        self._invalid_warnings = RateLimit(WARNING_INTERVAL_S)
        self._wording = Wording(
            lambda sentence: self._tell(EventKind.NOTICE, Severity.WARNING, sentence)
        )

    def interrupt(self) -> None:
        self._links.feed.close()
        self._links.handover.close()

    def step(self) -> bool:
        if not self._swap_when_ready():
            return False
        self._renew_when_due()
        entered = self._links.feed.take(IDLE_S if self._is_realtime else None)
        if self._around.stop.is_set():
            return False
        if entered is not None:
            self._tick(entered)
            self._preview()
            return True
        if self._links.feed.is_finished:
            self._drain()
            return False
        self._keep_controls_live()
        self._preview()
        return True

    def recover(self, error: Exception) -> bool:
        self._around.tell_failure(self.name, error)
        return self._is_realtime

    def finish(self) -> None:
        self._links.feed.close()  # nobody takes from it any more
        self._links.handover.close()
        self._links.may_read.set()
        self._links.painted.close()
        self._close_renderer()

    # ---- swapping

    def _swap_when_ready(self) -> bool:
        """Returns: False when the show needs a model and there will be none."""
        ready = self._links.handover.take(None if self._must_wait else 0.0)
        if ready is not None:
            self._swap(ready)
        elif self._must_wait:
            return False
        return True

    def _swap(self, ready: Ready) -> None:
        self._deliver_all()
        self._close_renderer()
        self._ready = ready
        self._painting_since_s = None
        self._last_params = None  # the last picture is worth painting once more
        self._rehearsed = None
        framing = self._links.framing.value
        self._links.framing.value = Framing(ready.info.width_px, ready.info.height_px, framing.fit)
        self._links.params.apply_defaults(ready.info.defaults)
        self._links.info.value = ready.info
        self._gate.restart()
        self._wording.restart()
        self._must_wait = False
        self._links.may_read.set()
        self._links.governor.follow(ready)
        if ready.cause is Cause.WISH:  # a replacement has to paint before anybody is told
            message = f"{ready.info.model_name} plays on {ready.info.device}."
            self._tell(EventKind.MODEL_READY, Severity.INFO, message)

    def _close_renderer(self) -> None:
        ready, self._ready = self._ready, None
        self._begin_anew()
        if ready is not None:
            ready.renderer.close()

    # ---- losing

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """Whatever the renderer raises, but a bad frame: in real time it is lost and replaced."""
        try:
            yield
        except InvalidFrame as error:
            self._hold(error)
        except Exception as error:
            if not self._is_realtime:
                raise
            self._lose(error)

    def _lose(self, error: Exception) -> None:
        ready, self._ready = self._ready, None
        if ready is None:
            raise error
        if not isinstance(error, EngineError):
            log.error("the renderer failed", exc_info=error)
            self._around.tell_failure(self.name, error)
        self._begin_anew()
        self._owe()
        loss = as_loss(error)
        message = f"{loss} The last picture is held while {ready.info.model_name} is made anew."
        self._tell(EventKind.RENDERER_LOST, Severity.ERROR, message)
        self._is_lost = True
        self._links.replace(Lost(ready, loss, self._painted_s()))

    def _painted_s(self) -> float:
        """How long the present renderer has painted."""
        if self._painting_since_s is None:
            return 0.0
        return self._around.clock.now_s() - self._painting_since_s

    def _note_picture(self) -> None:
        self._links.owed_since_s.value = None
        if self._painting_since_s is None:
            self._painting_since_s = self._around.clock.now_s()
        if self._is_lost and self._ready is not None:
            self._is_lost = False
            message = f"{self._ready.info.model_name} paints again."
            self._tell(EventKind.RENDERER_BACK, Severity.INFO, message)

    def _owe(self) -> None:
        if self._links.owed_since_s.value is None:
            self._links.owed_since_s.value = self._around.clock.now_s()

    # ---- renewing

    @property
    def _is_renewal_due(self) -> bool:
        return self._links.renewals.value != self._num_renewals

    def _begin_anew(self) -> None:
        """Nothing from before counts any more."""
        self._effects.restart()
        self._is_anew = True

    def _renew_when_due(self) -> None:
        """Nothing that is in flight comes out any more, and the last input is painted anew."""
        if not self._is_renewal_due:
            return
        self._num_renewals = self._links.renewals.value
        if self._ready is not None:
            with self._guarded():
                self._ready.renderer.flush()
        self._begin_anew()
        self._gate.restart()
        self._last_params = None

    # ---- painting

    def _playable(self, now_s: float) -> StreamParams:
        """In real time with the words before, until the renderer has the new ones ready."""
        self._now_s = now_s
        params = self._links.governor.played(self._links.params.read(now_s))
        if self._ready is not None and self._is_realtime:
            with self._guarded():
                self._rehearse(self._ready.renderer)
                params = self._wording.playable(self._ready.renderer, params)
        return params

    def _rehearse(self, renderer: Renderer) -> None:
        """Make ready what one touch can play, once; what fails is told when it is played."""
        looks = self._links.looks.value
        if looks is self._rehearsed:
            return
        self._rehearsed = looks
        try:
            renderer.remember(looks)
        except PromptError as error:
            log.info("%s", error)

    def _tick(self, entered: TimedFrame) -> None:
        now_s = self._around.clock.now_s() if self._is_realtime else entered.time_s
        params = self._playable(now_s)
        self._renew_when_due()  # a script may have asked for it just now
        self._delivery.expect(replace(entered, fade=self._links.params.picture_fade_at(now_s)))
        self._last, self._last_params = entered.frame, params
        if self._ready is None:
            if not self._is_lost:
                self._delivery.let_through(entered)
            return
        if not self._paint_if_worthy(self._ready, entered.frame, params):
            self._links.owed_since_s.value = None
            self._around.recorder.count(Counter.SKIPPED)

    def _paint_if_worthy(self, ready: Ready, frame: Frame, params: StreamParams) -> bool:
        """Returns: whether the gate let the frame through to the model."""
        framed = _of_model_size(frame, ready.info)
        with self._around.recorder.timing("input"):
            seen = self._effects.seen(framed, params)
        with self._around.recorder.timing("gate"):
            is_admitted = self._gate.admits(seen, params, ready.renderer.in_flight)
        self._note_tick(ready, framed, params, is_skipped=not is_admitted)
        if is_admitted:
            self._paint(ready, seen, params)
            self._links.governor.note(self._now_s, self._around.clock.now_s())
        else:
            self._settle(frame, params)
        return is_admitted

    def _note_tick(
        self, ready: Ready, frame: Frame, params: StreamParams, is_skipped: bool
    ) -> None:
        """For whoever records the show."""
        taps = [outlet.tap for outlet in self._links.outlets.value if outlet.tap is not None]
        if not taps:
            return
        fade = self._links.params.picture_fade_at(self._now_s)
        painting = Painting(
            frame, params, self._now_s, ready.spec, ready.info, is_skipped, self._is_anew,
            self._links.output.value, fade,
        )  # fmt: skip
        self._is_anew = False
        for tap in taps:
            tap.note(painting)

    def _paint(self, ready: Ready, frame: Frame, params: StreamParams) -> None:
        self._effects.admit(frame)
        self._owe()
        finished = None
        with self._guarded(), self._around.recorder.timing("render"):
            finished = ready.renderer.render(frame, params)
        self._take_news()
        if finished is not None and not self._is_renewal_due:
            self._hand_out(finished, params)

    def _take_news(self) -> None:
        """What has changed in the renderer by itself: it has gone over to a better accelerator."""
        while self._ready is not None and (news := self._ready.renderer.news()) is not None:
            self._ready = replace(self._ready, info=news.info)
            self._links.info.value = news.info
            self._links.governor.follow_info(news.info)
            if news.sentence:
                self._tell(EventKind.NOTICE, Severity.INFO, news.sentence)

    def _hand_out(self, finished: Frame, params: StreamParams) -> None:
        self._note_picture()
        self._around.recorder.count(Counter.RENDERED)
        self._gate.has_come_out(finished.sequence)
        with self._around.recorder.timing("mix"):
            mixed = self._effects.finish(finished, params)
        self._links.newest.value = mixed
        self._delivery.deliver(mixed)

    def _settle(self, skipped: Frame, params: StreamParams) -> None:
        """The model rests; smoothing still goes to its end."""
        settling = self._effects.settle(skipped, params)
        if settling is not None:
            self._links.newest.value = settling
            self._delivery.deliver(settling)

    def _hold(self, error: InvalidFrame) -> None:
        self._around.recorder.count(Counter.INVALID)
        if self._invalid_warnings.allows(self._around.clock.now_s()):
            self._tell(EventKind.FRAME_INVALID, Severity.WARNING, str(error))

    def _keep_controls_live(self) -> None:
        """No input comes: paint the last one again while that changes or finishes anything."""
        params = self._playable(self._around.clock.now_s())
        if self._ready is None or self._last is None:
            return
        num_in_flight = self._ready.renderer.in_flight
        is_settled = params == self._last_params and not self._gate.is_bypassed
        is_still = self._effects.is_settled and not params.feeds_back
        if is_settled and is_still and not self._gate.is_waiting(num_in_flight):
            return
        self._last_params = params
        self._paint_if_worthy(self._ready, self._last, params)

    def _preview(self) -> None:
        """A look that is off air, now and then, while all is well on air."""
        is_well = self._painting_since_s is not None and self._links.owed_since_s.value is None
        if self._is_realtime and self._ready is not None and self._last is not None and is_well:
            frame = _of_model_size(self._last, self._ready.info)
            with self._guarded():
                self._links.previewer.paint_when_due(self._ready.renderer, frame)

    # ---- ending

    def _drain(self) -> None:
        self._deliver_all()
        self._delivery.complete()

    def _deliver_all(self) -> None:
        """Let out what is in flight; in real time a renderer that can't any more loses it."""
        finished_frames: list[Frame] = []
        if self._ready is not None:
            with self._guarded():
                finished_frames = self._ready.renderer.flush()
        for finished in finished_frames:
            self._hand_out(finished, self._links.params.moved)

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, self.name)


def _of_model_size(frame: Frame, info: RenderInfo) -> Frame:
    """A frame that was captured just before a swap to another size still fits."""
    return frame.with_image(fit(frame.image, info.width_px, info.height_px, FitMode.STRETCH))
