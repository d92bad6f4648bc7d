"""What is compared: networks, sizes, steps, guidance; and how long each is measured."""

from __future__ import annotations

from dataclasses import dataclass

from bench._networks import HOUSE
from engine.enums import GuidanceMode

FULL, SELF = GuidanceMode.FULL, GuidanceMode.SELF_NEGATIVE


@dataclass(frozen=True)
class Case:
    """One setting. size_px: of both sides; is_batched: all steps in one denoiser call."""

    network: str
    size_px: int
    steps: int
    guidance: GuidanceMode = GuidanceMode.NONE
    is_batched: bool = True

    @property
    def name(self) -> str:
        order = "" if self.is_batched else ", one step after the other"
        mode = str(self.guidance).replace("_", "-")
        guidance = "" if self.guidance is GuidanceMode.NONE else f", {mode} guidance"
        return f"{self.network} {self.size_px}² × {self.steps}{guidance}{order}"


@dataclass(frozen=True)
class Effort:
    """How long to measure. frames: of each contender in each round."""

    rounds: int
    frames: int
    warm_up: int


@dataclass(frozen=True)
class Programme:
    """All that one run compares. still: where the picture hardly changes, with and without rest."""

    cases: tuple[Case, ...]
    still: tuple[Case, ...]
    effort: Effort


QUICK_CASES = (Case(HOUSE, 256, 1), Case("unet-18m", 256, 1))
PROCESSOR_CASES = (
    Case(HOUSE, 256, 1),
    Case(HOUSE, 384, 1),
    Case("unet-18m", 256, 1),
    Case("unet-18m", 256, 2),
    Case("unet-18m", 256, 4),
    Case("unet-18m", 256, 4, is_batched=False),
    Case("unet-18m", 256, 4, FULL),
    Case("unet-18m", 256, 4, SELF),
)
CARD_CASES = (
    Case("sd-turbo", 512, 1),
    Case("sd1.5", 512, 1),
    Case("sd1.5", 512, 2),
    Case("sd1.5", 512, 4),
    Case("sd1.5", 512, 4, is_batched=False),
    Case("sd1.5", 512, 4, FULL),
    Case("sd1.5", 512, 4, SELF),
    Case("sdxl-turbo", 512, 1),
    Case("sdxl-turbo", 1024, 1),
)
# By PyTorch's name of the device.
PROGRAMMES = {
    "cpu": Programme(PROCESSOR_CASES, PROCESSOR_CASES[:1], Effort(rounds=3, frames=12, warm_up=4)),
    "cuda": Programme(CARD_CASES, CARD_CASES[:1], Effort(rounds=3, frames=400, warm_up=100)),
}
QUICK_PROGRAMMES = {
    "cpu": Programme(QUICK_CASES, (), Effort(rounds=3, frames=2, warm_up=0)),
    "cuda": Programme(QUICK_CASES, (), Effort(rounds=3, frames=50, warm_up=20)),
}
