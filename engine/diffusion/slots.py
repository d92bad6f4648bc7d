"""What travels with a frame through the stream batch, and its constants as a table of floats."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, auto

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, Conditioning, Rows
from engine.diffusion.guidance import Guidance, guidance_weights
from engine.diffusion.schedule import SlotRow
from engine.enums import GuidanceMode


class Column(IntEnum):
    """The coefficients of one slot in one tick.

    x_t     = ENTER_LATENT·latent + ENTER_NOISE·noise
    x0_cond = COND_X·x_t + COND_OUTPUT·output
    x0      = X·x_t + OUTPUT·output + NEGATIVE·output_negative + ANCHOR·z    (guided)
    latent' = STEP_X·x_t + STEP_X0·x0
    z'      = NEXT_Z_X·x_t + NEXT_Z_SOURCE·source, where the guidance moves z; see `TickPlan`
    """

    ENTER_LATENT = 0
    ENTER_NOISE = auto()
    COND_X = auto()
    COND_OUTPUT = auto()
    X = auto()
    OUTPUT = auto()
    NEGATIVE = auto()
    ANCHOR = auto()
    RESCALE = auto()
    STEP_X = auto()
    STEP_X0 = auto()
    NEXT_Z_X = auto()
    NEXT_Z_SOURCE = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One set of live parameters, made ready for the frames that enter with it.

    Reuse one ticket as long as nothing changes: the batch keeps its constants by identity.

    noise: (at least len(schedule), C, h, w) float32 on the model's device; slot i adds noise[i].
    conditioning, negative: one row each; negative is needed where `guidance.needs_negative`.
    token_merging, feature_reuse: as the parameters; the newest frame's count for a whole tick.
    Errors: ValueError for an empty schedule, missing noise or a missing negative.
    """

    schedule: tuple[SlotRow, ...]
    conditioning: Conditioning
    noise: Tensor
    guidance: Guidance = field(default_factory=Guidance)
    negative: Conditioning | None = None
    token_merging: float = 0.0
    feature_reuse: int = 0
    coefficients: Tensor = field(init=False, repr=False)  # (len(schedule), len(Column)) float32

    def __post_init__(self) -> None:
        if not self.schedule:
            raise ValueError("a ticket needs a schedule of at least one slot")
        if len(self.noise) < len(self.schedule):
            raise ValueError(
                f"{len(self.schedule)} slots need as much noise, not {len(self.noise)}"
            )
        if self.guidance.needs_negative and self.negative is None:
            raise ValueError(f"{self.guidance.mode} guidance needs the negative prompt encoded")
        table = [self._coefficients_at(position) for position in range(len(self.schedule))]
        object.__setattr__(self, "coefficients", torch.tensor(table, dtype=torch.float64).float())

    @property
    def num_slots(self) -> int:
        return len(self.schedule)

    def _coefficients_at(self, position: int) -> list[float]:
        row = self.schedule[position]
        weights = guidance_weights(self.guidance, row, position)
        is_asking = self.guidance.asks_negative_at(position)
        # eps = (x_t - a·x0) / b; E is never larger than b, so their ratio is harmless
        eps_share = row.step_eps / row.b if row.step_eps else 0.0
        columns = {
            Column.ENTER_LATENT: 1.0 if position else row.a,
            Column.ENTER_NOISE: self.schedule[position - 1].step_noise if position else row.b,
            Column.COND_X: row.x0_from_x,
            Column.COND_OUTPUT: row.x0_from_output,
            Column.X: (weights.cond + weights.negative) * row.x0_from_x + weights.x_t,
            Column.OUTPUT: weights.cond * row.x0_from_output,
            Column.NEGATIVE: weights.negative * row.x0_from_output,
            Column.ANCHOR: weights.anchor,
            Column.RESCALE: self.guidance.rescale if self.guidance.is_active else 0.0,
            Column.STEP_X: row.step_x0 * row.c_skip + eps_share,
            Column.STEP_X0: row.step_x0 * row.c_out - eps_share * row.a,
            Column.NEXT_Z_X: row.x0_from_x if is_asking else row.c_skip,
            Column.NEXT_Z_SOURCE: row.x0_from_output if is_asking else row.c_out,
        }
        return [columns[column] for column in Column]


