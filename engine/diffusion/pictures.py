"""Frames to tensors and back: exact for every uint8 value, whatever the picture's brightness."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.errors import InvalidFrame
from engine.frame import Image


class PictureBuffer:
    """Brings pictures of one size to the device through fixed memory. Thread: render."""

    def __init__(self, width_px: int, height_px: int, device: torch.device) -> None:
        is_pinned = device.type == "cuda"
        self._staging = torch.empty((height_px, width_px, 3), dtype=torch.uint8).contiguous()
        if is_pinned:
            self._staging = self._staging.pin_memory()
        self._array = self._staging.numpy()
        self._tensor = torch.empty((1, 3, height_px, width_px), device=device)

    def to_tensor(self, image: Image) -> Tensor:
        """RGB uint8 HWC 0-255 → (1, 3, H, W) float32 -1…1; valid until the next call.

        The scale is fixed: a picture's own brightest and darkest values play no part.
        Errors: ValueError for a picture of another size.
        """
        if image.shape != self._array.shape:
            raise ValueError(f"the model paints {self._array.shape}, not {image.shape}")
        np.copyto(self._array, image)
        moved = self._staging.to(self._tensor.device)
        self._tensor.copy_(moved.permute(2, 0, 1)[None])
        return self._tensor.div_(127.5).sub_(1.0)


def to_image(tensor: Tensor, latent: Tensor) -> Image:
    """(1, 3, H, W) about -1…1 → a new RGB uint8 HWC array; values beyond are clipped.

    latent: what it was decoded from; an autoencoder may hide what is wrong with it. The verdict
    travels with the picture, in one copy: on a GPU the only wait of a tick.
    Errors: InvalidFrame for NaN or Inf in either.
    """
    levels = tensor[0].permute(1, 2, 0).float().add(1.0).mul_(127.5)
    checksum = levels.sum() + latent.sum()  # not finite as soon as one element isn't
    packed = torch.empty(levels.numel() + 1, dtype=torch.uint8, device=levels.device)
    packed[:-1].view(levels.shape).copy_(levels.round_().clamp_(0.0, 255.0))
    packed[-1:].copy_(torch.isfinite(checksum))
    array = packed.cpu().numpy()
    if not array[-1]:
        raise InvalidFrame(
            "A picture came out of the model with NaN or Inf; the last good one is held. If it "
            "goes on, lower the guidance scale."
        )
    return array[:-1].reshape(levels.shape)
