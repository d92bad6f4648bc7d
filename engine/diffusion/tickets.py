"""The live parameters of one tick, made ready for the frame that enters with it."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.diffusion.backbone import ModelInfo
from engine.diffusion.guidance import Guidance
from engine.diffusion.lru import LruCache
from engine.diffusion.noise import LatentShape, blend_noise
from engine.diffusion.prompt import PromptBook
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.slots import Ticket
from engine.params import StreamParams

NUM_NOISES_KEPT = 8


class TicketOffice:
    """Makes one ticket per set of parameters and hands it out until one of them moves.

    Thread: the render thread.
    """

    def __init__(
        self, info: ModelInfo, prompts: PromptBook, shape: LatentShape, device: torch.device
    ) -> None:
        self._info, self._prompts = info, prompts
        self._shape, self._device = shape, device
        self._noises: LruCache[tuple[int, int, float, int], Tensor] = LruCache(NUM_NOISES_KEPT)
        self._params: StreamParams | None = None
        self._ticket: Ticket | None = None

    def ticket_for(self, params: StreamParams) -> Ticket:
        """The same object as before while the parameters are the same."""
        if self._ticket is None or params != self._params:
            self._ticket, self._params = self._make(params), params
        return self._ticket

    def _make(self, params: StreamParams) -> Ticket:
        timesteps = choose_timesteps(
            self._info, params.sampler, params.num_inference_steps, params.strength
        )
        guidance = Guidance(
            params.guidance_mode, params.guidance_scale, params.delta, params.guidance_rescale
        )
        is_negative_needed = guidance.needs_negative
        return Ticket(
            schedule=make_schedule(self._info, params.sampler, timesteps, params.add_noise),
            conditioning=self._prompts.positive(params.prompt, params.prompt_blend),
            noise=self._noise(params, len(timesteps)),
            guidance=guidance,
            negative=self._prompts.negative(params.negative_prompt) if is_negative_needed else None,
            token_merging=params.token_merging,
            feature_reuse=params.feature_reuse,
        )

    def _noise(self, params: StreamParams, num_slots: int) -> Tensor:
        key = (params.seed, params.seed_target, params.seed_blend, num_slots)
        return self._noises.get_or_make(
            key, lambda: blend_noise(*key, self._shape).to(self._device)
        )
