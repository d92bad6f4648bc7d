"""The renderer that paints in this process: loader, backbone and stream batch together.

Threads: `prepare` on the one that prepares; everything after it on the render thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.accelerators import candidates
from engine.diffusion.accelerators.base import Placement
from engine.diffusion.backbone import Backbone, ModelInfo, unused_parameters
from engine.diffusion.faults import faults_explained
from engine.diffusion.find_model import load_model
from engine.diffusion.loader import LoadedModel
from engine.diffusion.pictures import PictureBuffer, to_image
from engine.diffusion.progress import part_of
from engine.diffusion.prompt import PromptBook
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.stream_batch import Finished, StreamBatch
from engine.diffusion.tickets import TicketOffice
from engine.errors import AcceleratorError, InvalidFrame, ModelLoadError
from engine.frame import Frame, Image
from engine.params import StreamParams
from engine.renderer import OnProgress, Progress, RenderInfo, RenderSpec

log = logging.getLogger(__name__)

ALL_THREADS = torch.get_num_threads()


@dataclass(frozen=True, slots=True)
class _Engaged:
    """Everything that lives between `prepare` and `close`."""

    backbone: Backbone
    num_threads: int  # for PyTorch on the render thread
    stream: StreamBatch
    tickets: TicketOffice
    pictures: PictureBuffer
    prompts: PromptBook


class StreamRenderer:
    """A model of the Stable Diffusion families, streaming. See `engine.renderer.Renderer`."""

    def __init__(self) -> None:
        self._engaged: _Engaged | None = None
        self._spec = RenderSpec()

    def prepare(self, spec: RenderSpec, on_progress: OnProgress) -> RenderInfo:
        start_s = time.perf_counter()
        self._spec = spec
        with faults_explained(spec):
            made = _make_backbone(spec, part_of(on_progress, 0.0, 0.9))
            self._engaged = _engage(made, spec)
            on_progress(Progress(0.9, "Warming up"))
            self._warm_up(self._engaged)
        on_progress(Progress(1.0, "Ready"))
        info = made.model.info
        return RenderInfo(
            model_name=info.name,
            family=str(info.family),
            accelerator=made.accelerator,
            device=made.device,
            width_px=spec.width_px,
            height_px=spec.height_px,
            warm_up_s=time.perf_counter() - start_s,
            defaults=dict(info.defaults),
            known_words=info.known_words,
            inert=unused_parameters(made.backbone),
            accelerator_notes=made.notes,
        )

    def render(self, frame: Frame, params: StreamParams) -> Frame | None:
        engaged = self._ready()
        torch.set_num_threads(engaged.num_threads)
        with torch.inference_mode(), faults_explained(self._spec):
            latent = engaged.backbone.encode(engaged.pictures.to_tensor(frame.image))
            engaged.stream.admit(latent, engaged.tickets.ticket_for(params), tag=frame)
            finished = engaged.stream.tick()
            return _paint(engaged, finished[-1]) if finished else None

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

    def close(self) -> None:
        engaged, self._engaged = self._engaged, None
        if engaged is not None:
            engaged.prompts.close()
            engaged.backbone.close()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _ready(self) -> _Engaged:
        if self._engaged is None:
            raise RuntimeError("the renderer is not prepared, or closed already")
        return self._engaged

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


@dataclass(frozen=True, slots=True)
class _Made:
    """A model with the first accelerator that works. notes: why better ones were passed over."""

    accelerator: str
    device: str
    backbone: Backbone
    model: LoadedModel
    notes: tuple[str, ...]


def _make_backbone(spec: RenderSpec, on_progress: OnProgress) -> _Made:
    """Read the model and make it fast. Errors: ModelLoadError, AcceleratorError."""
    notes: list[str] = []
    models: dict[Placement, LoadedModel] = {}
    entries = candidates(spec.accelerator)
    for entry in entries:
        try:
            accelerator = entry.create()
            place = accelerator.placement
            if place not in models:
                models[place] = load_model(spec, place, part_of(on_progress, 0.0, 0.6))
            plain = _plain_backbone(models[place], spec, place)
            example = models[place].text_encoder.encode("")
            fast = accelerator.accelerate(plain, spec, example, part_of(on_progress, 0.6, 1.0))
            return _Made(entry.name, accelerator.device_name, fast, models[place], tuple(notes))
        except AcceleratorError as error:
            if entry is entries[-1]:
                raise
            notes.append(str(error))
    raise AcceleratorError("There is no accelerator to try.")


def _plain_backbone(model: LoadedModel, spec: RenderSpec, place: Placement) -> SDBackbone:
    factor = model.info.vae_scale_factor
    width_px, height_px = (side // factor * factor for side in (spec.width_px, spec.height_px))
    if (width_px, height_px) != (spec.width_px, spec.height_px):
        raise ModelLoadError(
            f"{model.info.name} paints sizes that are multiples of {factor} px, not "
            f"{spec.width_px}×{spec.height_px}; use {width_px}×{height_px}."
        )
    size_px = (width_px, height_px)
    return SDBackbone(model.info, model.unet, model.vae, place.device, place.dtype, size_px)


def _engage(made: _Made, spec: RenderSpec) -> _Engaged:
    info, device = made.backbone.info, made.backbone.device
    shape = (
        info.latent_channels,
        spec.height_px // info.vae_scale_factor,
        spec.width_px // info.vae_scale_factor,
    )
    prompts = PromptBook(made.model.text_encoder, device)
    return _Engaged(
        made.backbone,
        _num_threads(made.backbone),
        StreamBatch(made.backbone),
        TicketOffice(info, prompts, shape, device),
        PictureBuffer(spec.width_px, spec.height_px, device),
        prompts,
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
