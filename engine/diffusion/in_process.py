"""The renderer that paints in this process: loader, backbone and stream batch together.

Threads: `prepare` on the one that prepares; everything after it on the render thread. Better
accelerators are made on the thread "build" and taken over between two ticks (`swap_up`).
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from engine.diffusion.acceleration import Acceleration, Made, Start
from engine.diffusion.accelerators.base import ALL_THREADS
from engine.diffusion.backbone import Backbone, ModelInfo, unused_parameters
from engine.diffusion.faults import faults_explained
from engine.diffusion.pictures import PictureBuffer, to_image
from engine.diffusion.progress import part_of
from engine.diffusion.prompt import PromptBook
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.stream_batch import Finished, StreamBatch
from engine.diffusion.swap_up import SwapUp
from engine.diffusion.tickets import TicketOffice
from engine.errors import InvalidFrame
from engine.frame import Frame, Image
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderNews, RenderSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Engaged:
    """Everything that lives between `prepare` and `close`.

    aside, aside_tickets: for what never is on air, so that nothing on air depends on it.
    """

    made: Made
    num_threads: int  # for PyTorch on the render thread
    stream: StreamBatch
    tickets: TicketOffice
    pictures: PictureBuffer
    prompts: PromptBook
    swap_up: SwapUp
    aside: StreamBatch
    aside_tickets: TicketOffice

    @property
    def backbone(self) -> Backbone:
        return self.made.backbone


class StreamRenderer:
    """A model of the Stable Diffusion families, streaming. See `engine.renderer.Renderer`."""

    def __init__(self) -> None:
        self._engaged: _Engaged | None = None
        self._spec = RenderSpec()
        self._info: RenderInfo | None = None
        self._news: deque[RenderNews] = deque()

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        start_s = time.perf_counter()
        self._spec = spec
        with faults_explained(spec):
            acceleration = Acceleration(spec)
            start = acceleration.first(part_of(on_progress, 0.0, 0.9))
            self._engaged = _engage(acceleration, start, spec)
            on_progress(Progress(0.9, "Warming up"))
            self._warm_up(self._engaged)
        on_progress(Progress(1.0, "Ready"))
        self._info = _info(start, spec, time.perf_counter() - start_s)
        return self._info

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        engaged = self._swapped_up(self._ready())
        torch.set_num_threads(engaged.num_threads)
        with torch.inference_mode(), faults_explained(self._spec):
            latent = engaged.backbone.encode(engaged.pictures.to_tensor(frame.image))
            engaged.stream.admit(latent, engaged.tickets.ticket_for(params), tag=frame)
            finished = engaged.stream.tick()
            return _paint(engaged, finished[-1]) if finished else None

    def preview(self, frame: Frame, params: StreamParams) -> Frame:
        engaged = self._ready()
        torch.set_num_threads(engaged.num_threads)
        whole = params.with_changes({"feature_reuse": 0})  # there is no frame before it
        finished: list[Finished] = []
        with torch.inference_mode(), faults_explained(self._spec):
            latent = engaged.backbone.encode(engaged.pictures.to_tensor(frame.image))
            engaged.aside.admit(latent, engaged.aside_tickets.ticket_for(whole), tag=frame)
            while engaged.aside.in_flight:
                finished = engaged.aside.tick()
            return _paint(engaged, finished[-1])

    @property
    def model_info(self) -> ModelInfo:
        """What the prepared model is. Errors: RuntimeError before `prepare`."""
        return self._ready().backbone.info

    @property
    def in_flight(self) -> int:
        return self._engaged.stream.in_flight if self._engaged else 0

    def flush(self) -> list[Frame]:
        engaged = self._ready()
        painted: list[Frame] = []
        torch.set_num_threads(engaged.num_threads)
        with torch.inference_mode(), faults_explained(self._spec):
            while engaged.stream.in_flight:
                for finished in engaged.stream.tick():
                    try:
                        painted.append(_paint(engaged, finished))
                    except InvalidFrame as error:  # the good ones behind it still come out
                        log.warning("%s", error)
        return painted

    def remember(self, looks: Sequence[StreamParams]) -> bool:
        return self._ready().prompts.remember(looks)

    def news(self) -> RenderNews | None:
        return self._news.popleft() if self._news else None

    def close(self) -> None:
        engaged, self._engaged = self._engaged, None
        if engaged is not None:
            engaged.swap_up.close()
            engaged.prompts.close()
            engaged.backbone.close()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _ready(self) -> _Engaged:
        if self._engaged is None:
            raise RuntimeError("the renderer is not prepared, or closed already")
        return self._engaged

    def _swapped_up(self, engaged: _Engaged) -> _Engaged:
        """With the better accelerator if it is ready by now; the frames in flight carry on."""
        step = engaged.swap_up.poll(engaged.made.entry.label)
        if step is None or self._info is None:
            return engaged
        if step.made is not None:
            for stream in (engaged.stream, engaged.aside):
                stream.go_over_to(step.made.backbone)
            engaged.swap_up.retire(engaged.backbone)
            engaged = replace(engaged, made=step.made, num_threads=_num_threads(step.made.backbone))
            self._engaged = engaged
        self._info = replace(
            self._info,
            accelerator=engaged.made.entry.name,
            device=engaged.made.device,
            accelerator_notes=engaged.swap_up.notes,
            inert=unused_parameters(engaged.backbone),
        )
        self._news.append(RenderNews(self._info, step.sentence))
        return engaged

    def _warm_up(self, engaged: _Engaged) -> None:
        """One grey frame through everything, with the model's own parameters."""
        params = StreamParams().with_changes(engaged.backbone.info.defaults)
        ticket = engaged.tickets.ticket_for(params)
        with torch.inference_mode():
            image = torch.zeros(
                (1, 3, self._spec.height_px, self._spec.width_px), device=engaged.backbone.device
            )
            engaged.stream.admit(engaged.backbone.encode(image), ticket)
            while engaged.stream.in_flight:
                for finished in engaged.stream.tick():
                    _decode(engaged, finished.latent)


