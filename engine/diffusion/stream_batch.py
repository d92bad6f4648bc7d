"""The stream batch: one denoiser call per tick for all frames in flight.

Every frame carries its own schedule, prompt, noise and guidance (its `Ticket`), so that any of
them may change at any tick: frames in flight finish as they began, and nothing is invalid.
Here is what is known of the frames; what is done to their tensors is in `tick.py`, on the fixed
memory of `tick_memory.py`, so that a whole tick can be recorded and replayed (`recorder.py`).
Source: Kodaira et al. 2023, arXiv:2312.12491, section 3.1. Thread: the render thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.diffusion.backbone import Backbone, MergesTokens
from engine.diffusion.feature_reuse import ReuseClock
from engine.diffusion.recorder import ImmediateRecorder, Recorder
from engine.diffusion.slots import Slot, Ticket, TickPlan, make_plan
from engine.diffusion.tick import step
from engine.diffusion.tick_memory import ENTRANCE, TickMemory, place_after
from engine.params import MAX_STEPS

AS_IT_COMES = ImmediateRecorder()
Enter = Callable[[], Tensor]  # makes the latent of the frame that enters, (1, C, h, w)
Leave = Callable[[Tensor], None]  # is given the latent of a frame that has finished


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A frame's last denoised latent, (1, C, h, w) float32; no later call writes to it."""

    latent: Tensor
    tag: object


class StreamBatch:
    """Frames in flight through one backbone.

    A tick hands out all frames that it finished, oldest first. A frame that a newer one
    overtakes (fewer steps from now on) is dropped: the order out is the order in.
    """

    def __init__(self, backbone: Backbone, is_recorded: bool = True) -> None:
        """is_recorded: by the backbone's recorder; else its ticks run as they come."""
        self._backbone, self._is_recorded = backbone, is_recorded
        self._merges_tokens = _merging(backbone)
        self._slots: list[Slot] = []  # oldest first
        self._num_new = 0  # of them, those that no tick has moved yet
        self._num_left = 0  # slots of the last tick
        self._memory: TickMemory | None = None
        self._plan: TickPlan | None = None
        self._plan_key: list[tuple[Ticket, int, int]] = []
        self._reuse_clock = ReuseClock()

    @property
    def backbone(self) -> Backbone:
        return self._backbone

    @property
    def in_flight(self) -> int:
        """How many admitted frames have neither come out nor been dropped."""
        return len(self._slots)

    @property
    def num_rows(self) -> int:
        """How many rows the denoiser was last called with; 1 before. Thread: any."""
        plan = self._plan
        return plan.shape.num_rows if plan else 1

    def go_over_to(self, backbone: Backbone) -> None:
        """Another one of the same model paints from the next tick on; frames in flight carry on."""
        self._backbone, self._plan_key = backbone, []
        self._merges_tokens = _merging(backbone)
        if self._memory is not None:
            self._memory = self._memory.for_another_model()

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
        memory, slot = self._take_in(ticket, tag)
        memory.enter(slot.place, latent)

    @torch.inference_mode()
    def tick(self) -> list[Finished]:
        """Move every frame in flight on by one slot.

        Returns: the frames finished by it, oldest first; none while the batch fills.
        """
        if self._memory is None:
            return []
        finished, memory = self._advance(None, None), self._memory
        # The next tick writes there again, and who is given a latent may keep it.
        return [Finished(memory.at(slot.place).clone(), slot.tag) for slot in finished]

    @torch.inference_mode()
    def paint(self, ticket: Ticket, tag: object, enter: Enter, leave: Leave) -> list[object]:
        """Let a frame in and tick, with both of its ends, in one piece that may be recorded.

        enter: makes the frame's latent. leave: is given that of the newest frame that the tick has
        finished, if it has; it lasts until the next one. Both are the same work at every call.
        Returns: the tags of the frames finished, oldest first. Errors: as `admit`, without frames
        that were admitted and wait for their first tick; after any other the batch is empty.
        """
        if self._num_new:
            raise ValueError("a frame was admitted already; tick before another one is painted")
        self._take_in(ticket, tag)
        return [slot.tag for slot in self._advance(enter, leave)]

    def clear(self) -> None:
        """Forget every frame in flight."""
        self._slots, self._num_new = [], 0
        self._reuse_clock = ReuseClock()

    @property
    def _recorder(self) -> Recorder:
        return self._backbone.recorder if self._is_recorded else AS_IT_COMES

    def _take_in(self, ticket: Ticket, tag: object) -> tuple[TickMemory, Slot]:
        latent_shape = ticket.noise.shape[1:]
        memory = self._memory
        if memory is None or memory.latent_shape != latent_shape:
            if self._slots:
                raise ValueError(
                    "the picture's size changed with frames in flight; flush them first"
                )
            memory = TickMemory(MAX_STEPS, latent_shape, self._backbone.device)
        self._memory = memory.with_room(len(self._slots) + 1)
        place = place_after(self._num_left + self._num_new - 1) if self._num_new else ENTRANCE
        slot = Slot(ticket, tag, place)
        self._slots.append(slot)
        self._num_new += 1
        return self._memory, slot

    def _advance(self, enter: Enter | None, leave: Leave | None) -> list[Slot]:
        """One tick. Returns: the frames finished, oldest first."""
        if not self._slots:
            return []
        plan, memory = self._loaded_plan()
        backbone = self._backbone
        reuse = self._reuse_clock.next(memory.asks, plan.feature_reuse)
        shape = replace(plan.shape, reuse=reuse) if plan.feature_reuse else plan.shape
        leave = None if plan.finishing is None else leave

        def work() -> None:
            if enter is not None:
                memory.enter(ENTRANCE, enter())
            step(memory, shape, backbone)
            if leave is not None:
                leave(memory.shown())

        if self._merges_tokens is not None:  # another batch may have set it otherwise meanwhile
            self._merges_tokens.merge_tokens(shape.token_merging)
        try:
            self._recorder.run((memory, shape, enter, leave), work)
        except Exception:
            self.clear()  # how far their latents have come can't be told
            raise
        return self._move_on()

    def _loaded_plan(self) -> tuple[TickPlan, TickMemory]:
        """What this tick is, and the memory that was told so."""
        if self._memory is None:
            raise RuntimeError("frames in flight without memory")
        key = [(slot.ticket, slot.position, slot.place) for slot in self._slots]
        if self._plan is None or key != self._plan_key:
            is_recorded = self._recorder.records
            self._plan = make_plan(self._slots, self._backbone, is_recorded)
            self._memory.load(self._plan, self._backbone, is_recorded)
            self._plan_key = key
        return self._plan, self._memory

    def _move_on(self) -> list[Slot]:
        """Remove the finished frames and those that they overtook."""
        for row, slot in enumerate(self._slots):
            slot.position, slot.place = slot.position + 1, place_after(row)
        self._num_left, self._num_new = len(self._slots), 0
        finished = [row for row, slot in enumerate(self._slots) if slot.is_finished]
        if not finished:
            return []
        leaving, self._slots = self._slots[: finished[-1] + 1], self._slots[finished[-1] + 1 :]
        return [slot for slot in leaving if slot.is_finished]


def _merging(backbone: Backbone) -> MergesTokens | None:
    """Asked once: looking up a protocol takes longer than using it."""
    return backbone if isinstance(backbone, MergesTokens) else None
