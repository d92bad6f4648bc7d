"""The renderer that paints in this process: loader, backbone and stream batch together.

Threads: `prepare` on the one that prepares; everything after it on the render thread. Better
accelerators are made on the thread "build" and taken over between two ticks (`swap_up`), some of
them on trial first (`trial`).
"""

from __future__ import annotations

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from engine.diffusion.acceleration import Acceleration, Made, Start
from engine.diffusion.accelerators.base import ALL_THREADS
from engine.diffusion.backbone import Backbone, ModelInfo, unused_parameters
from engine.diffusion.faults import faults_explained
from engine.diffusion.painter import Painted, Painter
from engine.diffusion.progress import part_of
from engine.diffusion.prompt import PromptBook
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.swap_up import SwapUp
from engine.diffusion.tickets import TicketOffice
from engine.diffusion.trial import Ruling, Trial
from engine.frame import Frame
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderNews, RenderSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Engaged:
    """Everything that lives between `prepare` and `close`.

    made: what paints. trial: between that and another one, while it lasts.
    aside, aside_tickets: for what never is on air, so that nothing on air depends on it.
    """

    made: Made
    num_threads: int  # for PyTorch on the render thread
    painter: Painter
    tickets: TicketOffice
    prompts: PromptBook
    swap_up: SwapUp
    aside: Painter
    aside_tickets: TicketOffice
    trial: Trial | None = None

    @property
    def backbone(self) -> Backbone:
        return self.made.backbone


class StreamRenderer:
    """A model of the Stable Diffusion families, streaming. See `engine.renderer.Renderer`."""

    def __init__(self, now_s: Callable[[], float] = time.perf_counter) -> None:
        """now_s: the clock that a trial's ticks are timed by."""
        self._now_s = now_s
        self._engaged: _Engaged | None = None
        self._spec = RenderSpec()
        self._info: RenderInfo | None = None
        self._news: deque[RenderNews] = deque()

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        start_s = time.perf_counter()
        self._spec = spec
        gc.unfreeze()  # what is left of the model before is found while this one loads
        with faults_explained(spec):
            acceleration = Acceleration(spec)
            start = acceleration.first(part_of(on_progress, 0.0, 0.9))
            engaged = self._engaged = _engage(acceleration, start, spec)
            on_progress(Progress(0.9, "Warming up"))
            self._warm_up(engaged)
        # From now on the collector passes by all that is there, libraries and model: to go through
        # them holds up every thread for up to 200 ms, and that in the middle of a show.
        gc.freeze()
        on_progress(Progress(1.0, "Ready"))
        self._info = _info(engaged, spec, time.perf_counter() - start_s)
        return self._info

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        engaged = self._swapped_up(self._ready())
        torch.set_num_threads(engaged.num_threads)
        start_s = self._now_s()
        with torch.inference_mode(), faults_explained(self._spec):
            ticket = engaged.tickets.ticket_for(params)
            painted = engaged.painter.paint(frame.image, ticket, tag=frame)
            self._tell_of_recording(engaged)
        if engaged.trial is not None:
            self._judge(engaged, engaged.trial, self._now_s() - start_s)
        return _frame_of(painted) if painted else None

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        engaged = self._ready()
        torch.set_num_threads(engaged.num_threads)
        whole = params.with_changes({"feature_reuse": 0})  # there is no frame before it
        ticket = engaged.aside_tickets.ticket_for(whole)
        with faults_explained(self._spec):
            return _frame_of(engaged.aside.paint_whole(frame.image, ticket, tag=frame))

    @property
    def model_info(self) -> ModelInfo:
        """What the prepared model is. Errors: RuntimeError before `prepare`."""
        return self._ready().backbone.info

    @property
    def in_flight(self) -> int:
        return self._engaged.painter.in_flight if self._engaged else 0

    def flush(self) -> list[Frame]:
        engaged = self._ready()
        torch.set_num_threads(engaged.num_threads)
        with faults_explained(self._spec):
            return [_frame_of(painted) for painted in engaged.painter.flush()]

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        return self._ready().prompts.remember(looks)

    def news(self) -> RenderNews | None:
        return self._news.popleft() if self._news else None

    def close(self) -> None:
        engaged, self._engaged = self._engaged, None
        if engaged is not None:
            engaged.swap_up.close()
            engaged.prompts.close()
            for made in _all_made(engaged):
                made.backbone.close()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _ready(self) -> _Engaged:
        if self._engaged is None:
            raise RuntimeError("the renderer is not prepared, or closed already")
        return self._engaged

    def _swapped_up(self, engaged: _Engaged) -> _Engaged:
        """With the better accelerator if it is ready by now; the frames in flight carry on."""
        step = engaged.swap_up.poll(engaged.made.entry.label)
        if step is None:
            return engaged
        if step.made is not None and step.made.entry.has_to_prove_itself:
            engaged = self._engaged = replace(engaged, trial=Trial(engaged.made, step.made))
        elif step.made is not None:
            old, engaged = engaged.backbone, self._go_over(engaged, step.made)
            engaged.swap_up.retire(old)
        self._tell(engaged, step.sentence)
        return engaged

    def _go_over(self, engaged: _Engaged, made: Made) -> _Engaged:
        for painter in (engaged.painter, engaged.aside):
            painter.stream.go_over_to(made.backbone)
        self._engaged = replace(engaged, made=made, num_threads=_num_threads(made.backbone))
        return self._engaged

    def _judge(self, engaged: _Engaged, trial: Trial, took_s: float) -> None:
        """Takes effect with the next tick."""
        match trial.note(engaged.painter.stream.num_rows, took_s):
            case Ruling.GO_ON:
                pass
            case Ruling.GO_OVER:
                self._go_over(engaged, trial.newcomer)
            case Ruling.GO_BACK:
                self._go_over(engaged, trial.incumbent)
            case Ruling.WON:
                self._end(engaged, trial, trial.incumbent)
            case Ruling.LOST:
                engaged.swap_up.note(trial.verdict)
                self._end(self._go_over(engaged, trial.incumbent), trial, trial.newcomer)

    def _end(self, engaged: _Engaged, trial: Trial, loser: Made) -> None:
        engaged = self._engaged = replace(engaged, trial=None)
        engaged.swap_up.retire(loser.backbone)
        self._tell(engaged, trial.verdict)

    def _tell(self, engaged: _Engaged, sentence: str) -> None:
        """How it is from now on; while a trial lasts it is as before."""
        if self._info is None:
            return
        made = engaged.trial.incumbent if engaged.trial else engaged.made
        self._info = replace(
            self._info,
            accelerator=made.entry.name,
            device=made.device,
            accelerator_notes=_notes(engaged),
            inert=unused_parameters(made.backbone),
        )
        self._news.append(RenderNews(self._info, sentence))

    def _tell_of_recording(self, engaged: _Engaged) -> None:
        """Once, when ticks turn out to go without what would make them fast."""
        note = engaged.backbone.recorder.note
        if note is None or self._info is None or note in self._info.accelerator_notes:
            return
        self._info = replace(self._info, accelerator_notes=_notes(engaged))
        self._news.append(RenderNews(self._info, note))

    def _warm_up(self, engaged: _Engaged) -> None:
        """Grey through everything, with the model's own parameters."""
        params = StreamParams().with_changes(engaged.backbone.info.defaults)
        ticket = engaged.tickets.ticket_for(params)
        grey = np.full((self._spec.height_px, self._spec.width_px, 3), 128, dtype=np.uint8)
        engaged.painter.warm_up(grey, ticket)


