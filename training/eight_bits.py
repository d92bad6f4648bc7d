"""Measure what the codec's decoder needs to compute in 8 bits: ``python -m training.eight_bits``.

Nothing is trained. The layers' inputs are observed while the model paints, and then, from the first
layer to the last, each rounded layer's mean outputs are brought back to those of the exact one. The
first and the last convolution stay as they are: what they lose, nothing behind them can win back.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from engine.diffusion.eight_bits import FILE, EightBits, Layer, fingerprint
from engine.diffusion.silent_channels import without_silent_channels

from .codec import FARTHEST
from .house import HouseModel
from .looks import LOOKS

NUM_PHOTOS = 64
NUM_FOR_MEANS = 24


class Rounding(nn.Module):
    """A tensor in steps of 1/255 of its range, or 1/127 to either side of zero."""

    def __init__(self, highest: float, is_signed: bool) -> None:
        super().__init__()
        self.highest, self.is_signed = highest, is_signed

    def forward(self, x: Tensor) -> Tensor:
        low, high = (-128, 127) if self.is_signed else (0, 255)
        return torch.fake_quantize_per_tensor_affine(x, self.highest / high, 0, low, high)


class RoundedConvolution(nn.Module):
    """A convolution with its input and its weights rounded, and shifted outputs."""

    def __init__(self, layer: nn.Conv2d, rounding: Rounding) -> None:
        super().__init__()
        self.layer, self.rounding = copy.deepcopy(layer), rounding
        step = layer.weight.abs().amax((1, 2, 3)).clamp_min(1e-8) / 127
        zeros = torch.zeros(len(step), dtype=torch.int32)
        self.layer.weight = nn.Parameter(
            torch.fake_quantize_per_channel_affine(layer.weight, step, zeros, 0, -127, 127)
        )
        self.register_buffer("shift", torch.zeros(1, len(step), 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.rounding(x)) + self.shift


def painted_latents(model: HouseModel, photos: np.ndarray) -> Tensor:
    """What the decoder sees: each photo in one look, half of them at the strongest guidance."""
    latents: list[Tensor] = []
    for number, photo in enumerate(photos):
        embedding = model.embed(LOOKS[number % len(LOOKS)].prompt)
        scale = 1.5 * (FARTHEST if number % 2 else 1.0)
        latents.append(model.paint_latents(photo[None], embedding, guidance_scale=scale))
    return torch.cat(latents)


def convolutions(decoder: nn.Module) -> dict[str, nn.Conv2d]:
    """All but the first and the last, in the order of their calls."""
    named = [(n, part) for n, part in decoder.named_modules() if isinstance(part, nn.Conv2d)]
    return dict(named[1:-1])


@torch.no_grad()
def observe(decoder: nn.Module, latents: Tensor) -> dict[str, Rounding]:
    """The range of every convolution's input."""
    bounds: dict[str, tuple[float, float]] = {}

    def note(name: str, x: Tensor) -> None:
        low, high = bounds.get(name, (0.0, 0.0))
        bounds[name] = (min(low, float(x.min())), max(high, float(x.max())))

    hooks = [
        layer.register_forward_pre_hook(lambda _layer, inputs, name=name: note(name, inputs[0]))
        for name, layer in convolutions(decoder).items()
    ]
    for latent in latents.split(4):
        decoder(latent)
    for hook in hooks:
        hook.remove()
    return {name: Rounding(max(-low, high), low < 0) for name, (low, high) in bounds.items()}


def rounded(decoder: nn.Module, roundings: dict[str, Rounding]) -> nn.Module:
    """The decoder as it computes in 8 bits; what skips a block's convolutions stays exact."""
    twin = copy.deepcopy(decoder)
    for name, layer in convolutions(decoder).items():
        twin.set_submodule(name, RoundedConvolution(layer, roundings[name]))
    return twin


@torch.no_grad()
def correct_means(twin: nn.Module, decoder: nn.Module, latents: Tensor) -> None:
    """Shift the rounded layers' outputs to the exact ones' means, one layer after the other."""
    for name, exact in convolutions(decoder).items():
        ours = twin.get_submodule(name)
        ours.shift += _means(exact, decoder, latents) - _means(ours, twin, latents)


def _means(layer: nn.Module, decoder: nn.Module, latents: Tensor) -> Tensor:
    means: list[Tensor] = []
    hook = layer.register_forward_hook(
        lambda _layer, _inputs, output: means.append(output.mean((0, 2, 3), keepdim=True))
    )
    for latent in latents.split(4):
        decoder(latent)
    hook.remove()
    return torch.stack(means).mean(0)


def measure(model: HouseModel, codec: AutoencoderTiny, photos: np.ndarray) -> EightBits:
    """codec: as the engine reads it, without its silent channels."""
    latents = painted_latents(model, photos)
    roundings = observe(codec.decoder, latents)
    twin = rounded(codec.decoder, roundings)
    correct_means(twin, codec.decoder, latents[::2][:NUM_FOR_MEANS])
    layers = {
        f"decoder.{name}": Layer(
            highest=rounding.highest,
            is_signed=rounding.is_signed,
            shift=tuple(round(float(v), 6) for v in twin.get_submodule(name).shift.flatten()),
        )
        for name, rounding in roundings.items()
    }
    return EightBits(weights=fingerprint(codec.decoder), layers=layers)


def write_eight_bits(work: Path, folder: Path) -> None:
    """Measure a finished model and put the file beside it."""
    pool = np.load(work / "pool" / "main" / "photos.npy", mmap_mode="r")
    chosen = np.random.default_rng(0).choice(len(pool), NUM_PHOTOS, replace=False)
    codec = AutoencoderTiny.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()
    codec = without_silent_channels(codec.requires_grad_(False))
    known = measure(HouseModel(folder), codec, pool[np.sort(chosen)])
    (folder / FILE).write_text(known.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of the training")
    parser.add_argument("--out", type=Path, default=Path("assets/models/house"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    write_eight_bits(arguments.work, arguments.out)
