"""The picture codec: a small AutoencoderTiny, x4 down, 8 latent channels, trained first.

Its latents are pressed to zero mean and unit deviation while it learns, so that the diffusion
schedule's noise means the same for every channel and ``scaling_factor`` is 1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from torch import nn
from torch.nn import functional

from .looks import LOOKS
from .pool import slug
from .progress import (
    Average,
    Minute,
    cosine_to_zero,
    load_checkpoint,
    save_checkpoint,
    set_learning_rate,
)

WIDTH = 24
LATENT_CHANNELS = 8
DOWN = 4
FARTHEST = 1.7  # guidance 2.5 goes so many times the way from the photo to the look


def make_codec() -> AutoencoderTiny:
    """A codec that starts by passing mean colours through; training adds the detail."""
    codec = AutoencoderTiny(
        encoder_block_out_channels=(WIDTH,) * 3,
        decoder_block_out_channels=(WIDTH,) * 3,
        num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(2, 1, 1),
        latent_channels=LATENT_CHANNELS,
        scaling_factor=1.0,
    ).to(memory_format=torch.channels_last)
    _pass_colours(codec)
    return codec


@torch.no_grad()
def _pass_colours(codec: AutoencoderTiny) -> None:
    """Let the first three channels carry red, green and blue from end to end.

    From an ordinary random start, half the units of so narrow a codec die and one colour axis is
    never learnt. The residual branches start small, so that the colours survive them.
    """
    for block in (m for m in codec.modules() if isinstance(m, AutoencoderTinyBlock)):
        block.conv[4].weight.mul_(0.1)
        block.conv[4].bias.zero_()
    encoder = [m for m in codec.encoder.layers if isinstance(m, nn.Conv2d)]
    decoder = [m for m in codec.decoder.layers if isinstance(m, nn.Conv2d)]
    for layer in (*encoder, *decoder):
        layer.weight[:3] = 0
    for colour in range(3):
        for layer in (encoder[0], *decoder[1:]):
            layer.weight[colour, colour, 1, 1] = 1
        for layer in encoder[1:-1]:
            layer.weight[colour, colour, 1:, 1:] = 0.25
        encoder[-1].weight[colour, colour, 1, 1] = 4  # colours spread by 0.25, latents by 1
        decoder[0].weight[colour, colour, 1, 1] = 0.25
    encoder[0].bias[:3] = decoder[-1].bias[:3] = 0
    encoder[-1].bias[:3], decoder[0].bias[:3] = -2, 0.5


def to_tensor(pictures: np.ndarray) -> torch.Tensor:
    """RGB uint8 (B, H, W, 3) to float32 (B, 3, H, W) in -1…1, channels last in memory."""
    tensor = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return tensor.float().div_(127.5).sub_(1)


def gradients(picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Differences to the right and lower neighbours."""
    return picture.diff(dim=-1), picture.diff(dim=-2)


