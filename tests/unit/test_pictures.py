"""Frames to tensors and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch import Tensor

from engine.diffusion.pictures import PictureInput, PictureOutput
from engine.errors import InvalidFrame

CPU = torch.device("cpu")
SOUND = torch.zeros(1, 4, 2, 3)  # a latent with nothing wrong


def to_tensor(image: np.ndarray) -> Tensor:
    pictures = PictureInput(6, 4, CPU)
    pictures.put(image)
    return pictures.tensor()


def to_image(tensor: Tensor, latent: Tensor) -> np.ndarray:
    pictures = PictureOutput(tensor.shape[3], tensor.shape[2], CPU)
    pictures.write(tensor, latent)
    return pictures.fetch()()


@given(arrays.arrays(np.uint8, (4, 6, 3)))
def test_every_picture_comes_back_exactly(image: np.ndarray) -> None:
    assert np.array_equal(to_image(to_tensor(image), SOUND), image)


@given(st.integers(128, 255))
def test_a_bright_picture_is_scaled_like_any_other(level: int) -> None:
    bright = np.full((4, 6, 3), level, dtype=np.uint8)
    tensor = to_tensor(bright)
    assert tensor.shape == (1, 3, 4, 6)
    assert torch.allclose(tensor, torch.full_like(tensor, level / 127.5 - 1.0), atol=1e-6)


def test_a_read_only_picture_is_taken_without_a_warning() -> None:
    image = np.zeros((4, 6, 3), dtype=np.uint8)
    image.flags.writeable = False
    assert to_tensor(image).min() == -1.0


def test_values_beyond_the_range_are_clipped() -> None:
    tensor = torch.tensor([-3.0, 0.0, 3.0]).view(1, 3, 1, 1)
    assert to_image(tensor, SOUND).tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_a_picture_with_nan_or_inf_is_refused(value: float) -> None:
    tensor = torch.zeros(1, 3, 4, 6)
    tensor[0, 1, 2, 3] = value
    with pytest.raises(InvalidFrame, match="NaN or Inf"):
        to_image(tensor, SOUND)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_a_latent_with_nan_or_inf_is_refused_though_its_picture_looks_sound(value: float) -> None:
    latent = SOUND.clone()
    latent[0, 3, 1, 2] = value
    with pytest.raises(InvalidFrame, match="NaN or Inf"):
        to_image(torch.zeros(1, 3, 4, 6), latent)


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 6, 3\), not \(6, 4, 3\)"):
        to_tensor(np.zeros((6, 4, 3), dtype=np.uint8))


def test_a_picture_is_the_callers_own() -> None:
    pictures = PictureOutput(6, 4, CPU)
    pictures.write(torch.zeros(1, 3, 4, 6), SOUND)
    first = pictures.fetch()
    pictures.write(torch.ones(1, 3, 4, 6), SOUND)
    assert (first().max(), pictures.fetch()().min()) == (128, 255)
