"""Leaving out a tiny autoencoder's silent channels changes its pictures by nothing."""

from __future__ import annotations

import copy

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.diffusion.catalogue import house_folder
from engine.diffusion.silent_channels import without_silent_channels

WIDTH = 8
HIDDEN = [f"{part}.layers.{number}.conv" for part, number in [("encoder", 1), ("decoder", 2)]]


def small_codec(act_fn: str = "relu") -> AutoencoderTiny:
    torch.manual_seed(1)
    codec = AutoencoderTiny(
        encoder_block_out_channels=(WIDTH, WIDTH),
        decoder_block_out_channels=(WIDTH, WIDTH),
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
        act_fn=act_fn,
    )
    return codec.eval().requires_grad_(False)


def through(codec: AutoencoderTiny) -> Tensor:
    picture = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with torch.no_grad():
        return codec.decode(codec.encode(picture).latents).sample


def num_weights(codec: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in codec.parameters())


def silenced(codec: AutoencoderTiny, index: int, channels: list[int]) -> AutoencoderTiny:
    for name in HIDDEN:
        layer = codec.get_submodule(f"{name}.{index}")
        layer.weight[channels] = 0
        layer.bias[channels] = -0.5
    return codec


@given(
    first=st.lists(st.integers(0, WIDTH - 1), max_size=WIDTH, unique=True),
    second=st.lists(st.integers(0, WIDTH - 1), max_size=WIDTH, unique=True),
)
@settings(max_examples=25, deadline=None)
def test_the_pictures_stay_whichever_channels_are_silent(
    first: list[int], second: list[int]
) -> None:
    codec = silenced(silenced(small_codec(), 0, first), 2, second)
    leaner = without_silent_channels(copy.deepcopy(codec))
    torch.testing.assert_close(through(leaner), through(codec), rtol=0.0, atol=1e-6)
    is_any_silent = bool(first or second)
    assert (num_weights(leaner) < num_weights(codec)) is is_any_silent


def test_convolutions_that_see_nothing_are_left_out_whole() -> None:
    codec = silenced(small_codec(), 2, list(range(WIDTH)))
    leaner = without_silent_channels(copy.deepcopy(codec))
    assert not list(leaner.get_submodule(HIDDEN[0]).parameters())
    assert torch.equal(through(leaner), through(codec))


def test_a_channel_of_zeros_that_its_bias_lifts_is_kept() -> None:
    codec = silenced(small_codec(), 0, [3])
    for name in HIDDEN:
        codec.get_submodule(f"{name}.0").bias[3] = 0.5
    weights = num_weights(codec)
    assert num_weights(without_silent_channels(codec)) == weights


def test_another_activation_hears_zeros_and_nothing_is_left_out() -> None:
    codec = silenced(small_codec("gelu"), 0, [3])
    weights = num_weights(codec)
    assert num_weights(without_silent_channels(codec)) == weights


def test_another_autoencoder_stays_as_it_is() -> None:
    other = AutoencoderKL(norm_num_groups=1, block_out_channels=(8,), layers_per_block=1)
    assert without_silent_channels(other) is other


@pytest.mark.parametrize(("part", "share"), [("encoder", 0.5), ("decoder", 0.95)])
def test_the_shipped_codec_is_leaner_and_the_same(part: str, share: float) -> None:
    codec = AutoencoderTiny.from_pretrained(house_folder() / "vae").float().eval()
    leaner = without_silent_channels(copy.deepcopy(codec))
    torch.testing.assert_close(through(leaner), through(codec), rtol=0.0, atol=1e-5)
    before, after = codec.get_submodule(part), leaner.get_submodule(part)
    assert num_weights(after) < share * num_weights(before)
