"""Deep features used again: exact where nothing moved, whole again as soon as anything changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.diffusion.backbone import Conditioning, Rows
from engine.diffusion.feature_reuse import Reuse, ReuseClock
from engine.diffusion.model_info import ModelCard, make_model_info
from engine.diffusion.noise import make_noise
from engine.diffusion.schedule import choose_timesteps, make_schedule
from engine.diffusion.sd_backbone import SDBackbone
from engine.diffusion.slots import Ticket
from engine.diffusion.stream_batch import StreamBatch
from engine.enums import Family
from engine.params import Sampler
from tests import tiny_models
from tests.streams import run

SHAPE = (4, 8, 12)
TRAINED = {**tiny_models.TRAINED, "num_train_timesteps": 1000, "_class_name": "LCMScheduler"}


class CountingBackbone(SDBackbone):
    """Notes how every tick was computed: "whole", "kept" or "fine"."""

    def __init__(self, is_xl: bool = False, make: Callable[[], Any] = tiny_models.sd_unet) -> None:
        make = tiny_models.sdxl_unet if is_xl else make
        unet, vae = (tiny_models.seeded(f).eval() for f in (make, tiny_models.tiny_vae))
        family = Family.SDXL if is_xl else Family.SD
        info = make_model_info("tiny", family, TRAINED, vae, ModelCard())
        super().__init__(info, unet, vae, torch.device("cpu"), torch.float32, (24, 16))
        self.ways: list[str] = []

    def denoise(self, x_t: Tensor, rows: Rows) -> Tensor:
        self.ways.append("whole")
        return super().denoise(x_t, rows)

    def denoise_keeping(self, x_t: Tensor, rows: Rows) -> tuple[Tensor, Tensor]:
        self.ways.append("kept")
        return super().denoise_keeping(x_t, rows)

    def denoise_finely(self, x_t: Tensor, features: Tensor, rows: Rows) -> Tensor:
        self.ways.append("fine")
        return super().denoise_finely(x_t, features, rows)


def prompt(seed: int, is_xl: bool = False) -> Conditioning:
    generator = torch.Generator().manual_seed(seed)
    embeds = torch.randn(1, 5, 32 if is_xl else 16, generator=generator)
    return Conditioning(embeds, torch.randn(1, 16, generator=generator) if is_xl else None)


def ticket(backbone: SDBackbone, steps: int = 1, **traits: object) -> Ticket:
    timesteps = choose_timesteps(backbone.info, Sampler.AUTO, steps, 0.8)
    schedule = make_schedule(backbone.info, Sampler.AUTO, timesteps)
    return Ticket(schedule, prompt(1), make_noise(2, steps, SHAPE), **traits)


def frame(index: int) -> Tensor:
    return torch.randn((1, *SHAPE), generator=torch.Generator().manual_seed(index))


def pictures(
    backbone: SDBackbone, frames: Sequence[int], tickets: Sequence[Ticket]
) -> list[Tensor]:
    admissions = [(frame(k), each) for k, each in zip(frames, tickets, strict=True)]
    ticks = run(StreamBatch(backbone), admissions)
    return [finished.latent for tick in ticks for finished in tick]


@pytest.mark.parametrize("is_xl", [False, True], ids=["sd", "sdxl"])
@pytest.mark.parametrize("share", [0.0, 0.5], ids=["", "merging tokens too"])
@torch.inference_mode()
def test_the_finest_layers_with_their_own_deep_features_are_the_whole_model(
    is_xl: bool, share: float
) -> None:
    backbone = CountingBackbone(is_xl)
    backbone.merge_tokens(share)
    conditioning = Conditioning.cat([prompt(1, is_xl), prompt(2, is_xl)])
    rows = backbone.condition(torch.tensor([900.0, 20.0]), conditioning)
    x_t = torch.cat([frame(1), frame(2)])
    whole = backbone.denoise(x_t, rows)
    kept, features = backbone.denoise_keeping(x_t, rows)
    assert torch.equal(kept, whole)
    assert torch.equal(backbone.denoise_finely(x_t, features, rows), whole)
    assert not torch.equal(backbone.denoise_finely(x_t, features.flip(0), rows), whole)


@torch.inference_mode()
def test_a_model_without_a_middle_block_keeps_features_too() -> None:
    backbone = CountingBackbone(make=tiny_models.sdxs_unet)
    rows = backbone.condition(torch.tensor([900.0]), prompt(1))
    whole, features = backbone.denoise_keeping(frame(1), rows)
    assert torch.equal(whole, backbone.denoise(frame(1), rows))
    assert torch.equal(backbone.denoise_finely(frame(1), features, rows), whole)


@torch.inference_mode()
def test_off_is_the_plain_call_and_leaves_nothing_behind() -> None:
    backbone = CountingBackbone()
    plain, reusing = ticket(backbone), ticket(backbone, feature_reuse=3)
    pictures(backbone, [1, 2, 3], [plain, reusing, plain])
    assert backbone.ways == ["whole", "kept", "whole"]


@pytest.mark.parametrize("steps", [1, 2])
@torch.inference_mode()
def test_so_many_ticks_reuse_and_every_whole_one_is_exact(steps: int) -> None:
    backbone, frames = CountingBackbone(), range(8)
    plain = pictures(backbone, frames, [ticket(backbone, steps)] * 8)
    backbone.ways.clear()
    reusing = pictures(backbone, frames, [ticket(backbone, steps, feature_reuse=2)] * 8)
    filling = ["kept"] * (steps - 1)  # every tick has other slots than the one before
    assert backbone.ways == [*filling, *["kept", "fine", "fine"] * 3][:8]
    if steps == 1:
        same = [torch.equal(ours, theirs) for ours, theirs in zip(reusing, plain, strict=True)]
        assert same == [True, False, False] * 2 + [True, False]


@torch.inference_mode()
def test_a_still_picture_loses_nothing() -> None:
    backbone = CountingBackbone()
    plain, *_ = pictures(backbone, [5], [ticket(backbone)])
    for reusing in pictures(backbone, [5] * 4, [ticket(backbone, feature_reuse=4)] * 4):
        assert torch.equal(reusing, plain)


@torch.inference_mode()
def test_another_prompt_is_seen_whole_at_once_and_guidance_may_move() -> None:
    backbone = CountingBackbone()
    first = ticket(backbone, feature_reuse=4)
    moved = replace(first, token_merging=0.25)  # a new ticket of the same slot and prompt
    other = replace(first, conditioning=prompt(9))
    painted = pictures(backbone, [1, 2, 3, 4], [first, moved, other, other])
    assert backbone.ways == ["kept", "fine", "kept", "fine"]
    plain, *_ = pictures(backbone, [3], [replace(other, feature_reuse=0)])
    assert torch.equal(painted[2], plain)


@torch.inference_mode()
def test_another_backbone_starts_whole() -> None:
    backbone, better = CountingBackbone(), CountingBackbone()
    its_ticket = ticket(backbone, feature_reuse=4)
    batch = StreamBatch(backbone)
    run(batch, [(frame(1), its_ticket), (frame(2), its_ticket)])
    batch.go_over_to(better)
    run(batch, [(frame(3), its_ticket)])
    assert (backbone.ways, better.ways) == (["kept", "fine"], ["kept"])


def test_features_of_other_rows_never_serve() -> None:
    clock, rows, equal_rows = ReuseClock(), [1], [1]
    ways = [clock.next(each, most=4) for each in (rows, rows, equal_rows, equal_rows)]
    assert ways == [Reuse.KEEP, Reuse.FINE, Reuse.KEEP, Reuse.FINE]
