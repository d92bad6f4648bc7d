"""Merging tokens before attention: who goes where, what is computed, and that 0 is nothing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.diffusion.sd_backbone import Denoiser
from engine.diffusion.tables import Conditioner, read_tables, reading_copy
from engine.diffusion.token_merging import match
from tests import tiny_models

SIDES = st.tuples(st.integers(2, 9), st.integers(2, 9))
SHARES = st.floats(0.0, 0.75)
WIDTH = 6


def tokens_of(sides: tuple[int, int], seed: int, rows: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, sides[0] * sides[1], WIDTH, generator=generator)


@given(sides=SIDES, share=SHARES, seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_every_token_stays_or_goes_to_one_of_its_row_that_stays(
    sides: tuple[int, int], share: float, seed: int
) -> None:
    tokens = tokens_of(sides, seed)
    matching = match(tokens, sides, share)
    every = torch.cat([matching.kept, matching.merged], dim=1).sort(dim=1).values
    assert torch.equal(every, torch.arange(tokens.shape[1]).expand_as(every))
    num_targets = -(-sides[0] // 2) * -(-sides[1] // 2)
    most = tokens.shape[1] - num_targets
    assert matching.merged.shape[1] == min(int(share * tokens.shape[1]), most)
    assert bool(((matching.target >= 0) & (matching.target < num_targets)).all())


@given(sides=SIDES, share=SHARES, seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_merging_is_the_plain_loop_over_the_most_alike_pairs(
    sides: tuple[int, int], share: float, seed: int
) -> None:
    tokens = tokens_of(sides, seed, rows=1).double()
    answers = _plain_loop(tokens[0], sides, share)
    matching = match(tokens, sides, share)
    merged = matching.merge(tokens)
    torch.testing.assert_close(matching.unmerge(merged, tokens)[0], answers)


def _plain_loop(tokens: Tensor, sides: tuple[int, int], share: float) -> Tensor:
    """What every token is told when attention hands back what it gets."""
    height, width = sides
    stay = [y * width + x for y in range(0, height, 2) for x in range(0, width, 2)]
    go = [place for place in range(height * width) if place not in stay]
    unit = tokens / tokens.norm(dim=1, keepdim=True)
    best = {place: max(stay, key=lambda other: float(unit[place] @ unit[other])) for place in go}
    alike = sorted(go, key=lambda place: -float(unit[place] @ unit[best[place]]))
    merged = alike[: int(share * len(tokens))]
    told = tokens.clone()
    for target in stay:
        group = [target, *(place for place in merged if best[place] == target)]
        told[group] = tokens[group].mean(dim=0)
    return told


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_tokens_that_are_the_same_lose_nothing(share: float) -> None:
    """A picture of even 2×2 squares has one quarter of its tokens to tell."""
    quarters = torch.randn(1, 4, 5, WIDTH)
    tokens = quarters.repeat_interleave(2, 1).repeat_interleave(2, 2).flatten(1, 2)
    matching = match(tokens, (8, 10), share)
    torch.testing.assert_close(matching.unmerge(matching.merge(tokens), tokens), tokens)


class Case:
    """One denoiser with its rows for a latent of unequal sides."""

    def __init__(self) -> None:
        self.unet = tiny_models.seeded(tiny_models.sd_unet).eval()
        generator = torch.Generator().manual_seed(1)
        self.x_t = torch.randn(2, 4, 8, 12, generator=generator)
        embeds = torch.randn(2, 5, 16, generator=generator)
        conditioner = Conditioner(self.unet, torch.float32, (24, 16))
        self.rows = conditioner(torch.tensor([900.0, 20.0]), embeds)
        self.denoiser = Denoiser(self.unet, torch.float32)

    def output(self, share: float) -> Tensor:
        self.denoiser.merging.share = share
        return self.denoiser(self.x_t, *self.rows)


@torch.inference_mode()
def test_nothing_merged_is_bit_for_bit_the_same_as_without() -> None:
    case = Case()
    time, text = case.rows
    without = read_tables(reading_copy(case.unet), case.x_t, time, text)
    assert torch.equal(case.output(0.0), without)
    merged = case.output(0.5)
    assert not torch.equal(merged, without)
    assert torch.equal(case.output(0.0), without)


@torch.inference_mode()
def test_the_same_share_paints_the_same_picture_every_time() -> None:
    first, again = Case(), Case()
    assert torch.equal(first.output(0.5), first.output(0.5))
    assert torch.equal(first.output(0.5), again.output(0.5))


@torch.inference_mode()
def test_every_row_is_merged_for_itself() -> None:
    case = Case()
    both = case.output(0.5)
    case.x_t, case.rows = case.x_t[1:], tuple(table[1:] for table in case.rows)
    torch.testing.assert_close(case.output(0.5), both[1:])


def test_only_what_attends_at_its_highest_resolution_merges() -> None:
    of = {
        "sd": tiny_models.sd_unet(),  # one layer down, two up
        "sdxl": tiny_models.sdxl_unet(),  # two in each of three
        "house": tiny_models.house_unet(),  # attends in the middle only
    }
    layers = {kind: Denoiser(unet, torch.float32).num_merging_layers for kind, unet in of.items()}
    assert layers == {"sd": 3, "sdxl": 6, "house": 0}