@dataclass(slots=True, eq=False)
class Slot:
    """One frame in flight.

    latent: (1, C, h, w), what the last step left, before this slot's noise is added.
    anchor: (1, C, h, w), z of the residual noise; owned by the slot.
    position: the slot of the schedule that the next tick computes.
    """

    ticket: Ticket
    tag: object
    latent: Tensor
    anchor: Tensor
    position: int = 0

    @property
    def is_finished(self) -> bool:
        return self.position == self.ticket.num_slots

    @property
    def asks_negative(self) -> bool:
        return self.ticket.guidance.asks_negative_at(self.position)

    @property
    def uses_anchor(self) -> bool:
        return self.ticket.guidance.uses_anchor_at(self.position)

    @property
    def is_last(self) -> bool:
        return self.position + 1 == self.ticket.num_slots


@dataclass(frozen=True, slots=True)
class TickPlan:
    """Everything of one tick that depends on who is in flight, not on the pictures.

    Rows: R slots, oldest first, then one negative row for each slot that asks for one.
    asks: the timestep and prompt of every row.
    """

    coefficients: tuple[Tensor, ...]  # by Column, each (R, 1, 1, 1)
    noise: Tensor  # (R, C, h, w)
    asks: tuple[tuple[float, Conditioning], ...]
    rows: Rows  # what the denoiser takes beside x_t, each (R + negatives, ...)
    negatives: Tensor | None  # the slots that ask, by row
    negative_of: Tensor | None  # (R,) each slot's row of the negative answer; its own without one
    onetime_rows: tuple[int, ...]  # slots whose next z has the negative answer as its source
    step_rows: tuple[int, ...]  # slots whose next z has the guided x0 as its source
    has_anchor: bool
    has_rescale: bool
    token_merging: float
    feature_reuse: int


def make_plan(slots: list[Slot], backbone: Backbone, before: TickPlan | None = None) -> TickPlan:
    """Gather the slots' constants into one batch. No host sync: small copies to the device.

    before: the plan so far; its rows serve again while timesteps and prompts stay.
    """
    asking = [
        row
        for row, slot in enumerate(slots)
        if slot.ticket.guidance.asks_negative_at(slot.position)
    ]
    answer_of = {row: len(slots) + k for k, row in enumerate(asking)}
    table = torch.stack([slot.ticket.coefficients[slot.position] for slot in slots])  # (R, k)
    asks = _asks_of(slots, asking)

    def on_device(tensor: Tensor) -> Tensor:
        return tensor.to(backbone.device, non_blocking=True)

    return TickPlan(
        coefficients=on_device(table.T.contiguous())[..., None, None, None].unbind(),
        noise=torch.stack([slot.ticket.noise[slot.position] for slot in slots]),
        asks=asks,
        rows=before.rows if before and before.asks == asks else _rows_of(asks, backbone),
        negatives=on_device(torch.tensor(asking)) if asking else None,
        negative_of=(
            on_device(torch.tensor([answer_of.get(row, row) for row in range(len(slots))]))
            if asking
            else None
        ),
        onetime_rows=_rows_moving(slots, GuidanceMode.ONETIME_NEGATIVE),
        step_rows=_rows_moving(slots, GuidanceMode.STEP_NEGATIVE),
        has_anchor=any(slot.uses_anchor for slot in slots),
        has_rescale=bool(table[:, Column.RESCALE].any()),
        token_merging=slots[-1].ticket.token_merging,
        feature_reuse=slots[-1].ticket.feature_reuse,
    )


def _rows_moving(slots: list[Slot], mode: GuidanceMode) -> tuple[int, ...]:
    """The slots of this mode that give their next one another z."""
    return tuple(
        row
        for row, slot in enumerate(slots)
        if slot.ticket.guidance.mode is mode
        and slot.ticket.guidance.moves_anchor_at(slot.position)
        and not slot.is_last
    )


def _asks_of(slots: list[Slot], asking: list[int]) -> tuple[tuple[float, Conditioning], ...]:
    timesteps = [float(slot.ticket.schedule[slot.position].told_timestep) for slot in slots]
    prompts = [(timesteps[row], slot.ticket.conditioning) for row, slot in enumerate(slots)]
    negatives = [(timesteps[row], slots[row].ticket.negative) for row in asking]
    return (*prompts, *((t, negative) for t, negative in negatives if negative is not None))


def _rows_of(asks: tuple[tuple[float, Conditioning], ...], backbone: Backbone) -> Rows:
    timesteps = torch.tensor([timestep for timestep, _ in asks])
    conditioning = Conditioning.cat([prompt for _, prompt in asks])
    return backbone.condition(timesteps.to(backbone.device, non_blocking=True), conditioning)
