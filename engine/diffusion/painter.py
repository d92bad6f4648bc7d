"""A picture in, a picture out: encode, one tick of the stream batch and decode in one piece.

Pixels go to the device as they come and come back as they are shown; what is done to them between
is one piece of work on fixed memory, which the backbone's recorder may replay. A card may begin a
tick while the picture of the one before is still on its way. Thread: render.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone
from engine.diffusion.pictures import PictureInput, PictureOutput
from engine.diffusion.recorder import NUM_WARM_UPS
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import Finished, StreamBatch
from engine.errors import InvalidFrame
from engine.frame import Image

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A picture that is done, nobody else's, and what it entered with."""

    image: Image
    tag: object


@dataclass(frozen=True, slots=True, eq=False)
class _Coming:
    """A picture on its way. arrive: waits for it; see `PictureOutput.fetch`."""

    arrive: Callable[[], Image]
    tag: object


class Painter:
    """Streams pictures of one size through one model."""

    def __init__(
        self,
        backbone: Backbone,
        width_px: int,
        height_px: int,
        is_recorded: bool = True,
        ticks_in_flight: int = 1,
    ) -> None:
        """is_recorded: see `StreamBatch`. ticks_in_flight: see `RenderSpec`."""
        self.stream = StreamBatch(backbone, is_recorded)
        self._input = PictureInput(width_px, height_px, backbone.device)
        self._output = PictureOutput(width_px, height_px, backbone.device)
        self._ticks_in_flight = ticks_in_flight
        self._coming: deque[_Coming] = deque()  # oldest first

    @property
    def in_flight(self) -> int:
        """How many pictures that entered have neither come out nor been dropped."""
        return self.stream.in_flight + len(self._coming)

    def warm_up(self, image: Image, ticket: Ticket) -> None:
        """So that no tick of a stream with this ticket is slower than those after it."""
        if not self.stream.backbone.recorder.records:
            self.paint_whole(image, ticket)
            return
        for _ in range(NUM_WARM_UPS):
            for _ in range(ticket.num_slots):
                self.paint(image, ticket)
            self.stream.clear()
            self._coming.clear()

    @torch.inference_mode()
    def paint(self, image: Image, ticket: Ticket, tag: object = None) -> Painted | None:
        """One tick: `image` enters; the newest picture finished by it comes out, if there is one.

        With two ticks in flight it is the picture of the tick before, while this one is computed.

        image: RGB uint8 HWC, copied.
        Errors: ValueError for one of another size; InvalidFrame for NaN or Inf in what came out.
        """
        self._input.put(image)
        tags = self.stream.paint(ticket, tag, self._encode, self._decode)
        if tags:
            self._coming.append(_Coming(self._output.fetch(), tags[-1]))
        num_held = self._ticks_in_flight - 1 if tags else 0
        return self._next() if len(self._coming) > num_held else None

    @torch.inference_mode()
    def paint_whole(self, image: Image, ticket: Ticket, tag: object = None) -> Painted:
        """All steps of one picture, while no other is in flight. Errors: as `paint`."""
        painted = self.paint(image, ticket, tag)
        while self.stream.in_flight:
            for finished in self.stream.tick():
                self._show(finished)
        return painted or self._next()

    @torch.inference_mode()
    def flush(self) -> list[Painted]:
        """Finish every picture in flight, oldest first; what holds NaN or Inf is left out."""
        painted = self._arrived()
        while self.stream.in_flight:
            for finished in self.stream.tick():
                self._show(finished)
                painted += self._arrived()
        return painted

    def _show(self, finished: Finished) -> None:
        self._decode(finished.latent)
        self._coming.append(_Coming(self._output.fetch(), finished.tag))

    def _arrived(self) -> list[Painted]:
        """All that were on their way."""
        painted: list[Painted] = []
        while self._coming:
            try:
                painted.append(self._next())
            except InvalidFrame as error:  # the good ones behind it still come out
                log.warning("%s", error)
        return painted

    def _next(self) -> Painted:
        coming = self._coming.popleft()
        return Painted(coming.arrive(), coming.tag)

    def _encode(self) -> Tensor:
        return self.stream.backbone.encode(self._input.tensor())

    def _decode(self, latent: Tensor) -> None:
        self._output.write(self.stream.backbone.decode(latent), latent)
