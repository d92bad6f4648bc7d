"""Pictures to tensors and back: exact for every uint8 value, whatever the picture's brightness.

Each has fixed memory of its own, so the same work on it can be repeated for every frame without
allocating. The one wait of a tick is for a finished picture; see `copies`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from engine.diffusion.copies import Arrival, downlink_from, uplink_to
from engine.errors import InvalidFrame
from engine.frame import Image


class PictureInput:
    """Brings pictures of one size to the device. Thread: render."""

    def __init__(self, width_px: int, height_px: int, device: torch.device) -> None:
        self._shape = (height_px, width_px, 3)
        self._uplink = uplink_to(device, self._shape)
        self._tensor = torch.empty((1, 3, height_px, width_px), device=device)

    def put(self, image: Image) -> None:
        """RGB uint8 HWC 0-255, copied. Errors: ValueError for a picture of another size."""
        if image.shape != self._shape:
            raise ValueError(f"the model paints {self._shape}, not {image.shape}")
        self._uplink.send(image)

    def tensor(self) -> Tensor:
        """The picture as (1, 3, H, W) float32 -1…1, in the same memory every time.

        The scale is fixed: a picture's own brightest and darkest values play no part.
        """
        self._tensor.copy_(self._uplink.landed.permute(2, 0, 1)[None])
        return self._tensor.div_(127.5).sub_(1.0)


class PictureOutput:
    """Brings pictures of one size back from the device. Thread: render."""

    def __init__(self, width_px: int, height_px: int, device: torch.device) -> None:
        self._levels = torch.empty((height_px, width_px, 3), device=device)
        self._flat_levels = self._levels.view(1, -1)
        self._sums = torch.empty((2, 1), device=device).unbind()
        num_bytes = self._levels.numel() + 1
        self._packed = torch.empty(num_bytes, dtype=torch.uint8, device=device)
        self._downlink = downlink_from(device, (num_bytes,))
        # the picture, then one byte: is it sound?
        self._pixels, self._verdict = self._packed[:-1].view(self._levels.shape), self._packed[-1:]

    def write(self, tensor: Tensor, latent: Tensor) -> None:
        """(1, 3, H, W) about -1…1; values beyond are clipped.

        latent: what it was decoded from; an autoencoder may hide what is wrong with it.
        """
        levels, (checksum, of_latent) = self._levels, self._sums
        torch.add(tensor[0].permute(1, 2, 0), 1.0, out=levels).mul_(127.5)
        torch.sum(self._flat_levels, 1, out=checksum)  # not finite as soon as one element isn't
        checksum.add_(torch.sum(latent.reshape(1, -1), 1, out=of_latent))
        torch.eq(checksum.sub_(checksum), 0.0, out=self._verdict)  # infinity less itself is NaN
        self._pixels.copy_(levels.round_().clamp_(0.0, 255.0))

    def fetch(self) -> Callable[[], Image]:
        """What was written last, on its way to the host: picture and verdict in one copy.

        Returns: waits for it; a new RGB uint8 HWC array. It raises InvalidFrame for NaN or Inf in
        the picture or its latent. At most `copies.NUM_LANES` may be on their way.
        """
        return partial(_checked, self._downlink.fetch(self._packed), self._levels.shape)


def _checked(arrival: Arrival, shape: torch.Size) -> Image:
    packed = arrival()
    if not packed[-1]:
        raise InvalidFrame(
            "A picture came out of the model with NaN or Inf; the last good one is held. If it "
            "goes on, lower the guidance scale."
        )
    return packed[:-1].reshape(shape)