def _engage(acceleration: Acceleration, start: Start, spec: RenderSpec) -> _Engaged:
    made = start.made
    info, device = made.backbone.info, made.backbone.device
    shape = (
        info.latent_channels,
        spec.height_px // info.vae_scale_factor,
        spec.width_px // info.vae_scale_factor,
    )
    prompts = PromptBook(made.model.text_encoder, device)
    stream = StreamBatch(made.backbone)
    make = partial(acceleration.make, num_rows=lambda: stream.num_rows)
    new_office = partial(TicketOffice, info, prompts, shape, device)
    return _Engaged(
        made,
        _num_threads(made.backbone),
        stream,
        new_office(),
        PictureBuffer(spec.width_px, spec.height_px, device),
        prompts,
        SwapUp(start.better, make, start.notes),
        StreamBatch(made.backbone),
        new_office(),
    )


def _info(start: Start, spec: RenderSpec, warm_up_s: float) -> RenderInfo:
    made, model = start.made, start.made.model.info
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
        accelerator_notes=start.notes,
    )


def _num_threads(backbone: Backbone) -> int:
    """Only a model that PyTorch itself runs on the processor gains from its threads.

    For the small sums around any other, waking them costs more than they bring: on two cores that
    others use too, a frame through OpenVINO took 180 ms with two threads and 65 ms with one.
    """
    is_run_by_torch = isinstance(backbone, SDBackbone) and backbone.device.type == "cpu"
    return ALL_THREADS if is_run_by_torch else 1


def _paint(engaged: _Engaged, finished: Finished) -> Frame:
    """Decode a finished latent. Errors: InvalidFrame for NaN or Inf."""
    if not isinstance(finished.tag, Frame):
        raise TypeError("a frame in flight lost its tag")
    return finished.tag.with_image(_decode(engaged, finished.latent))


def _decode(engaged: _Engaged, latent: Tensor) -> Image:
    return to_image(engaged.backbone.decode(latent), latent)
