"""The stream batch: one denoiser call per tick for all frames in flight.

Every frame carries its own schedule, prompt, noise and guidance (its `Ticket`), so that any of
them may change at any tick: frames in flight finish as they began, and nothing is invalid.
Source: Kodaira et al. 2023, arXiv:2312.12491, section 3.1. Thread: the render thread only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, KeepsFeatures, MergesTokens
from engine.diffusion.feature_reuse import KeptFeatures, denoise_reusing
from engine.diffusion.guidance import rescale_guided
from engine.diffusion.slots import Column, Slot, Ticket, TickPlan, make_plan


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A frame's last denoised latent, (1, C, h, w) float32; no later call writes to it."""

    latent: Tensor
    tag: object


@dataclass(frozen=True, slots=True)
class _Buffers:
    """Fixed memory of a tick with R slots and some negative rows."""

    shape: tuple[int, ...]  # (R, R + negatives, C, h, w)
    model_input: Tensor  # (R + negatives, C, h, w), the slots' x_t first
    latent: Tensor  # (R, C, h, w), as are the others
    x0: Tensor
    x0_cond: Tensor
    output_negative: Tensor
    anchor: Tensor

    @staticmethod
    def allocate(shape: tuple[int, ...], device: torch.device) -> _Buffers:
        def rows(count: int) -> Tensor:
            return torch.empty((count, *shape[2:]), dtype=torch.float32, device=device)

        return _Buffers(shape, rows(shape[1]), *(rows(shape[0]) for _ in range(5)))


