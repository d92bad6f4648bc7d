"""Pictures to tensors and back: exact for every uint8 value, whatever the picture's brightness.

Each has fixed memory of its own, so the same work on it can be repeated for every frame without
allocating. On a graphics card host memory is pinned: copies run while Python goes on, and the one
wait of a tick is for the picture that it finished.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.errors import InvalidFrame
from engine.frame import Image


class PictureInput:
    """Brings pictures of one size to the device. Thread: render."""

    def __init__(self, width_px: int, height_px: int, device: torch.device) -> None:
        self._host = _HostMemory((height_px, width_px, 3), device)
        self._tensor = torch.empty((1, 3, height_px, width_px), device=device)

    def put(self, image: Image) -> None:
        """RGB uint8 HWC 0-255, copied. Errors: ValueError for a picture of another size."""
        if image.shape != self._host.array.shape:
            raise ValueError(f"the model paints {self._host.array.shape}, not {image.shape}")
        self._host.wait()
        np.copyto(self._host.array, image)
        self._host.upload()

    def tensor(self) -> Tensor:
        """The picture as (1, 3, H, W) float32 -1…1, in the same memory every time.

        The scale is fixed: a picture's own brightest and darkest values play no part.
        """
        self._tensor.copy_(self._host.on_device.permute(2, 0, 1)[None])
        return self._tensor.div_(127.5).sub_(1.0)


class PictureOutput:
    """Brings pictures of one size back from the device. Thread: render."""

    def __init__(self, width_px: int, height_px: int, device: torch.device) -> None:
        self._levels = torch.empty((height_px, width_px, 3), device=device)
        self._flat_levels = self._levels.view(1, -1)
        self._sums = torch.empty((2, 1), device=device).unbind()
        self._host = _HostMemory((self._levels.numel() + 1,), device)
        packed = self._host.on_device  # the picture, then one byte: is it sound?
        self._pixels, self._verdict = packed[:-1].view(self._levels.shape), packed[-1:]
        self._image = self._host.array[:-1].reshape(self._levels.shape)

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

    def take(self) -> Image:
        """What was written last, as a new RGB uint8 HWC array.

        On a graphics card this waits for it: picture and verdict come in one copy.
        Errors: InvalidFrame for NaN or Inf in the picture or its latent.
        """
        self._host.download()
        self._host.wait()
        if not self._host.array[-1]:
            raise InvalidFrame(
                "A picture came out of the model with NaN or Inf; the last good one is held. If it "
                "goes on, lower the guidance scale."
            )
        return self._image.copy()


class _HostMemory:
    """uint8 memory of the host and, where the device has its own, as much there.

    array: the host's. on_device: the device's; on a processor the same.
    """

    def __init__(self, shape: tuple[int, ...], device: torch.device) -> None:
        is_cuda = device.type == "cuda"
        self._memory = torch.empty(shape, dtype=torch.uint8, pin_memory=is_cuda)
        self._copied = torch.cuda.Event() if is_cuda else None
        self.array = self._memory.numpy()
        self.on_device = (
            self._memory if device.type == "cpu" else torch.empty_like(self._memory, device=device)
        )

    def upload(self) -> None:
        self._copy(self._memory, self.on_device)

    def download(self) -> None:
        self._copy(self.on_device, self._memory)

    def wait(self) -> None:
        """Until the copy under way, if there is one, is done."""
        if self._copied is not None:
            self._copied.synchronize()

    def _copy(self, source: Tensor, target: Tensor) -> None:
        if source is target:
            return
        target.copy_(source, non_blocking=self._copied is not None)
        if self._copied is not None:
            self._copied.record()
