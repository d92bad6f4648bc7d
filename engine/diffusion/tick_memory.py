"""Where the tensors of a tick live: fixed memory, made once, told by copy what a tick needs.

So the work of a tick can be recorded with its addresses and replayed while every control moves.
Thread: the render thread only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, Conditioning, Rows
from engine.diffusion.slots import Column, TickPlan, TickShape

ENTRANCE = 0  # the place of the next frame that enters


def place_after(row: int) -> int:
    """Where a tick leaves what becomes of the frame in this row."""
    return 1 + row


@dataclass(frozen=True, slots=True)
class TickViews:
    """The memory of ticks of one shape: R slots, then the rows that ask with their negative.

    Shapes: (R, C, h, w) but where said otherwise.
    """

    latents: Tensor  # (places, C, h, w) all of them, what the last step left
    anchors: Tensor  # (places, C, h, w) all of them, z
    places: Tensor  # (R,) where each slot's frame is
    anchor: Tensor
    next_latent: Tensor
    next_anchor: Tensor
    model_input: Tensor  # (R + negatives, C, h, w)
    x_t: Tensor  # its first R rows
    x_negative: Tensor  # the others
    asking: Tensor  # (negatives,) whose they are
    answers: Tensor  # (R,) each slot's row of the negative answer; its own without one
    negative: Tensor
    x0: Tensor
    x0_cond: Tensor
    spreads: Tensor  # (2, R, 1, 1, 1)
    noise: Tensor
    of: tuple[Tensor, ...]  # coefficients by Column, each (R, 1, 1, 1)


class TickMemory:
    """Memory for up to so many slots, each of which may ask twice.

    Every frame in flight has a place: a latent and a z. A tick finds its slots' frames by their
    places and leaves them in the order of its rows, so that in a steady stream the places are the
    same at every tick.
    """

    def __init__(self, num_slots: int, latent_shape: torch.Size, device: torch.device) -> None:
        """latent_shape: (C, h, w)."""
        self.num_slots, self.latent_shape = num_slots, latent_shape
        self._device = device
        # one frame enters at the entrance, more of the same tick behind what the last one left
        self._latents, self._anchors = (self._empty(2 * num_slots) for _ in range(2))
        self._model_input, self._shown = self._empty(2 * num_slots), self._empty(1)
        self._anchor, self._noise, self._negative, self._x0, self._x0_cond = (
            self._empty(num_slots) for _ in range(5)
        )
        self._spreads = torch.empty((2, num_slots, 1, 1, 1), device=device)
        self._coefficients = torch.empty((len(Column), num_slots, 1, 1, 1), device=device)
        self._indices = torch.zeros(3 * num_slots + 1, dtype=torch.int64, device=device)
        self._asks: tuple[tuple[float, Conditioning], ...] = ()
        # By number of rows: a prompt's row of a large model takes tens of megabytes.
        self._rows: dict[int, Rows] = {}
        self._features: dict[int, Tensor] = {}
        self._views: dict[TickShape, TickViews] = {}

    def _empty(self, count: int) -> Tensor:
        return torch.empty((count, *self.latent_shape), device=self._device)

    @property
    def asks(self) -> object:
        """The same object for as long as timesteps and prompts stay."""
        return self._asks

    def with_room(self, num_slots: int) -> TickMemory:
        """Itself where that fits; else a larger one with the same frames in the same places."""
        return self if num_slots <= self.num_slots else self._with_frames(2 * num_slots)

    def for_another_model(self) -> TickMemory:
        """The same frames in the same places, for one that may take other rows."""
        return self._with_frames(self.num_slots)

    def _with_frames(self, num_slots: int) -> TickMemory:
        other = TickMemory(num_slots, self.latent_shape, self._device)
        other._latents[: len(self._latents)].copy_(self._latents)
        other._anchors[: len(self._anchors)].copy_(self._anchors)
        return other

    def enter(self, place: int, latent: Tensor) -> None:
        """Put a clean scaled latent (1, C, h, w) at a place; it is its own first z."""
        self._latents[place : place + 1].copy_(latent)
        self._anchors[place : place + 1].copy_(latent)

    def at(self, place: int) -> Tensor:
        """The latent there, (1, C, h, w)."""
        return self._latents[place : place + 1]

    def shown(self) -> Tensor:
        """The latent of the newest frame that the tick has finished, (1, C, h, w)."""
        return torch.index_select(self._latents, 0, self._indices[-1:], out=self._shown)

    def keep(self, features: Tensor) -> None:
        """Copy deep features; what is made for them first stays where it is."""
        rows = len(features)
        if rows not in self._features:
            self._features[rows] = torch.empty_like(features)
        self._features[rows].copy_(features)

    def kept(self, num_rows: int) -> Tensor:
        """The deep features that a tick of as many rows has kept last."""
        return self._features[num_rows]

    def rows(self, num_rows: int) -> Rows:
        """What the denoiser takes beside as many rows of x_t; those of the plan loaded last."""
        return self._rows[num_rows]

    def load(self, plan: TickPlan, backbone: Backbone, is_recorded: bool) -> None:
        """Take over all that a plan says, by small copies without a wait.

        is_recorded: the denoiser's rows stay where they are, too.
        """
        table = torch.zeros(len(Column), self.num_slots)
        table[:, : plan.shape.num_slots] = plan.coefficients.T
        self._coefficients.copy_(table.view(self._coefficients.shape), non_blocking=True)
        indices = [self._padded(rows) for rows in (plan.places, plan.asking, plan.answers)]
        shown = place_after(plan.finishing or 0)
        self._indices.copy_(torch.tensor([*chain(*indices), shown]), non_blocking=True)
        torch.stack(plan.noise, out=self._noise[: plan.shape.num_slots])
        if plan.asks != self._asks:
            self._load_rows(plan, backbone, is_recorded)

    def _padded(self, rows: list[int]) -> list[int]:
        return rows + [0] * (self.num_slots - len(rows))

    def _load_rows(self, plan: TickPlan, backbone: Backbone, is_recorded: bool) -> None:
        """Timesteps and prompts, as the model takes them."""
        timesteps = torch.tensor([timestep for timestep, _ in plan.asks])
        conditioning = Conditioning.cat([prompt for _, prompt in plan.asks])
        rows = backbone.condition(timesteps.to(self._device, non_blocking=True), conditioning)
        kept = self._rows.setdefault(plan.shape.num_rows, rows)
        if not is_recorded:
            self._rows = {plan.shape.num_rows: rows}
        elif kept is not rows:
            for memory, row in zip(kept, rows, strict=True):
                memory.copy_(row)
        self._asks = plan.asks

    def views(self, shape: TickShape) -> TickViews:
        """The same objects every time. After the first `load`."""
        if shape not in self._views:
            self._views[shape] = self._make_views(shape)
        return self._views[shape]

    def _make_views(self, shape: TickShape) -> TickViews:
        slots, rows, room = shape.num_slots, shape.num_rows, self.num_slots
        left = slice(place_after(0), place_after(slots))
        places, asking, answers = (self._indices[k * room : (k + 1) * room] for k in range(3))
        return TickViews(
            latents=self._latents,
            anchors=self._anchors,
            places=places[:slots],
            anchor=self._anchor[:slots],
            next_latent=self._latents[left],
            next_anchor=self._anchors[left],
            model_input=self._model_input[:rows],
            x_t=self._model_input[:slots],
            x_negative=self._model_input[slots:rows],
            asking=asking[: rows - slots],
            answers=answers[:slots],
            negative=self._negative[:slots],
            x0=self._x0[:slots],
            x0_cond=self._x0_cond[:slots],
            spreads=self._spreads[:, :slots],
            noise=self._noise[:slots],
            of=self._coefficients[:, :slots].unbind(),
        )
