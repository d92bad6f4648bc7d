"""Training of denoiser and text encoder together, on the frozen codec's latents."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .batches import Batch, Batches, Mixture
from .codec import load_codec
from .denoiser import Painter, guide, slerp
from .losses import picture_loss
from .progress import Average, Minute, load_checkpoint, save_checkpoint, set_learning_rate
from .schedule import DEFAULT_GUIDANCE_SCALE, add_noise, make_scheduler, strength_of
from .vocabulary import tokenize, write_tokenizer

PEAK_RATE = 1e-3
DECODED = 32  # the picture losses look at a window of so many latents…
DECODED_PART = 2  # …in every second sample, to save time
# For later steps and for the first: these are for crispness, that one for getting it right.
CRISPNESS = 16.0, 1.0
EXACTNESS = 0.4, 1.0
EDGE_GAIN = 0.6  # the last steps win back the quarter of all edges that the codec loses
SAVE_EVERY = 250


def learning_rate(step: int, total: int, decay: int, peak: float = PEAK_RATE) -> float:
    """Warm up, hold, and fall to zero over the last ``decay`` steps.

    A held rate lets a longer run continue from the last checkpoint before the fall.
    Source: Hägele et al. 2024, arXiv:2405.18392 (1 - sqrt cooldown).
    """
    if step < 200:
        return peak * (step + 1) / 200
    if step < total - decay:
        return peak
    return peak * (1 - ((step - total + decay) / decay) ** 0.5)


@dataclass(frozen=True)
class Plan:
    """How long to train, on what."""

    total: int
    decay: int
    batch: int = 16
    size: int = 24
    mixture: Mixture = field(default_factory=Mixture)
    name: str = "denoiser"
    start_from: str | None = None


class Trainer:
    """Model, optimiser, average and everything else that one step needs."""

    def __init__(self, work: Path) -> None:
        self._codec, self._tokenizer = load_codec(work), write_tokenizer(work / "tokenizer")
        self._alphas_cumprod = make_scheduler().alphas_cumprod
        self._generator = torch.Generator()
        self.step = 0
        self.painter = Painter(self._tokenizer)
        self._compiled_unet = torch.compile(self.painter.unet)  # a third faster than eager
        self.average = Average(self.painter, 0.9985)
        self._optimizer = torch.optim.AdamW(
            self.painter.parameters(), betas=(0.9, 0.98), weight_decay=1e-3, fused=True
        )

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "step": self.step,
            "model": self.painter.state_dict(),
            "average": self.average.values,
            "updates": self.average.updates,
            "optimizer": self._optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.painter.load_state_dict(state["model"])
        self.average.values, self.average.updates = state["average"], state["updates"]
        self._optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        self._generator.manual_seed(5 + self.step)

    def train(self, batch: Batch, rate: float) -> dict[str, float]:
        """One step at a learning rate; returns the figures to print."""
        set_learning_rate(self._optimizer, rate)
        loss, figures = self.loss(batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.painter.parameters(), 1.0)
        self._optimizer.step()
        self.average.update(self.painter)
        self.step += 1
        return figures | {"norm": float(norm)}

    def loss(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The training loss of a batch and the figures to print."""
        photo, look = batch.photos, batch.paintings
        embedding = self._embed(batch)
        scale = torch.where(batch.is_neutral, 1.0, DEFAULT_GUIDANCE_SCALE).view(-1, 1, 1, 1)
        start, t = self._starts(batch, embedding, scale), batch.t_of(batch.step)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = self._compiled_unet(self._noisy(start, t), t, embedding).sample.float()
        painted = guide(start, predicted, scale)
        look = torch.where(batch.is_neutral.view(-1, 1, 1, 1), photo, look)
        # A later step mends what the first one aimed at; it doesn't go further.
        goal = torch.lerp(photo, look, strength_of(batch.t).view(-1, 1, 1, 1))
        exactness = torch.where(batch.step > 0, *EXACTNESS)
        apart = functional.smooth_l1_loss(painted, goal, beta=0.3, reduction="none")
        latent = (exactness * apart.mean((1, 2, 3))).mean()
        crispness = torch.where(batch.step > 0, *CRISPNESS)
        edge_gain = 1 + EDGE_GAIN * batch.step / batch.num_steps
        picture = self._picture_loss(painted, goal, crispness, edge_gain)
        return latent + picture, {"latent": latent.item(), "picture": picture.item()}

    def _embed(self, batch: Batch) -> Tensor:
        tokens = tokenize(self._tokenizer, batch.prompts + batch.others)
        first, second = self.painter.embed(tokens).chunk(2)
        blended = slerp(first, second, batch.blend)
        return torch.where((batch.blend > 0).view(-1, 1, 1), blended, first)

    def _noisy(self, latents: Tensor, t: Tensor) -> Tensor:
        noise = torch.randn(latents.shape, generator=self._generator)
        return add_noise(self._alphas_cumprod, latents, noise, t)

    @torch.no_grad()
    def _starts(self, batch: Batch, embedding: Tensor, scale: Tensor) -> Tensor:
        """The photos; for a later step, the model's own answer to the steps before."""
        start = batch.photos.clone()
        for step in range(int(batch.step.max())):
            of = (batch.step > step).nonzero().flatten()
            t = batch.t_of(step)[of]
            with torch.autocast("cpu", torch.bfloat16):
                predicted = self.painter(self._noisy(start[of], t), t, embedding[of]).float()
            start[of] = guide(start[of], predicted, scale[of])
        return start

    def _picture_loss(
        self, painted: Tensor, goal: Tensor, crispness: Tensor, edge_gain: Tensor
    ) -> Tensor:
        side = min(DECODED, painted.shape[-1])
        room = painted.shape[-1] - side
        y, x = torch.randint(0, room + 1, (2,), generator=self._generator).tolist()
        window = np.s_[::DECODED_PART, :, y : y + side, x : x + side]
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                wanted = self._codec.decode(goal[window]).sample.float()
            decoded = self._codec.decode(painted[window]).sample.float()
            every = np.s_[::DECODED_PART]
            return picture_loss(self._codec, decoded, wanted, crispness[every], edge_gain[every])


def train_denoiser(work: Path, plan: Plan, parts: dict[str, float]) -> None:
    """Train or resume a plan.

    ``parts`` are the pool's parts and how often each is drawn. Checkpoints:
    ``checkpoints/NAME.pt`` every 250 steps; ``NAME-held.pt`` is the last before the rate falls.
    """
    torch.manual_seed(4)
    torch.set_flush_denormal(True)  # tiny gradients would slow the processor down several times
    checkpoints, trainer = work / "checkpoints", Trainer(work)
    names = [plan.name, plan.start_from] if plan.start_from else [plan.name]
    states = (load_checkpoint(checkpoints / f"{name}.pt") for name in names)
    if state := next(filter(None, states), None):
        trainer.restore(state)
    encoded = {work / "latents" / f"{name}.npy": weight for name, weight in parts.items()}
    batches = Batches(encoded, plan.size, plan.mixture, seed=6 + trainer.step)
    minute = Minute(plan.name)
    while trainer.step < plan.total:
        rate = learning_rate(trainer.step, plan.total, plan.decay)
        minute.note(trainer.step, trainer.train(batches.draw(plan.batch), rate))
        if trainer.step % SAVE_EVERY == 0 or trainer.step == plan.total:
            save_checkpoint(checkpoints / f"{plan.name}.pt", trainer.state())
            if trainer.step <= plan.total - plan.decay:
                save_checkpoint(checkpoints / f"{plan.name}-held.pt", trainer.state())
