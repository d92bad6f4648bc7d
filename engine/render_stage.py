"""The render thread: gate, model, dry/wet; owns the renderer and swaps it between two frames."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import cast

import cv2

from engine.delivery import AlignedDelivery, Delivery, NewestDelivery
from engine.enums import FitMode
from engine.errors import EngineError, InvalidFrame
from engine.events import EventKind, Severity
from engine.fit import fit
from engine.frame import Frame, Image
from engine.gating import GateKeeper
from engine.latest import Latest
from engine.live_params import LiveParams
from engine.mailbox import Mailbox
from engine.pacing import RateLimit
from engine.params import StreamParams
from engine.prepare_stage import Ready
from engine.renderer import Renderer, RenderInfo
from engine.show import Framing, TimedFrame
from engine.stage import Surroundings
from engine.stats import Counter

# With no new input for so long, a change of the parameters repaints the last one.
IDLE_S = 0.1
WARNING_INTERVAL_S = 5.0
NUM_INPUTS_KEPT = 64


@dataclass(frozen=True)
class RenderLinks:
    """What the render thread shares with the others.

    feed, handover: in. painted: out, to the presenter. params: read once per tick. framing: told
    the size of a new model. info: of the model in use. may_read: set when the first model plays.
    """

    feed: Mailbox[TimedFrame]
    handover: Mailbox[Ready]
    painted: Mailbox[TimedFrame]
    params: LiveParams
    framing: Latest[Framing]
    info: Latest[RenderInfo | None]
    may_read: threading.Event


class RenderStage:
    """Worker of the thread "render". Until a model is ready the picture is the input."""

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
        self._renderer: Renderer | None = None
        self._size_px = (0, 0)
        self._inputs: dict[int, Frame] = {}
        self._last: Frame | None = None
        self._last_params: StreamParams | None = None
        self._invalid_warnings = RateLimit(WARNING_INTERVAL_S)

    def interrupt(self) -> None:
        self._links.feed.close()
        self._links.handover.close()

    def step(self) -> bool:
        if not self._swap_when_ready():
            return False
        entered = self._links.feed.take(IDLE_S if self._is_realtime else None)
        if self._around.stop.is_set():
            return False
        if entered is not None:
            self._tick(entered)
            return True
        if self._links.feed.is_finished:
            self._drain()
            return False
        self._keep_controls_live()
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
        self._renderer = ready.renderer
        self._size_px = (ready.info.width_px, ready.info.height_px)
        framing = self._links.framing.value
        self._links.framing.value = Framing(*self._size_px, framing.fit)
        self._links.params.apply_defaults(ready.info.defaults)
        self._links.info.value = ready.info
        self._gate.restart()
        self._must_wait = False
        self._links.may_read.set()
        message = f"{ready.info.model_name} plays on {ready.info.device}."
        self._tell(EventKind.MODEL_READY, Severity.INFO, message)

    def _close_renderer(self) -> None:
        renderer, self._renderer = self._renderer, None
        self._inputs.clear()
        if renderer is not None:
            renderer.close()

    # ---- painting

    def _tick(self, entered: TimedFrame) -> None:
        params = self._links.params.value
        self._delivery.expect(entered)
        self._last, self._last_params = entered.frame, params
        if self._renderer is None:
            self._delivery.deliver(entered.frame)
            return
        with self._around.recorder.timing("gate"):
            is_admitted = self._gate.admits(entered.frame, params, self._renderer.in_flight)
        if is_admitted:
            self._paint(self._renderer, entered.frame, params)
        else:
            self._around.recorder.count(Counter.SKIPPED)

    def _paint(self, renderer: Renderer, frame: Frame, params: StreamParams) -> None:
        frame = self._of_model_size(frame)
        self._remember(frame)
        try:
            with self._around.recorder.timing("render"):
                finished = renderer.render(frame, params)
        except InvalidFrame as error:
            self._hold(error)
            return
        if finished is not None:
            self._hand_out(finished, params)

    def _hand_out(self, finished: Frame, params: StreamParams) -> None:
        self._around.recorder.count(Counter.RENDERED)
        self._gate.has_come_out(finished.sequence)
        with self._around.recorder.timing("mix"):
            mixed = mix(self._inputs.get(finished.sequence), finished, params.dry_wet)
        self._delivery.deliver(mixed)
        for sequence in [s for s in self._inputs if s < finished.sequence]:
            del self._inputs[sequence]

    def _of_model_size(self, frame: Frame) -> Frame:
        """A frame that was captured just before a swap to another size still fits."""
        return frame.with_image(fit(frame.image, *self._size_px, FitMode.STRETCH))

    def _remember(self, frame: Frame) -> None:
        self._inputs[frame.sequence] = frame
        if len(self._inputs) > NUM_INPUTS_KEPT:  # invalid ones never come out
            del self._inputs[next(iter(self._inputs))]

    def _hold(self, error: InvalidFrame) -> None:
        self._around.recorder.count(Counter.INVALID)
        if self._invalid_warnings.allows(self._around.clock.now_s()):
            self._tell(EventKind.FRAME_INVALID, Severity.WARNING, str(error))

    def _keep_controls_live(self) -> None:
        """No input comes: paint the last one again while that changes or finishes anything."""
        params = self._links.params.value
        if self._renderer is None or self._last is None:
            return
        num_in_flight = self._renderer.in_flight
        is_settled = params == self._last_params and not self._gate.is_bypassed
        if is_settled and not self._gate.is_waiting(num_in_flight):
            return
        self._last_params = params
        if self._gate.admits(self._last, params, num_in_flight):
            self._paint(self._renderer, self._last, params)

    # ---- ending

    def _drain(self) -> None:
        self._deliver_all()
        self._delivery.complete()

    def _deliver_all(self) -> None:
        """Let out what is in flight; a renderer that can't any more loses it."""
        if self._renderer is None:
            return
        try:
            finished_frames = self._renderer.flush()
        except EngineError as error:
            self._tell(EventKind.FRAME_INVALID, Severity.WARNING, str(error))
            return
        for finished in finished_frames:
            self._hand_out(finished, self._links.params.value)

    def _tell(self, kind: EventKind, severity: Severity, message: str) -> None:
        self._around.events.add(kind, severity, message, self.name)


def mix(dry: Frame | None, wet: Frame, dry_wet: float) -> Frame:
    """Blend the painted picture with the input of the same sequence.

    dry_wet: 1 gives `wet` itself, 0 the input itself. Returns: sequence and time of `wet`.
    """
    if dry is None or dry_wet == 1.0:
        return wet
    if dry_wet == 0.0:
        return wet.with_image(dry.image)
    image = cv2.addWeighted(wet.image, dry_wet, dry.image, 1.0 - dry_wet, 0.0)
    return wet.with_image(cast("Image", image))