def gradient_loss(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of the picture gradients."""
    pairs = zip(gradients(first), gradients(second), strict=True)
    return sum(functional.l1_loss(a, b) for a, b in pairs)  # type: ignore[return-value]


def unit_penalty(latents: torch.Tensor) -> torch.Tensor:
    """How far the latents' channels are from zero mean and unit deviation."""
    flat = latents.transpose(0, 1).flatten(1)
    return flat.mean(1).square().mean() + (flat.std(1) - 1).square().mean()


class CodecBatches:
    """Random crops of photos and of what the looks make of them."""

    def __init__(self, part: Path, size_px: int, seed: int) -> None:
        names = ["photos", *(slug(look) for look in LOOKS)]
        paths = [part / f"{name}.npy" for name in names]
        self._arrays = [
            np.load(path, mmap_mode="r")[:600].copy() for path in paths if path.exists()
        ]
        self._rng, self._size_px = np.random.default_rng(seed), size_px

    def draw(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Photos and paintings of them, each (count, 3, size, size) in -1…1."""
        pairs = [self._crop() for _ in range(count)]
        photos, paintings = (to_tensor(np.stack(pictures)) for pictures in zip(*pairs, strict=True))
        return photos, paintings

    def _crop(self) -> tuple[np.ndarray, np.ndarray]:
        photos, paintings = self._arrays[0], self._arrays[self._rng.integers(1, len(self._arrays))]
        y, x = self._rng.integers(0, photos.shape[1] - self._size_px + 1, 2)
        index = self._rng.integers(len(photos))
        window = np.s_[index, y : y + self._size_px, x : x + self._size_px]
        return photos[window], paintings[window]


def train_codec(
    work: Path, steps: int, peak: float = 2e-3, batch: int = 8, size_px: int = 96
) -> None:
    """Train or resume; the checkpoint holds the average too."""
    torch.manual_seed(2)
    codec, path, start = make_codec(), work / "checkpoints" / "codec.pt", 0
    average = Average(codec)
    optimizer = torch.optim.AdamW(codec.parameters(), betas=(0.9, 0.98), weight_decay=1e-4)
    if state := load_checkpoint(path):
        start = state["step"]
        codec.load_state_dict(state["model"])
        average.values, average.updates = state["average"], start
        optimizer.load_state_dict(state["optimizer"])
    batches = CodecBatches(work / "pool" / "main", size_px, seed=3 + start)
    generator = torch.Generator().manual_seed(start)
    minute = Minute("codec")
    for step in range(start, steps):
        set_learning_rate(optimizer, cosine_to_zero(step, steps, peak))
        loss, figures = _codec_loss(codec, *batches.draw(batch), generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(codec.parameters(), 1.0)
        optimizer.step()
        minute.note(step, figures)
        average.update(codec)
        if step % 200 == 199 or step == steps - 1:
            state = {"step": step + 1, "model": codec.state_dict(), "average": average.values}
            save_checkpoint(path, state | {"optimizer": optimizer.state_dict()})


def _codec_loss(
    codec: AutoencoderTiny,
    photos: torch.Tensor,
    paintings: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, dict[str, float]]:
    pictures = torch.cat((photos, paintings))
    with torch.autocast("cpu", torch.bfloat16):
        latents = codec.encode(pictures).latents
        decoded = codec.decode(latents).sample
    decoded, latents = decoded.float(), latents.float()
    loss = difference(decoded, pictures) + 0.05 * unit_penalty(latents)
    loss = loss + 0.5 * _guided_loss(codec, latents, photos, paintings, generator)
    squared = functional.mse_loss(decoded.detach(), pictures)
    return loss, {
        "loss": loss.item(),
        "psnr_db": float(10 * torch.log10(4 / squared)),
        "deviation": latents.std().item(),
    }


def difference(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """How far two pictures are apart: values, edges and, twice, coarse colours."""
    coarse = functional.avg_pool2d(first, 8), functional.avg_pool2d(second, 8)
    loss = functional.l1_loss(first, second) + 2 * functional.mse_loss(first, second)
    loss = loss + 2 * functional.l1_loss(*coarse)  # else the third colour axis is learnt last
    return loss + 0.5 * gradient_loss(first, second)


def _guided_loss(
    codec: AutoencoderTiny,
    latents: torch.Tensor,
    photos: torch.Tensor,
    paintings: torch.Tensor,
    generator: torch.Generator,
) -> torch.Tensor:
    """Latents between photo and painting, and beyond it as strong guidance makes them.

    Their pictures shall be what the same sum makes of the pixels, ending at black and white.
    """
    photo, painting = latents.chunk(2)
    way = torch.rand((len(photo), 1, 1, 1), generator=generator) * FARTHEST
    with torch.autocast("cpu", torch.bfloat16):
        decoded = codec.decode(torch.lerp(photo, painting, way)).sample.float()
    return difference(decoded, torch.lerp(photos, paintings, way).clamp(-1, 1))


def load_codec(work: Path) -> AutoencoderTiny:
    """The trained codec, averaged weights, frozen."""
    codec = make_codec()
    codec.load_state_dict(load_checkpoint(work / "checkpoints" / "codec.pt")["average"])
    return codec.eval().requires_grad_(False)
