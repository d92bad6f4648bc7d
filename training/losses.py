"""What a good painting is: right latents, right picture, right colours, right texture."""

from __future__ import annotations

import torch
from diffusers import AutoencoderTiny
from torch import Tensor
from torch.nn import functional

from .codec import gradient_loss


def encoder_features(codec: AutoencoderTiny, picture: Tensor) -> list[Tensor]:
    """Outputs of the codec's encoder at full, half and quarter size.

    The encoder has learnt to describe these very pictures, so its features notice strokes and
    dots that a pixel difference averages away.
    """
    features, hidden = [], picture.add(1).div(2)
    for layer in codec.encoder.layers:
        hidden = layer(hidden)
        features.append(hidden)
    return [f for f in features[:-1] if f.shape[1] == features[0].shape[1]][1::2]


def gram(feature: Tensor) -> Tensor:
    """Channel products averaged over the picture, (B, C, C). Source: Gatys et al. 2016, eq. 3."""
    flat = feature.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def texture_loss(codec: AutoencoderTiny, painted: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Feature difference and Gram difference, each relative to the goal's own size."""
    with torch.no_grad():
        wanted = encoder_features(codec, goal)
    near = far = painted.new_zeros(())
    for ours, theirs in zip(encoder_features(codec, painted), wanted, strict=True):
        ours, theirs = ours.float(), theirs.float()
        near = near + functional.l1_loss(ours, theirs) / (theirs.std() + 1e-3)
        ours_gram, theirs_gram = gram(ours), gram(theirs)
        size = theirs_gram.flatten(1).norm(dim=1) + 1e-3
        far = far + ((ours_gram - theirs_gram).flatten(1).norm(dim=1) / size).mean()
    return near / len(wanted), far / len(wanted)


def edge_energy(picture: Tensor) -> Tensor:
    """Mean steepness in windows of 8 px, (B, 3, h, w): how much is drawn there, not where."""
    steep_x = (picture[..., :-1, 1:] - picture[..., :-1, :-1]).abs()
    steep_y = (picture[..., 1:, :-1] - picture[..., :-1, :-1]).abs()
    return functional.avg_pool2d(steep_x + steep_y, 8, ceil_mode=True)


def picture_loss(
    codec: AutoencoderTiny, painted: Tensor, goal: Tensor, crispness: Tensor, edge_gain: Tensor
) -> Tensor:
    """Distance of two decoded pictures (B, 3, H, W) in -1…1.

    ``crispness`` (B,) weighs the lack of edges: what can't be foretold exactly is else best
    answered by a blur. ``edge_gain`` (B,): how much steeper than the goal, which has lost some of
    its edges to the codec already.
    """
    near, far = texture_loss(codec, painted, goal)
    colours = functional.l1_loss(
        functional.avg_pool2d(painted, 16), functional.avg_pool2d(goal, 16)
    )
    wanted = edge_gain.view(-1, 1, 1, 1) * edge_energy(goal)
    lack = (edge_energy(painted) - wanted).abs().mean((1, 2, 3))
    return (
        functional.l1_loss(painted, goal)
        + 0.5 * gradient_loss(painted, goal)
        + 0.5 * colours
        + 0.3 * near
        + 0.35 * far
        + (crispness * lack).mean()
    )