def _engage(acceleration: Acceleration, start: Start, spec: RenderSpec) -> _Engaged:
    made = start.made
    info, device = made.backbone.info, made.backbone.device
    shape = (
        info.latent_channels,
        spec.height_px // info.vae_scale_factor,
        spec.width_px // info.vae_scale_factor,
    )
    prompts = PromptBook(made.model.text_encoder, device)
    size_px = (spec.width_px, spec.height_px)
    # On a processor a tick has ended when its call returns: there is nothing to begin before.
    ticks_in_flight = spec.ticks_in_flight if device.type == "cuda" else 1
    painter = Painter(made.backbone, *size_px, ticks_in_flight=ticks_in_flight)
    make = partial(acceleration.make, num_rows=lambda: painter.stream.num_rows)
    new_office = partial(TicketOffice, info, prompts, shape, device)
    return _Engaged(
        made,
        _num_threads(made.backbone),
        painter,
        new_office(),
        prompts,
        SwapUp(start.better, make, start.notes),
        Painter(made.backbone, *size_px, is_recorded=False),  # too seldom to be worth it
        new_office(),
    )


def _all_made(engaged: _Engaged) -> list[Made]:
    trial = engaged.trial
    return [engaged.made] if trial is None else [trial.incumbent, trial.newcomer]


def _notes(engaged: _Engaged) -> tuple[str, ...]:
    """What is worth knowing about the accelerator that plays and those that don't."""
    note = engaged.backbone.recorder.note
    return (*engaged.swap_up.notes, *([note] if note else []))


def _info(engaged: _Engaged, spec: RenderSpec, warm_up_s: float) -> RenderInfo:
    made, model = engaged.made, engaged.made.model.info
    return RenderInfo(
        model_name=model.name,
        family=str(model.family),
        accelerator=made.entry.name,
        device=made.device,
        width_px=spec.width_px,
        height_px=spec.height_px,
        warm_up_s=warm_up_s,
        defaults=dict(model.defaults),
        known_words=model.known_words,
        inert=unused_parameters(made.backbone),
        accelerator_notes=_notes(engaged),
    )


def _num_threads(backbone: Backbone) -> int:
    """Only a model that PyTorch itself runs on the processor gains from its threads.

    For the small sums around any other, waking them costs more than they bring: on two cores that
    others use too, a frame through OpenVINO took 180 ms with two threads and 65 ms with one.
    """
    is_run_by_torch = isinstance(backbone, SDBackbone) and backbone.device.type == "cpu"
    return ALL_THREADS if is_run_by_torch else 1


def _frame_of(painted: Painted) -> Frame:
    if not isinstance(painted.tag, Frame):
        raise TypeError("a frame in flight lost its tag")
    return painted.tag.with_image(painted.image)
