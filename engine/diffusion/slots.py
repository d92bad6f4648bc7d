"""What travels with a frame through the stream batch, its constants, and the plan of a tick."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, auto

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, Conditioning, KeepsFeatures, MergesTokens
from engine.diffusion.feature_reuse import Reuse
from engine.diffusion.guidance import Guidance, guidance_weights
from engine.diffusion.schedule import SlotRow
from engine.diffusion.token_merging import in_steps
from engine.enums import GuidanceMode


class Column(IntEnum):
    """The coefficients of one slot in one tick.

    x_t     = ENTER_LATENT·latent + ENTER_NOISE·noise
    x0_cond = COND_X·x_t + COND_OUTPUT·output
    x0      = X·x_t + OUTPUT·output + NEGATIVE·output_negative + ANCHOR·z    (guided)
    latent' = STEP_X·x_t + STEP_X0·x0
    z'      = NEXT_Z·z + NEXT_Z_X·x_t + NEXT_Z_NEGATIVE·output_negative + NEXT_Z_X0·x0
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
    NEXT_Z = auto()
    NEXT_Z_X = auto()
    NEXT_Z_NEGATIVE = auto()
    NEXT_Z_X0 = auto()


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
            **self._next_anchor_at(position),
        }
        return [columns[column] for column in Column]

    def _next_anchor_at(self, position: int) -> dict[Column, float]:
        """z stays, or becomes what the negative prompt answered or this step has denoised."""
        row, asks = self.schedule[position], self.guidance.asks_negative_at(position)
        moves = self.guidance.moves_anchor_at(position) and position + 1 < len(self.schedule)
        answered, denoised = float(moves and asks), float(moves and not asks)
        return {
            Column.NEXT_Z: float(not moves),
            Column.NEXT_Z_X: answered * row.x0_from_x + denoised * row.c_skip,
            Column.NEXT_Z_NEGATIVE: answered * row.x0_from_output,
            Column.NEXT_Z_X0: denoised * row.c_out,
        }


@dataclass(slots=True, eq=False)
class Slot:
    """One frame in flight.

    place: where its latent and z are; see `tick_memory.TickMemory`.
    position: the slot of the schedule that the next tick computes.
    """

    ticket: Ticket
    tag: object
    place: int
    position: int = 0

    @property
    def is_finished(self) -> bool:
        return self.position == self.ticket.num_slots

    @property
    def is_last(self) -> bool:
        return self.position + 1 == self.ticket.num_slots

    @property
    def asks_negative(self) -> bool:
        return self.ticket.guidance.asks_negative_at(self.position)


class Anchors(IntEnum):
    """What the guidance of the frames in flight, from end to end, does with their z."""

    UNUSED = 0
    HELD = auto()
    MOVED = auto()


@dataclass(frozen=True, slots=True)
class TickShape:
    """What of a tick can't be told to it as numbers: ticks of one shape are the same work.

    num_negatives: rows that ask with the negative prompt. token_merging: share, in whole steps.
    """

    num_slots: int
    num_negatives: int
    anchors: Anchors
    has_rescale: bool
    token_merging: float
    reuse: Reuse = Reuse.NONE

    @property
    def num_rows(self) -> int:
        return self.num_slots + self.num_negatives


@dataclass(frozen=True, slots=True)
class TickPlan:
    """Everything of one tick that depends on who is in flight, not on the pictures.

    Rows: R slots, oldest first, then one negative row for each slot that asks for one.
    """

    shape: TickShape
    coefficients: Tensor  # (R, Column) float32, in main memory
    noise: list[Tensor]  # of each slot (C, h, w)
    places: list[int]  # of each slot's frame
    asks: tuple[tuple[float, Conditioning], ...]  # the timestep and prompt of every row
    asking: list[int]  # the slots with a negative row
    answers: list[int]  # each slot's row of the negative answer; its own without one
    finishing: int | None  # the row of the newest frame that finishes
    feature_reuse: int


def make_plan(slots: list[Slot], backbone: Backbone, is_recorded: bool = False) -> TickPlan:
    """Gather the slots' constants. is_recorded: the tick is to be like as many others as it can."""
    asking = [row for row, slot in enumerate(slots) if slot.asks_negative]
    answer_of = {row: len(slots) + k for k, row in enumerate(asking)}
    finishing = [row for row, slot in enumerate(slots) if slot.is_last]
    newest = slots[-1].ticket
    return TickPlan(
        shape=_shape_of(slots, len(asking), backbone, is_recorded),
        coefficients=torch.stack([s.ticket.coefficients[s.position] for s in slots]),
        noise=[slot.ticket.noise[slot.position] for slot in slots],
        places=[slot.place for slot in slots],
        asks=_asks_of(slots, asking),
        asking=asking,
        answers=[answer_of.get(row, row) for row in range(len(slots))],
        finishing=finishing[-1] if finishing else None,
        feature_reuse=newest.feature_reuse if isinstance(backbone, KeepsFeatures) else 0,
    )


def _shape_of(
    slots: list[Slot], num_negatives: int, backbone: Backbone, is_recorded: bool
) -> TickShape:
    guidances = [slot.ticket.guidance for slot in slots if slot.ticket.guidance.is_active]
    is_rescaled = any(guidance.rescale for guidance in guidances)
    # A recorded one rescales whenever it is guided: else the slider would make another kind.
    has_rescale = is_rescaled or (is_recorded and bool(guidances))
    anchors = max(map(_anchors_of, guidances), default=Anchors.UNUSED)
    share = slots[-1].ticket.token_merging if isinstance(backbone, MergesTokens) else 0.0
    return TickShape(len(slots), num_negatives, anchors, has_rescale, in_steps(share))


def _anchors_of(guidance: Guidance) -> Anchors:
    if not guidance.mode.is_residual:
        return Anchors.UNUSED
    return Anchors.HELD if guidance.mode is GuidanceMode.SELF_NEGATIVE else Anchors.MOVED


def _asks_of(slots: list[Slot], asking: list[int]) -> tuple[tuple[float, Conditioning], ...]:
    timesteps = [float(slot.ticket.schedule[slot.position].told_timestep) for slot in slots]
    prompts = [(timesteps[row], slot.ticket.conditioning) for row, slot in enumerate(slots)]
    negatives = [(timesteps[row], slots[row].ticket.negative) for row in asking]
    return (*prompts, *((t, negative) for t, negative in negatives if negative is not None))
