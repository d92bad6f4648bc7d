"""Hidden channels of the codec that never fire, set to zero: nothing is lost, and much is saved.

Behind a ReLU, a channel whose sums are never positive is the same as one whose weights are zero.
The engine leaves out those that are (`engine.diffusion.silent_channels`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from torch import Tensor, nn

from .codec import FARTHEST, to_tensor
from .looks import LOOKS
from .pool import slug

NUM_BATCHES = 48
BATCH = 4  # photos, and as many paintings


def trial_pictures(work: Path, seed: int = 5) -> Iterable[tuple[Tensor, Tensor]]:
    """Photos and paintings of them, (B, 3, H, W) in -1…1; the last ones are noise."""
    rng, main = np.random.default_rng(seed), work / "pool" / "main"
    photos = np.load(main / "photos.npy", mmap_mode="r")
    for number in range(NUM_BATCHES):
        paintings = np.load(main / f"{slug(LOOKS[number % len(LOOKS)])}.npy", mmap_mode="r")
        chosen = np.sort(rng.choice(len(paintings), BATCH, replace=False))
        yield to_tensor(photos[chosen]), to_tensor(paintings[chosen])
    noise = rng.integers(0, 256, (2, BATCH, *photos.shape[1:]), dtype=np.uint8)
    yield to_tensor(noise[0]), to_tensor(noise[1])


@torch.no_grad()
def silence(codec: AutoencoderTiny, pictures: Iterable[tuple[Tensor, Tensor]]) -> dict[str, int]:
    """Set to zero what never fires on the pictures, or on latents as strong guidance makes them.

    Returns: how many channels of each hidden layer are left.
    """
    layers = {
        f"{name}.conv.{index}": block.conv[index]
        for name, block in codec.named_modules()
        if isinstance(block, AutoencoderTinyBlock)
        for index in (0, 2)
    }
    highest: dict[nn.Module, Tensor] = {}

    def note(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        most = output.amax((0, 2, 3))
        highest[layer] = torch.maximum(highest.get(layer, most), most)

    hooks = [layer.register_forward_hook(note) for layer in layers.values()]
    for photos, paintings in pictures:
        start, goal = (codec.encode(each).latents for each in (photos, paintings))
        codec.decode(goal)
        codec.decode(torch.lerp(start, goal, FARTHEST))
    for hook in hooks:
        hook.remove()
    for layer in layers.values():
        _empty(layer, highest[layer] <= 0)
    return {name: int((highest[layer] > 0).sum()) for name, layer in layers.items()}


def _empty(layer: nn.Conv2d, channels: Tensor) -> None:
    layer.weight[channels] = 0
    if layer.bias is not None:
        layer.bias[channels] = 0