class StreamBatch:
    """Frames in flight through one backbone.

    A tick hands out all frames that it finished, oldest first. A frame that a newer one
    overtakes (fewer steps from now on) is dropped: the order out is the order in.
    """

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._merges_tokens = _merging(backbone)
        self._slots: list[Slot] = []  # oldest first
        self._spare: list[Tensor] = []  # anchors of frames gone, to be used again
        self._buffers: _Buffers | None = None
        self._plan: TickPlan | None = None
        self._kept: KeptFeatures | None = None
        self._plan_key: list[tuple[Ticket, int]] = []

    @property
    def in_flight(self) -> int:
        """How many admitted frames have neither come out nor been dropped."""
        return len(self._slots)

    @property
    def num_rows(self) -> int:
        """How many rows the denoiser was last called with; 1 before. Thread: any."""
        return self._buffers.shape[1] if self._buffers else 1

    def go_over_to(self, backbone: Backbone) -> None:
        """Another one of the same model paints from the next tick on; frames in flight carry on."""
        self._backbone, self._plan = backbone, None
        self._merges_tokens = _merging(backbone)

    @torch.inference_mode()
    def admit(self, latent: Tensor, ticket: Ticket, tag: object = None) -> None:
        """Let a frame in; the next tick computes its first slot.

        latent: clean scaled latent (1, C, h, w); it is copied. tag: comes out with the frame.
        Errors: ValueError where latent and noise or the frames in flight differ in shape.
        """
        if latent.shape != (1, *ticket.noise.shape[1:]):
            raise ValueError(
                f"a latent of shape {tuple(latent.shape)} doesn't fit noise of shape "
                f"{tuple(ticket.noise.shape)}"
            )
        if self._slots and latent.shape != self._slots[0].latent.shape:
            raise ValueError("the picture's size changed with frames in flight; flush them first")
        anchor = self._take_spare(latent.shape)
        anchor.copy_(latent)
        self._slots.append(Slot(ticket, tag, latent=anchor, anchor=anchor))

    @torch.inference_mode()
    def tick(self) -> list[Finished]:
        """Move every frame in flight on by one slot.

        Returns: the frames finished by it, oldest first; none while the batch fills.
        """
        if not self._slots:
            return []
        plan = self._current_plan()
        buffers = self._current_buffers(plan)
        x_t = self._enter(plan, buffers)
        output = self._denoise(plan, buffers.model_input)
        self._predict_x0(plan, buffers, x_t, output)
        step_x, step_x0 = plan.coefficients[Column.STEP_X], plan.coefficients[Column.STEP_X0]
        torch.mul(x_t, step_x, out=buffers.latent).addcmul_(buffers.x0, step_x0)
        for row, slot in enumerate(self._slots):
            slot.latent = buffers.latent[row : row + 1]
            slot.position += 1
        return self._take_finished()

    def clear(self) -> None:
        """Forget every frame in flight."""
        for slot in self._slots:
            self._spare.append(slot.anchor)
        self._slots = []

    def _denoise(self, plan: TickPlan, x_t: Tensor) -> Tensor:
        if self._merges_tokens is not None:  # another batch may have set it otherwise meanwhile
            self._merges_tokens.merge_tokens(plan.token_merging)
        if not (plan.feature_reuse and isinstance(self._backbone, KeepsFeatures)):
            self._kept = None
            return self._backbone.denoise(x_t, plan.rows)
        most = plan.feature_reuse
        output, self._kept = denoise_reusing(self._backbone, x_t, plan.rows, self._kept, most)
        return output

    def _current_plan(self) -> TickPlan:
        key = [(slot.ticket, slot.position) for slot in self._slots]
        if self._plan is None or key != self._plan_key:
            self._plan = make_plan(self._slots, self._backbone, self._plan)
            self._plan_key = key
        return self._plan

    def _current_buffers(self, plan: TickPlan) -> _Buffers:
        rows, input_rows = len(plan.noise), len(plan.asks)
        shape = (rows, input_rows, *plan.noise.shape[1:])
        if self._buffers is None or self._buffers.shape != shape:
            self._buffers = _Buffers.allocate(shape, self._backbone.device)
        return self._buffers

    def _enter(self, plan: TickPlan, buffers: _Buffers) -> Tensor:
        """Gather the latents, add each slot's noise, repeat the rows that ask twice."""
        num_slots = len(self._slots)
        x_t = buffers.model_input[:num_slots]
        torch.cat([slot.latent for slot in self._slots], out=x_t)
        x_t.mul_(plan.coefficients[Column.ENTER_LATENT])
        x_t.addcmul_(plan.noise, plan.coefficients[Column.ENTER_NOISE])
        if plan.negatives is not None:
            torch.index_select(x_t, 0, plan.negatives, out=buffers.model_input[num_slots:])
        return x_t

    def _predict_x0(self, plan: TickPlan, buffers: _Buffers, x_t: Tensor, output: Tensor) -> None:
        """The guided clean latent of every slot, into `buffers.x0`."""
        of = plan.coefficients
        cond = output[: len(self._slots)]
        x0 = torch.mul(x_t, of[Column.X], out=buffers.x0).addcmul_(cond, of[Column.OUTPUT])
        if plan.negative_of is not None:
            negative = buffers.output_negative
            torch.index_select(output, 0, plan.negative_of, out=negative)
            x0.addcmul_(negative, of[Column.NEGATIVE])
        if plan.has_anchor:
            torch.cat([slot.anchor for slot in self._slots], out=buffers.anchor)
            x0.addcmul_(buffers.anchor, of[Column.ANCHOR])
        if plan.has_rescale:
            x0_cond = torch.mul(x_t, of[Column.COND_X], out=buffers.x0_cond)
            x0_cond.addcmul_(cond, of[Column.COND_OUTPUT])
            rescale_guided(x0, x0_cond, of[Column.RESCALE])
        self._move_anchors(plan.onetime_rows, of, x_t, buffers.output_negative)
        self._move_anchors(plan.step_rows, of, x_t, x0)

    def _move_anchors(
        self, rows: tuple[int, ...], of: tuple[Tensor, ...], x_t: Tensor, source: Tensor
    ) -> None:
        """From the next slot on these frames' residual noise leads elsewhere."""
        for row in rows:
            one = slice(row, row + 1)
            anchor = self._slots[row].anchor
            torch.mul(x_t[one], of[Column.NEXT_Z_X][one], out=anchor)
            anchor.addcmul_(source[one], of[Column.NEXT_Z_SOURCE][one])

    def _take_finished(self) -> list[Finished]:
        """Remove the finished frames and those that they overtook."""
        done = [row for row, slot in enumerate(self._slots) if slot.is_finished]
        if not done:
            return []
        leaving, self._slots = self._slots[: done[-1] + 1], self._slots[done[-1] + 1 :]
        self._spare.extend(slot.anchor for slot in leaving)
        finished: list[Finished] = []
        for slot in (slot for slot in leaving if slot.is_finished):
            # The next tick writes to the buffer again, and who is given a latent may keep it.
            finished.append(Finished(slot.latent.clone(), slot.tag))
        return finished

    def _take_spare(self, shape: torch.Size) -> Tensor:
        if self._spare and self._spare[-1].shape == shape:
            return self._spare.pop()
        self._spare.clear()
        return torch.empty(shape, dtype=torch.float32, device=self._backbone.device)


def _merging(backbone: Backbone) -> MergesTokens | None:
    """Asked once: looking up a protocol takes longer than using it."""
    return backbone if isinstance(backbone, MergesTokens) else None
