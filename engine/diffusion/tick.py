"""The arithmetic of one tick, from the frames in flight to the next: see `slots.Column`.

Operations on fixed memory alone, the model's own apart: nothing is allocated, and nothing is asked
of the device.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, KeepsFeatures
from engine.diffusion.feature_reuse import Reuse
from engine.diffusion.guidance import rescale_guided
from engine.diffusion.slots import Anchors, Column, TickShape
from engine.diffusion.tick_memory import TickMemory, TickViews


def step(memory: TickMemory, shape: TickShape, backbone: Backbone) -> None:
    """Move every frame in flight on by one slot."""
    at = memory.views(shape)
    _enter(shape, at)
    output = _denoise(shape, at, memory, backbone)
    _predict_x0(shape, at, output)
    _leave(shape, at)


def _enter(shape: TickShape, at: TickViews) -> None:
    """Find the frames, add each slot's noise, repeat the rows that ask twice."""
    x_t = torch.index_select(at.latents, 0, at.places, out=at.x_t)
    x_t.mul_(at.of[Column.ENTER_LATENT]).addcmul_(at.noise, at.of[Column.ENTER_NOISE])
    if shape.num_negatives:
        torch.index_select(x_t, 0, at.asking, out=at.x_negative)


def _denoise(shape: TickShape, at: TickViews, memory: TickMemory, backbone: Backbone) -> Tensor:
    """The model's raw output for every row."""
    rows = memory.rows(shape.num_rows)
    if shape.reuse is Reuse.NONE or not isinstance(backbone, KeepsFeatures):
        return backbone.denoise(at.model_input, rows)
    if shape.reuse is Reuse.FINE:
        return backbone.denoise_finely(at.model_input, memory.kept(shape.num_rows), rows)
    output, features = backbone.denoise_keeping(at.model_input, rows)
    memory.keep(features)
    return output


def _predict_x0(shape: TickShape, at: TickViews, output: Tensor) -> None:
    """The guided clean latent of every slot, into `at.x0`."""
    cond = output[: shape.num_slots]
    torch.mul(at.x_t, at.of[Column.X], out=at.x0).addcmul_(cond, at.of[Column.OUTPUT])
    if shape.num_negatives:
        torch.index_select(output, 0, at.answers, out=at.negative)
        at.x0.addcmul_(at.negative, at.of[Column.NEGATIVE])
    if shape.anchors is not Anchors.UNUSED:
        torch.index_select(at.anchors, 0, at.places, out=at.anchor)
        at.x0.addcmul_(at.anchor, at.of[Column.ANCHOR])
    if shape.has_rescale:
        torch.mul(at.x_t, at.of[Column.COND_X], out=at.x0_cond)
        at.x0_cond.addcmul_(cond, at.of[Column.COND_OUTPUT])
        rescale_guided(at.x0, at.x0_cond, at.of[Column.RESCALE], at.spreads)


def _leave(shape: TickShape, at: TickViews) -> None:
    """What the next slot starts from, and where its residual noise will lead."""
    torch.mul(at.x_t, at.of[Column.STEP_X], out=at.next_latent)
    at.next_latent.addcmul_(at.x0, at.of[Column.STEP_X0])
    if shape.anchors is Anchors.UNUSED:
        at.next_anchor.zero_()  # it will count nothing; what is there might be NaN all the same
    elif shape.anchors is Anchors.HELD:
        at.next_anchor.copy_(at.anchor)
    else:
        _move_anchors(shape, at)


def _move_anchors(shape: TickShape, at: TickViews) -> None:
    torch.mul(at.anchor, at.of[Column.NEXT_Z], out=at.next_anchor)
    at.next_anchor.addcmul_(at.x_t, at.of[Column.NEXT_Z_X])
    at.next_anchor.addcmul_(at.x0, at.of[Column.NEXT_Z_X0])
    if shape.num_negatives:
        at.next_anchor.addcmul_(at.negative, at.of[Column.NEXT_Z_NEGATIVE])
